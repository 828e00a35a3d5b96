# SPDX-License-Identifier: MIT OR Apache-2.0
"""What tests of broken rules share."""
from __future__ import annotations

from typing import Any

from tertulia.wire import frame, number

from .case import Case
from .programs import PATIENCE
from .raw import APP, Raw, bare, hello

ALIVE = "alive"                                                     # a question behind it is answered
PROTOCOL, FRAME_TOO_LARGE, TIMEOUT, RATE_CLOSE, SLOW, VERSION, REPLACED = ((APP, code) for code in (2, 3, 4, 8, 9, 10, 12))
OVERLONG = b"\xff" * 10 + b"\x01"                                   # a number of 11 bytes
ID = bytes(16)
HELLO = hello()
KNOWN = b"\1" + HELLO                                               # of a device that the server knows: Welcome follows


def hello_body(epoch: bytes = b"\0", cursors: bytes = b"\0", lanes: int = 1, min_max: bytes = b"\0\0") -> bytes:
    return b"\1" + bare(1, min_max + b"\1" + bytes([lanes]) + epoch + cursors)


def req(kind: int, req_id: int, body: bytes = b"") -> bytes:
    return bare(kind, number(req_id) + body)


class Hostile(Case):
    """Mallory has an account and breaks rules; Cleo's tertulia-cli is served all the same."""

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        (await self.welcomed()).stop()                              # Mallory has an account

    async def outcome(self, it: Raw, req_id: int = 1, patience: float = PATIENCE) -> Any:
        """How the connection ended; ALIVE where a question is answered."""
        it.write(frame("ListRooms", req_id=req_id, after=0))
        await it.until(lambda: req_id in it.answers() or it.end, patience)
        result = it.end or (ALIVE if req_id in it.answers() else "silent")
        it.stop()
        return result

    def check(self, name: str, got: Any, wanted: Any) -> None:
        """What came is what was wanted, or one of a set."""
        self.assertIn(got, wanted if isinstance(wanted, set) else {wanted}, name)
