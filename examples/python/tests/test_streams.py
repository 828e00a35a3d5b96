# SPDX-License-Identifier: MIT OR Apache-2.0
"""Streams and numbers used as they must not be."""
from __future__ import annotations

import asyncio

from aioquic.quic.connection import QuicConnection

from tertulia import make_device
from tertulia.wire import Reader, frame, number, take_frame

from .hostile import KNOWN, PROTOCOL, REPLACED, Hostile, req
from .raw import APP, RESET, TRANSPORT, Raw, raw, text_send


class Streams(Hostile):
    async def test_numbers_ahead_wait_and_used_ones_are_ignored(self) -> None:
        """Numbers that are ahead wait; used ones are ignored; 64 ahead is fine."""
        it = await self.welcomed("gapper")           # mallory may have used up his questions
        for n in range(65, 1, -1):
            it.write(frame("ListRooms", req_id=n, after=0))
        await asyncio.sleep(1)
        self.check("answers before number 1", len(it.answers()), 0)
        it.write(frame("ListRooms", req_id=1, after=0))
        self.assertTrue(await it.until(lambda: len(it.answers()) == 65))
        self.assertEqual([item["req_id"] for item in it.of_type("Rooms")], list(range(1, 66)))
        it.write(text_send(7) + frame("ListRooms", req_id=66, after=0))
        self.assertTrue(await it.until(lambda: 66 in it.answers()))
        self.assertEqual(it.of_type("Receipt"), [])
        await self.served()

    async def test_pages_of_odd_spans_are_moved_into_range(self) -> None:
        it = await self.welcomed()
        it.write(req(39, 1, b"\1\0\0") + req(39, 2, b"\1\0" + number(65535)) + req(39, 3, b"\1\1\0\x32")
                 + req(39, 4, b"\1\2" + number((1 << 64) - 1) + b"\x32") + req(39, 5, b"\1\1" + number((1 << 64) - 1) + b"\x32"))
        self.assertTrue(await it.until(lambda: len(it.ended) == 5))
        pages = {}
        for stream in it.ended:
            reader = Reader(it.streams[stream])
            self.assertEqual(reader.number(), 0x11)
            ident, rest = reader.number(), bytearray(reader.data[reader.at:])
            pages[ident] = take_frame(rest, 65536)
        self.check("events of limit 0", pages[1]["events"], 1)
        self.check("events before seq 0", pages[3]["events"], 0)
        self.check("events after 2^64-1", pages[4]["events"], 0)
        self.assertEqual(pages[5]["head"], pages[2]["head"])
        await self.served()

    async def test_an_ended_or_stopped_stream_ends_the_connection(self) -> None:
        for name, data, wanted in (("FIN within a frame", number(20) + b"\x24", PROTOCOL), ("FIN between frames", b"", (APP, 0))):
            it = await self.welcomed()
            it.write(data, end=True)
            self.check(name, await it.ended_with(), wanted)
        it = await raw(self.server.address, make_device(self.folder / "mallory"))
        it.write(b"\1", end=True)
        self.check("FIN instead of Hello", await it.ended_with(), (APP, 0))
        it = await self.welcomed()
        it._quic.reset_stream(0, 0x101)
        it.transmit()
        self.check("RESET of control", await it.ended_with(), PROTOCOL)
        it = await self.welcomed()
        it._quic.stop_stream(0, 0x101)
        it.write(frame("ListRooms", req_id=1, after=0))             # the server learns of it when it writes there
        self.check("STOP_SENDING of control", await it.ended_with(), (APP, 0))
        it = await self.welcomed()
        self.assertTrue(await it.until(lambda: 3 in it.streams))
        it._quic.stop_stream(3, 0x101)
        it.write(text_send(1))
        self.check("STOP_SENDING of a lane", await it.ended_with(), (APP, 0))
        await self.served()

    async def test_streams_that_are_not_allowed_are_transport_errors(self) -> None:
        def tune(it: Raw) -> None:
            it._quic._remote_max_streams_bidi = it._quic._remote_max_streams_uni = 100
        for name, stream in (("a third stream for files", 12), ("a one-way stream of the client's", 2)):
            it = await self.welcomed()
            tune(it)
            it.write(KNOWN, stream=stream)
            self.check(name, await it.ended_with(), {(TRANSPORT, 4), RESET})
            await self.served()

    async def test_a_second_control_stream_is_refused_and_harms_nothing(self) -> None:
        it = await self.welcomed()
        it.write(KNOWN, stream=4)
        it.write(text_send(1))
        self.assertTrue(await it.until(lambda: it.of_type("Receipt")))
        await self.served()

    async def test_bytes_beyond_flow_control_are_a_transport_error(self) -> None:
        it = await self.welcomed()
        stream = it._quic._streams[0]
        it._quic._remote_max_data = stream.max_stream_data_remote = 1 << 50
        stream.sender._buffer_start = stream.sender._buffer_stop = 1 << 40
        it.write(b"far beyond")
        self.check("no heed of flow control", await it.ended_with(), (TRANSPORT, 3))
        await self.served()

    async def test_a_ninth_connection_replaces_the_oldest(self) -> None:
        many = [await self.welcomed() for _ in range(9)]
        self.check("a ninth", await many[0].ended_with(), REPLACED)
        self.assertEqual({it.end for it in many[1:]}, {None})
        await self.served()

    async def test_who_allows_no_stream_for_a_lane_is_closed(self) -> None:
        def none(quic: QuicConnection) -> None:
            quic._local_max_streams_uni.value = 0
        it = await raw(self.server.address, make_device(self.folder / "mallory"), none)
        it.write(KNOWN)
        self.check("no stream for a lane", await it.ended_with(), PROTOCOL)
        await self.served()

