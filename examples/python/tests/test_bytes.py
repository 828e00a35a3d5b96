# SPDX-License-Identifier: MIT OR Apache-2.0
"""Bytes that break rules: first ones, ones behind Welcome, requests."""
from __future__ import annotations

import os

from tertulia import Refused, make_device
from tertulia.wire import frame, number

from .hostile import (ALIVE, FRAME_TOO_LARGE, HELLO, ID, KNOWN, OVERLONG, PROTOCOL, VERSION, Hostile, hello_body, req)
from .raw import bare, hello, raw, text_send

FIRST = {                                                           # the first bytes of a connection, and its end
    "another kind of stream": (b"\2" + HELLO, PROTOCOL),
    "a lane": (b"\x10\0" + HELLO, PROTOCOL),
    "an overlong kind": (OVERLONG, PROTOCOL),
    "kind 1 in two bytes": (b"\x81\0" + HELLO, ALIVE),
    "an overlong length": (b"\1" + OVERLONG, PROTOCOL),
    "length 0": (b"\1\0", PROTOCOL),
    "length 12289": (b"\1" + number(12289), FRAME_TOO_LARGE),
    "length 2^63": (b"\1" + number(1 << 63), FRAME_TOO_LARGE),
    "length 2^64-1": (b"\1" + number((1 << 64) - 1), FRAME_TOO_LARGE),
    "an unknown type, then Hello": (b"\1" + bare(600) + HELLO, ALIVE),
    "an overlong type": (b"\1" + bare(OVERLONG), PROTOCOL),
    "Register first": (b"\1" + frame("Register", name="x", invite=None), PROTOCOL),
    "Send first": (b"\1" + text_send(1), PROTOCOL),
    "ListRooms first": (b"\1" + frame("ListRooms", req_id=1, after=0), PROTOCOL),
    "a Welcome": (b"\1" + bare(8), PROTOCOL),
    "an empty Hello": (b"\1" + bare(1), PROTOCOL),
    "a Hello without cursors": (b"\1" + bare(1, b"\0\0\1\1\0"), PROTOCOL),
    "501 cursors": (hello_body(cursors=number(501) + b"\1\1" * 501), PROTOCOL),
    "a list of 2^40": (hello_body(cursors=number(1 << 40)), PROTOCOL),
    "a list of 2^64-1": (hello_body(cursors=number((1 << 64) - 1)), PROTOCOL),
    "an optional of 2": (hello_body(epoch=b"\2" + ID), PROTOCOL),
    "a short epoch": (hello_body(epoch=b"\1" + ID[:9], cursors=b""), PROTOCOL),
    "min of 17 bits": (hello_body(min_max=number(1 << 16) + b"\0"), PROTOCOL),
    "minor versions 1 to 5": (hello_body(min_max=b"\1\5"), VERSION),
    "minor versions 1 to 0": (hello_body(min_max=b"\1\0"), VERSION),
    "minor versions 0 to 9": (hello_body(min_max=b"\0\x09"), ALIVE),
    "lanes 5": (hello_body(lanes=5), ALIVE),
    "lanes 255": (hello_body(lanes=255), ALIVE),
    "all features": (b"\1" + hello(features=(1 << 64) - 1), ALIVE),
    "cursors of rooms that are not": (b"\1" + hello(cursors=[{"room": n, "seq": 1 << 60} for n in range(500)]), ALIVE),
    "the same cursor 500 times": (b"\1" + hello(cursors=[{"room": 1, "seq": 0}] * 500), ALIVE),
    "a longer Hello": (b"\1" + bare(1, b"\0\0\1\1\0\0" + b"new fields"), ALIVE),
    "numbers in long form": (hello_body(cursors=b"\x80\x80\0", min_max=b"\x80\0\x80\0"), ALIVE),
    "Hello twice": (KNOWN + HELLO, ALIVE),
    "Register behind Hello": (KNOWN + frame("Register", name="mallory", invite=None), ALIVE),
    "a malformed Register behind Hello": (KNOWN + bare(2, b"\xff"), ALIVE),
}

