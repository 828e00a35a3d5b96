# SPDX-License-Identifier: MIT OR Apache-2.0
"""A connection that writes any bytes and keeps all that comes."""
from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events as quic_events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from tertulia import Frame, uuid7
from tertulia.wire import frame, number, take_frame

from .programs import PATIENCE

APP, TRANSPORT = "app", "transport"
RESET = ("stateless reset", 0)
LOBBY = 1


class Raw(QuicConnectionProtocol):
    """Writes any bytes; keeps all that comes."""
    def __init__(self, quic: QuicConnection) -> None:
        super().__init__(quic)
        self.streams: dict[int, bytearray] = {}
        self.ended: set[int] = set()
        self.reset: dict[int, int] = {}
        self.datagrams: list[bytes] = []
        self.frames: list[Frame] = []
        self.shaken = asyncio.Event()
        self.news = asyncio.Event()
        self.end: tuple[str, int] | None = None
        self.reason = ""

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        if data[-16:] == self._quic._peer_cid.stateless_reset_token and not self.end:     # the close itself was lost
            self.end = RESET
            self.news.set()
            self._transport.close()
        elif not self.end:
            super().datagram_received(data, addr)

    def transmit(self) -> None:
        if not self._transport.is_closing():
            super().transmit()

    def quic_event_received(self, event: quic_events.QuicEvent) -> None:
        if isinstance(event, quic_events.HandshakeCompleted):
            self.shaken.set()
        elif isinstance(event, quic_events.StreamDataReceived):
            self.streams.setdefault(event.stream_id, bytearray()).extend(event.data)
            if event.end_stream:
                self.ended.add(event.stream_id)
            while event.stream_id == 0 and (item := take_frame(self.streams[0], 393216)):
                self.frames.append(item)
        elif isinstance(event, quic_events.StreamReset):
            self.reset[event.stream_id] = event.error_code
        elif isinstance(event, quic_events.DatagramFrameReceived):
            self.datagrams.append(event.data)
        elif isinstance(event, quic_events.ConnectionTerminated):
            self.end = (APP if event.frame_type is None else TRANSPORT, event.error_code)
            self.reason = event.reason_phrase
            self.shaken.set()
            self._transport.close()
        self.news.set()

    async def until(self, true: Callable[[], Any], patience: float = PATIENCE) -> bool:
        """Wait for events until something holds; False where it does not in time, or the connection ends first."""
        try:
            async with asyncio.timeout(patience):
                while not true():
                    if self.end:
                        return bool(true())
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    def write(self, data: bytes, end: bool = False, stream: int = 0) -> None:
        if not self.end:
            self._quic.send_stream_data(stream, data, end)
            self.transmit()

    def datagram(self, data: bytes) -> None:
        if not self.end:
            self._quic.send_datagram_frame(data)
            self.transmit()

    def of_type(self, name: Any) -> list[Frame]:
        return [item for item in self.frames if item["type"] == name]

    def answers(self) -> dict[int, Frame]:
        return {item["req_id"]: item for item in self.frames if item.get("req_id")}

    async def ended_with(self, patience: float = PATIENCE) -> tuple[str, int] | None:
        await self.until(lambda: self.end, patience)
        return self.end

    def stop(self) -> None:
        if not self.end:
            self.close(0)
            self._transport.close()
            self.end = (APP, 0)


def configuration(device: tuple[Path, Path] | None, **options: Any) -> QuicConfiguration:
    config = QuicConfiguration(**{"alpn_protocols": ["tertulia/1"], "verify_mode": ssl.CERT_NONE, "idle_timeout": 180,
                                  "max_datagram_frame_size": 65536, **options})
    if device:
        config.load_cert_chain(device[1], device[0])
    return config


async def raw(address: tuple[str, int], device: tuple[Path, Path] | None, tune: Callable[[QuicConnection], Any] | None = None,
              **options: Any) -> Raw:
    """A connection whose handshake is over (on our side)."""
    quic = QuicConnection(configuration=configuration(device, **options))
    if tune:
        tune(quic)
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Raw(quic), local_addr=("127.0.0.1", 0))
    protocol.connect(address)
    await asyncio.wait_for(protocol.shaken.wait(), PATIENCE)
    return protocol


def hello(**other: Any) -> bytes:
    fields = {"min": 0, "max": 0, "features": 1, "lanes": 1, "epoch": None, "cursors": []}
    return frame("Hello", **{**fields, **other})


def bare(kind: int | bytes, body: bytes = b"") -> bytes:
    """A frame of any type and body."""
    inner = (kind if isinstance(kind, bytes) else number(kind)) + body
    return number(len(inner)) + inner


def text_send(req_id: int, text: bytes = b"x", room: int = LOBBY) -> bytes:
    return bare(32, number(req_id) + uuid7() + number(room) + b"\0\0" + number(len(text)) + text)
