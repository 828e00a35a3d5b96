# SPDX-License-Identifier: MIT OR Apache-2.0
"""To a link's addresses: the first that shows the right key wins. Sections 2 and 3 of PROTOCOL.md."""
from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection

from .device import Link
from .session import Session
from .wire import Closed


def _configuration(link: Link, host: str, device: tuple[Path, Path]) -> QuicConfiguration:
    config = QuicConfiguration(alpn_protocols=["tertulia/1"], idle_timeout=180, max_datagram_frame_size=1200,
                               server_name=host, verify_mode=ssl.CERT_NONE if link.key else ssl.CERT_REQUIRED)
    config.load_cert_chain(device[1], device[0])
    if not link.key:
        config.load_verify_locations(ssl.get_default_verify_paths().cafile)
    return config


async def _dial_one(link: Link, host: str, family: int, address: Any, device: tuple[Path, Path], wait: float) -> Session:
    await asyncio.sleep(wait)
    quic = QuicConnection(configuration=_configuration(link, host, device))
    here = "::" if family == socket.AF_INET6 else "0.0.0.0"
    _, session = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Session(quic, link.key), local_addr=(here, 0), family=family)
    try:
        session.connect(address)
        await asyncio.wait_for(asyncio.shield(session.ready), 10)
        return session
    except BaseException:
        session.end(Closed("not connected"))
        raise


async def dial(link: Link, device: tuple[Path, Path]) -> Session:
    """Connect to the link's addresses, each 250 ms after the one before; the first with the right key wins."""
    loop, tasks, wrong = asyncio.get_running_loop(), [], None
    for host, port in link.addresses:
        with contextlib.suppress(OSError):
            for family, _, _, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM):
                tasks.append(asyncio.create_task(_dial_one(link, host, family, address, device, len(tasks) / 4)))
    winner = None
    try:
        for done in asyncio.as_completed(tasks):
            try:
                winner = await done
                return winner
            except (OSError, TimeoutError, Closed) as error:
                wrong = error if isinstance(error, Closed) and error.final else wrong
        raise wrong or Closed("no address answers")
    finally:
        for task in tasks:                                          # a cancelled one closes its session
            if not task.cancel() and not task.cancelled() and not task.exception() and task.result() is not winner:
                task.result().end(Closed("another address was faster"))