BEHIND = {                                                          # behind Welcome; requests begin at 1
    "length 0": (b"\0", PROTOCOL),
    "length 65537": (number(65537), FRAME_TOO_LARGE),
    "length 2^64-1": (number((1 << 64) - 1), FRAME_TOO_LARGE),
    "an overlong length": (OVERLONG, PROTOCOL),
    "an overlong type": (bare(OVERLONG), PROTOCOL),
    "a type that ends early": (bare(b"\xff"), PROTOCOL),
    "a request with no body": (bare(32), PROTOCOL),
    "an unknown request with no body": (bare(100), PROTOCOL),
    "a request with an overlong number": (bare(36, OVERLONG), PROTOCOL),
    "66 at once": (req(36, 66, b"\0"), PROTOCOL),
    "2^64-1 at once": (req(36, (1 << 64) - 1, b"\0"), PROTOCOL),
    "Hello again": (HELLO, ALIVE),
    "Register again": (frame("Register", name="x", invite=None), ALIVE),
    "types 0, 4, 31, 128, 256, 460, 600, 2^32": (b"".join(bare(kind, b"?") for kind in (0, 4, 31, 128, 256, 460, 600, 1 << 32)),
                                                 ALIVE),
    "type 2^64-1": (bare((1 << 64) - 1), ALIVE),
    "a Welcome from the client": (bare(8, b"?"), ALIVE),
    "Typing with no room": (bare(3), PROTOCOL),
    "Typing in a room that is not": (frame("SayTyping", room=1 << 50), ALIVE),
    "number 0": (req(36, 0, b"\0"), ALIVE),
    "65536 bytes of an unknown type": (bare(600, bytes(65534)), ALIVE),
}

REFUSED = {                                                         # request 1, and its refusal; the connection lives
    "type 126": (126, b"", "UNSUPPORTED"), "type 127": (127, b"junk", "UNSUPPORTED"), "type 49": (49, b"", "UNSUPPORTED"),
    "a Send with nothing": (32, b"", "INVALID"),
    "a Send that ends in the text": (32, ID + b"\1\0\0\x7fabc", "INVALID"),
    "a Send of a giant text": (32, ID + b"\1\0\0" + number(1 << 62), "INVALID"),
    "no text": (32, ID + b"\1\0\0\0", "INVALID"),
    "16385 bytes": (32, ID + b"\1\0\0" + number(16385) + b"x" * 16385, "INVALID"),
    "a NUL": (32, ID + b"\1\0\0\1\0", "INVALID"),
    "no UTF-8": (32, ID + b"\1\0\0\2\xff\xfe", "INVALID"),
    "a surrogate": (32, ID + b"\1\0\0\3\xed\xa0\x80", "INVALID"),
    "an opaque body": (32, ID + b"\1\0\1\1\1x", "UNSUPPORTED"),
    "an unknown body": (32, ID + b"\1\0\7\1x", "INVALID"),
    "room 0": (32, ID + b"\0\0\0\1x", "NO_SUCH_ROOM"),
    "room 2^64-1": (32, ID + number((1 << 64) - 1) + b"\0\0\1x", "NO_SUCH_ROOM"),
    "a reply to nothing": (32, ID + b"\1\1\xff\xff\x7f\0\1x", "INVALID"),
    "a reply to 0": (32, ID + b"\1\1\0\0\1x", "INVALID"),
    "a reply to 2^64-1": (32, ID + b"\1\1" + number((1 << 64) - 1) + b"\0\1x", "INVALID"),
    "an optional of 2": (32, ID + b"\1\2\1\0\1x", "INVALID"),
    "a direct CreateRoom": (33, b"\3abc\2\0\0", "INVALID"), "room kind 3": (33, b"\3abc\3\0\0", "INVALID"),
    "history policy 2": (33, b"\3abc\0\0\2", "INVALID"), "a room without a name": (33, b"\0\0\0\0", "INVALID"),
    "a room of blanks": (33, b"\3   \0\0\0", "NAME_UNUSABLE"), "a room that is there": (33, b"\5lobby\0\0\0", "NAME_TAKEN"),
    "a room of control characters": (33, b"\2\1\2\0\0\0", "INVALID"),
    "a long room name": (33, number(5000) + b"a" * 5000 + b"\0\0\0", "INVALID"),
    "a long topic": (33, b"\3abc\0" + number(1025) + b"a" * 1025 + b"\0", "INVALID"),
    "EnterRoom nowhere": (34, b"\3xyz", "NO_SUCH_ROOM"), "LeaveRoom nowhere": (35, b"\x63", "NO_SUCH_ROOM"),
    "ListMembers nowhere": (38, b"\x63\0", "NO_SUCH_ROOM"),
    "History of nowhere": (39, b"\x63\0\x32", "NO_SUCH_ROOM"), "span 3": (39, b"\1\3\1\x32", "INVALID"),
    "limit of 17 bits": (39, b"\1\0" + number(65536), "INVALID"), "History without a limit": (39, b"\1\0", "INVALID"),
    "CreateInvite by a member": (41, b"\1\1\x3c", "FORBIDDEN"), "an invite of role 4": (41, b"\4\1\x3c", "INVALID"),
    "no uses": (41, b"\1\0\x3c", "INVALID"),
    "uses of 33 bits": (41, b"\1" + number(1 << 32) + b"\x3c", "INVALID"),
    "Rename to nothing": (42, b"\0", "INVALID"),
    "Rename to a direction": (42, b"\6" + "\u202eabc".encode(), "NAME_UNUSABLE"),
    "OpenDirect with nobody": (43, b"\6nobody", "NO_SUCH_ACCOUNT"), "OpenDirect with oneself": (43, b"\7mallory", "INVALID"),
    "SetMember as a member": (44, b"\1\4cleo\1\1", "FORBIDDEN"), "with no role": (44, b"\1\4cleo\0", "FORBIDDEN"),
    "role 4": (44, b"\1\4cleo\1\4", "INVALID"), "a role of nothing": (44, b"\1\4cleo\1", "INVALID"),
    "RemoveMember as a member": (45, b"\1\4cleo", "FORBIDDEN"), "SetTopic as a member": (46, b"\1\1x", "FORBIDDEN"),
    "RenameRoom as a member": (47, b"\1\1x", "FORBIDDEN"), "ArchiveRoom as a member": (48, b"\1\1", "FORBIDDEN"),
    "a bool of 2": (48, b"\1\2", "INVALID"), "a bool of nothing": (48, b"\1", "INVALID"),
}

