# SPDX-License-Identifier: MIT OR Apache-2.0
"""Floods, and those who keep others waiting."""
from __future__ import annotations

import asyncio
import os
import socket
import time

from aioquic.quic.connection import QuicConnection

from tertulia import Refused, make_device
from tertulia.wire import frame

from .case import slow
from .hostile import ALIVE, KNOWN, SLOW, TIMEOUT, Hostile
from .raw import LOBBY, Raw, bare, configuration, raw, text_send


class Patience(Hostile):
    async def test_floods_keep_nobody_from_being_served(self) -> None:
        """10000 of a kind; the connection lives, others are served meanwhile."""
        kinds = {"unknown frames": lambda n: bare(600), "typing": lambda n: frame("SayTyping", room=LOBBY),
                 "used numbers": lambda n: frame("ListRooms", req_id=1, after=0)}
        for name, make in kinds.items():
            it = await self.welcomed()
            it.write(frame("ListRooms", req_id=1, after=0) + b"".join(map(make, range(10000))))
            await self.served()
            self.check(name, await self.outcome(it, 2), ALIVE)
        it = await self.welcomed()
        it.write(b"".join(frame("ListUsers", req_id=n, after=0) for n in range(1, 10001)))
        await self.served()
        self.assertTrue(await it.until(lambda: len(it.answers()) == 10000))
        self.assertEqual({Refused(item).name for item in it.of_type("Rejected")}, {"RATE"})
        self.assertEqual([item["req_id"] for item in it.frames if item.get("req_id")], list(range(1, 10001)))
        it.stop()
        it = await self.welcomed()
        for n in range(10000):
            it._quic.send_datagram_frame(b"\3\1")
            if n % 100 == 0:
                it.transmit()
                await asyncio.sleep(0)
        self.check("datagrams", await self.outcome(it), ALIVE)
        await self.served()

    @slow
    async def test_a_frame_that_stands_still_is_too_late(self) -> None:
        """Byte by byte is fine; a frame that is not ended in 30 s is not."""
        it = await self.welcomed()
        for byte in frame("ListRooms", req_id=1, after=0):
            it.write(bytes([byte]))
            await asyncio.sleep(0.3)
        self.assertTrue(await it.until(lambda: 1 in it.answers()))
        await self.never_ended(it, drip=False)

    @slow
    async def test_a_frame_that_drips_is_too_late(self) -> None:
        """A byte a second does not make the 30 s begin anew."""
        await self.never_ended(await self.welcomed(), drip=True)

    async def never_ended(self, it: Raw, drip: bool) -> None:
        """Begin a frame; then a byte a second, or PINGs only, for 60 s."""
        data = text_send(1, b"x" * 16000)
        it.write(data[:5])
        for n in range(5, 65):
            if drip:
                it.write(data[n:n + 1])
            else:
                it._quic.send_ping(n)
                it.transmit()
            if await it.ended_with(1):
                break
        await self.served()
        self.check("a frame that never ends", it.end, TIMEOUT)

    async def test_half_open_connections_end_in_time(self) -> None:
        """Nothing, half of it, and no registration, all within 10 s; and garbage before any handshake."""
        device, stranger = make_device(self.folder / "mallory"), make_device(self.folder / "nobody")
        many = [await raw(self.server.address, who) for who in (device, device, device, stranger)]
        for it, data in zip(many, (b"", b"\1", KNOWN[:4], KNOWN)):
            it.write(data) if data else None
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(2000):
            udp.sendto(os.urandom(1200), self.server.address)
            udp.sendto(b"\xc0\0\0\0\1\x08" + os.urandom(1194), self.server.address)
        udp.close()
        vanished = [QuicConnection(configuration=configuration(device)) for _ in range(100)]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for quic in vanished:                                       # a first packet, and never again
            quic.connect(self.server.address, now=time.time())
            for data, _ in quic.datagrams_to_send(now=time.time()):
                udp.sendto(data, self.server.address)
        udp.close()
        await self.served()
        for name, it in zip(("no stream", "no Hello", "half a Hello", "no Register"), many):
            self.check(name, await it.ended_with(), TIMEOUT)
        await self.served()
    @slow
    async def test_who_takes_nothing_is_closed(self) -> None:
        """Asks for much and takes nothing, while its packets arrive."""
        def small(quic: QuicConnection) -> None:
            quic._write_connection_limits = lambda *_, **__: None
            quic._write_stream_limits = lambda *_, **__: None
        it = await raw(self.server.address, make_device(self.folder / "mallory"), small, max_data=65536, max_stream_data=65536)
        it.write(KNOWN + b"".join(frame("ListRooms", req_id=n, after=0) for n in range(1, 256)))
        big = await self.welcomed("filler")
        for n in range(1, 40):
            big.write(text_send(n, b"x" * 16000))
        self.assertTrue(await big.until(lambda: 39 in big.answers()))
        for n in range(120):
            it._quic.send_ping(n)
            it.transmit()
            if await it.ended_with(1):
                break
        self.check("a reader that takes nothing", it.end, SLOW)
        await self.served()
