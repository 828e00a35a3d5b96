# SPDX-License-Identifier: MIT OR Apache-2.0
"""One connection: streams, frames, requests, timers. Sections 2, 5 and 6 of PROTOCOL.md."""
from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events as quic_events
from aioquic.quic.connection import QuicConnection
from cryptography.hazmat.primitives import serialization

from .wire import (BEFORE_WELCOME, CONTROL, FINAL_CODES, FRAME_BYTES, FRAME_TOO_LARGE, LANE, OK, PAGE, PAGE_BYTES, PROTOCOL,
                   REPLY_BYTES, TIMEOUT, TYPES, Closed, Frame, Malformed, Reader, Refused, frame, number, take_frame)


class Stream:
    """A stream from the server: its bytes, its kind as soon as it is known, and what a page gathers."""
    def __init__(self, kind: int | None = None) -> None:
        self.buffer, self.kind, self.ident = bytearray(), kind, 0
        self.head: Frame | None = None
        self.events: list[Frame] = []
        self.size = 0


class Session(QuicConnectionProtocol):
    """One connection. `ready` is done when the server has shown the right key, `closed` when all is over."""
    def __init__(self, quic: QuicConnection, key: bytes | None) -> None:
        super().__init__(quic)
        self.key = key
        self.welcome: Frame | None = None
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[Closed] = self._loop.create_future()
        self.first: asyncio.Queue[Frame] = asyncio.Queue()          # what comes before Welcome, and Welcome
        self.on_frame: Callable[[Frame], None] | None = None
        self.early: list[Frame] = []                                # what comes before anybody listens
        self.pending: dict[int, asyncio.Future[Frame]] = {}
        self.streams: dict[int, Stream] = {}
        self.next_req, self.leaving, self.retry_after = 1, False, 0.0
        self.heard = self.spoke = self._loop.time()
        self.keeper: asyncio.Task[None] | None = None

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        if data[-16:] == self._quic._peer_cid.stateless_reset_token:            # aioquic does not look
            self.end(Closed("the server has forgotten this connection"))
            return
        idle_at = self._quic._close_at
        super().datagram_received(data, addr)
        if self._quic._close_at != idle_at:                                     # a packet that could be read
            self.heard = self._loop.time()

    def transmit(self) -> None:
        if not self._transport.is_closing():
            super().transmit()

    def write(self, data: bytes, end: bool = False) -> None:
        """Write to the control stream."""
        if not self.closed.done():
            self.spoke = self._loop.time()
            self._quic.send_stream_data(0, data, end)
            self._transmit_soon()

    def request(self, name: str, /, **fields: Any) -> asyncio.Future[Frame]:
        """Send a request; its answer comes as the future's result, a `Rejected` as `Refused`."""
        answer: asyncio.Future[Frame] = self._loop.create_future()
        if self.closed.done() or self.leaving:
            answer.set_exception(Closed("not connected"))
            answer.exception()
            return answer
        self.pending[self.next_req] = answer
        self.write(frame(name, req_id=self.next_req, **fields))
        self.next_req += 1
        return answer

    def typing(self, room: int) -> None:
        """Say that somebody types."""
        if self.welcome["features"] & 1:
            self._quic.send_datagram_frame(number(3) + number(room))
            self._transmit_soon()
        else:
            self.write(frame("SayTyping", room=room))

    def leave(self) -> None:
        """End politely: the server answers what is due, ends its side, then we close."""
        if not self.leaving:
            self.leaving = True
            self.write(b"", end=True)

    def end(self, why: Closed) -> None:
        """Close at once."""
        if not self.closed.done():
            self.closed.set_result(why)
            self.close(why.code or OK, str(why))
            self._tidy(why)

    def _tidy(self, why: Closed) -> None:
        self._transport.close()
        for timer in filter(None, (self.keeper, self._timer, self._transmit_task)):
            timer.cancel()
        for answer in [*self.pending.values(), self.ready]:
            if not answer.done():
                answer.set_exception(why)
                answer.exception()                                  # it is no news that nobody waits
        self.pending.clear()
        self.first.put_nowait({"type": "Closed"})

    async def _keep(self) -> None:
        """PING after 4 s of silence of ours; give up after 15 s (10 s with an answer due) of the server's."""
        while True:
            await asyncio.sleep(1)
            now = self._loop.time()
            if now - self.heard > (10 if self.pending else 15):
                self.end(Closed("the server is silent", TIMEOUT))
            elif now - self.spoke >= 4:
                self.spoke = now
                self._quic.send_ping(0)
                self.transmit()

    def quic_event_received(self, event: quic_events.QuicEvent) -> None:
        try:
            if isinstance(event, quic_events.HandshakeCompleted):
                self._check_key()
            elif isinstance(event, quic_events.ConnectionTerminated):
                self._terminated(event)
            elif self.closed.done() or not self.ready.done():
                return
            elif isinstance(event, quic_events.StreamDataReceived):
                self._stream_data(event.stream_id, event.data, event.end_stream)
            elif isinstance(event, quic_events.StreamReset):
                self._stream_reset(event.stream_id)
            elif isinstance(event, quic_events.DatagramFrameReceived):
                self._datagram(event.data)
        except Closed as error:
            self.end(error)
        except ValueError as error:
            self.end(Closed(f"malformed: {error}", PROTOCOL))

    def _check_key(self) -> None:
        spki = self._quic.tls._peer_certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if self.key is not None and hashlib.sha256(spki).digest() != self.key:
            raise Closed("the server's key is not the link's", OK, final=True)
        self.keeper = self._loop.create_task(self._keep())
        self.ready.set_result(None)

    def _terminated(self, event: quic_events.ConnectionTerminated) -> None:
        if not self.closed.done():
            alert = event.frame_type is not None and 0x100 <= event.error_code < 0x200
            final = alert or event.frame_type is None and event.error_code in FINAL_CODES
            why = Closed(f"closed with {event.error_code:#x} {event.reason_phrase}", event.error_code, final, self.retry_after)
            self.closed.set_result(why)
            self._tidy(why)

    def _stream_reset(self, stream_id: int) -> None:
        stream = self.streams.pop(stream_id, None)
        if stream and stream.kind != PAGE:
            raise Closed("a stream ended", PROTOCOL)
        if stream and (answer := self.pending.pop(stream.ident, None)) and not answer.done():
            answer.set_result({"type": "Lost"})

    def _stream_data(self, stream_id: int, data: bytes, end: bool) -> None:
        stream = self.streams.setdefault(stream_id, Stream(CONTROL if stream_id == 0 else None))
        stream.buffer += data
        if stream.kind is None and not self._stream_kind(stream_id, stream):
            return
        self._frames(stream)
        if end and stream.kind == PAGE:
            self._page_done(self.streams.pop(stream_id))
        elif end and self.leaving and stream_id == 0:
            self.end(Closed("left", OK, retry_after=self.retry_after))
        elif end and not self.leaving:
            raise Closed("a stream ended", PROTOCOL)

    def _stream_kind(self, stream_id: int, stream: Stream) -> bool:
        """Read the kind and the number behind it; False where they are not there yet, or nobody knows them."""
        if stream.ident == -1:
            stream.buffer.clear()
            return False
        reader = Reader(stream.buffer)
        try:
            kind = reader.number()
            if kind not in (LANE, PAGE):
                stream.ident = -1
                self._quic.stop_stream(stream_id, 0x102)
                return False
            ident = reader.number()
        except Malformed:
            if len(stream.buffer) > 20:
                raise
            return False
        stream.kind, stream.ident = kind, ident
        del stream.buffer[:reader.at]
        return True

    def _frames(self, stream: Stream) -> None:
        while True:
            limit = FRAME_BYTES if stream.kind != CONTROL else REPLY_BYTES if self.welcome else BEFORE_WELCOME
            item = take_frame(stream.buffer, limit)
            if item is None:
                return
            self._frame(stream, item)

    def _frame(self, stream: Stream, item: Frame) -> None:
        size = item.pop("size")
        if stream.kind == PAGE:
            stream.size += size
            if stream.size > PAGE_BYTES:
                raise Closed("a page over its limit", FRAME_TOO_LARGE)
            if item["type"] == "PageHead":
                stream.head = item
            elif "seq" in item:
                stream.events.append(item)
        elif stream.kind == CONTROL and not self.welcome:
            self._before_welcome(item)
        elif isinstance(item["type"], str) and 128 <= TYPES[item["type"]] < 256:
            answer = self.pending.pop(item["req_id"], None)
            if answer and not answer.done():
                answer.set_exception(Refused(item)) if item["type"] == "Rejected" else answer.set_result(item)
                answer.exception()
            self._emit(item)
        else:
            if item["type"] == "GoAway":
                self.retry_after = max(0.1, item["retry_after_ms"] / 1000)
                self.leave()
            self._emit(item)

    def _before_welcome(self, item: Frame) -> None:
        if item["type"] == "Welcome":
            self.welcome = item
        self.first.put_nowait(item)

    def _emit(self, item: Frame) -> None:
        self.on_frame(item) if self.on_frame else self.early.append(item)

    def listen(self, on_frame: Callable[[Frame], None]) -> None:
        """Hand over all frames from now on, and those that came already: lanes may speak before Welcome does."""
        self.on_frame = on_frame
        for item in self.early:
            on_frame(item)

    def _page_done(self, stream: Stream) -> None:
        if stream.buffer or not stream.head or len(stream.events) != stream.head["events"]:
            raise Malformed("a page that is not whole")
        answer = self.pending.pop(stream.ident, None)
        if answer and not answer.done():
            answer.set_result({**stream.head, "type": "Page", "events": stream.events})

    def _datagram(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            reader = Reader(data)
            if reader.number() == 3 and self.welcome:
                self._emit({"type": "Typing", **reader.fields("room:number person:author")})