DATAGRAMS = [b"", b"\0", b"\1abc", b"\2abc", b"\3", b"\3\xff", b"\3" + OVERLONG, b"\3\1trailing", b"\x63xyz", OVERLONG,
             b"\3" + number(1 << 60), os.urandom(1100), os.urandom(1150), b"\3\1" * 500]


class Bytes(Hostile):
    async def test_first_bytes_that_break_rules_end_as_the_text_says(self) -> None:
        for name, (data, wanted) in FIRST.items():
            with self.subTest(name):
                it = await raw(self.server.address, make_device(self.folder / "mallory"))
                it.write(data)
                self.check(name, await self.outcome(it), wanted)
                await self.served()

    async def test_bytes_behind_welcome_end_as_the_text_says(self) -> None:
        for name, (data, wanted) in BEHIND.items():
            with self.subTest(name):
                it = await self.welcomed()
                it.write(data)
                self.check(name, await self.outcome(it), wanted)
                await self.served()

    async def test_a_bad_request_is_refused_and_the_connection_lives(self) -> None:
        for name, (kind, body, wanted) in REFUSED.items():
            with self.subTest(name):
                it = await self.welcomed()
                it.write(req(kind, 1, body))
                self.assertEqual(await self.outcome(it, 2), ALIVE)
                answer = it.answers().get(1, {})
                self.check(name, Refused(answer).name if answer.get("type") == "Rejected" else answer, wanted)
        await self.served()

    async def test_datagrams_of_garbage_are_ignored(self) -> None:
        it = await self.welcomed()
        for data in DATAGRAMS:
            it.datagram(data)
        self.check("garbage datagrams", await self.outcome(it), ALIVE)
        await self.served()
