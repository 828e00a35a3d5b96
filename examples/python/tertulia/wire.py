# SPDX-License-Identifier: MIT OR Apache-2.0
"""The bytes: numbers, frames, the table of all frames. Sections 4, 6 to 9 and 12 of PROTOCOL.md.

Frames are dicts: `{"type": "Posted", "room": 1, "seq": 2, ...}`.
"""
from __future__ import annotations

from typing import Any

Frame = dict[str, Any]
CONTROL, LANE, PAGE = 0x01, 0x10, 0x11
OK, PROTOCOL, FRAME_TOO_LARGE, TIMEOUT = 0, 2, 3, 4
BEFORE_WELCOME, FRAME_BYTES, REPLY_BYTES, PAGE_BYTES = 12288, 65536, 393216, 524288
FINAL_CODES = {5: "AUTH", 6: "REVOKED", 7: "BANNED", 10: "VERSION", 12: "REPLACED"}
REFUSALS = dict(enumerate("UNSUPPORTED NO_SUCH_ROOM FORBIDDEN NAME_TAKEN NAME_UNUSABLE INVITE_NEEDED INVITE_UNKNOWN "
                          "INVITE_USED_UP INVITE_EXPIRED RATE STORAGE INVALID LIMIT NO_SUCH_ACCOUNT ARCHIVED".split(), 1))

# ---- Errors ----------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """The server answered `Rejected`."""
    def __init__(self, answer: Frame) -> None:
        self.refusal, self.proposal = answer["refusal"], answer["proposal"]
        self.name = REFUSALS.get(self.refusal, str(self.refusal))
        self.again = self.name in ("RATE", "STORAGE")
        self.retry_after = (answer["retry_after_ms"] or 2000) / 1000
        super().__init__(self.name)


class Closed(Exception):
    """The connection ended; `final` says that nobody may come back by himself."""
    def __init__(self, text: str, code: int | None = None, final: bool = False, retry_after: float = 0) -> None:
        self.code, self.final, self.retry_after = code, final, retry_after
        super().__init__(text)


class Malformed(ValueError):
    """Bytes that break the encoding."""


# ---- Encoding (section 4): a shape is a word; "?x" is optional x, "*9 x" a list of at most 9, a known part its fields ---

PARTS = {
    "author": "account:number handle:text display:text",
    "person": "account:number handle:text display:text role:role online:bool",
    "cursor": "room:number seq:number",
    "file": "name:text size:number hash:hash",
    "listing": "room:number name:text kind:kind topic:text members:number32 unread:number32 mentions:number32 role:?role "
               "head:number read:number archived:bool history:policy peer:?author",
}
CHOICES = {"body": ["text:text", "scheme:number16 bytes:bytes"], "span": ["", "seq:number", "seq:number"]}
ENUMS = {"role": 4, "kind": 3, "policy": 2, "registration": 2}
FIXED = {"id": 16, "hash": 32}
BITS = {"number": 64, "number32": 32, "number16": 16}
HEAD = "room:number seq:number position:number time:number author:author"
FRAMES = {
    1: ("Hello", "min:number16 max:number16 features:number lanes:byte epoch:?id cursors:*500cursor"),
    2: ("Register", "name:text invite:?id"), 3: ("SayTyping", "room:number"),
    4: ("Upload", "message_id:id room:number reply_to:?number file:file"), 5: ("Download", "room:number seq:number offset:number"),
    8: ("Welcome", "version:number16 features:number epoch:id head:number account:number handle:text display:text role:role "
                   "lanes:byte"),
    9: ("Unregistered", "registration:registration"), 10: ("GoAway", "retry_after_ms:number32"),
    11: ("Presence", "complete:bool online:number32 people:*200person"), 12: ("Typing", "room:number person:author"),
    13: ("UploadFrom", "offset:number"), 14: ("FileHead", "file:file"),
    32: ("Send", "message_id:id room:number reply_to:?number body:body"),
    33: ("CreateRoom", "name:text kind:kind topic:text history:policy"), 34: ("EnterRoom", "name:text"),
    35: ("LeaveRoom", "room:number"), 36: ("ListRooms", "after:number"), 37: ("ListUsers", "after:number"),
    38: ("ListMembers", "room:number after:number"), 39: ("History", "room:number span:span limit:number16"),
    40: ("MarkRead", "room:number seq:number"), 41: ("CreateInvite", "role:role uses:number32 expires_s:number32"),
    42: ("Rename", "name:text"), 43: ("OpenDirect", "handle:text"),
    44: ("SetMember", "room:number handle:text role:?role"), 45: ("RemoveMember", "room:number handle:text"),
    46: ("SetTopic", "room:number topic:text"), 47: ("RenameRoom", "room:number name:text"),
    48: ("ArchiveRoom", "room:number archived:bool"),
    128: ("Receipt", "message_id:id room:number seq:number position:number time:number duplicate:bool"),
    129: ("Rejected", "refusal:number16 retry_after_ms:?number32 proposal:?text"), 130: ("Done", ""),
    131: ("Rooms", "rooms:*200listing more:bool"), 132: ("Users", "people:*200person more:bool"),
    133: ("Members", "room:number people:*200person more:bool"), 134: ("Room", "room:listing"),
    135: ("InviteMade", "token:id"),
    256: ("Posted", "message_id:id reply_to:?number body:?body edited:?number"), 260: ("Joined", ""), 261: ("Left", ""),
    262: ("Added", "member:author role:role"), 263: ("Removed", "member:author"),
    264: ("RoleChanged", "member:author role:role"), 265: ("TopicChanged", "topic:text"), 266: ("RoomRenamed", "name:text"),
    267: ("Archived", "archived:bool"),
    268: ("PostedFile", "message_id:id reply_to:?number body:?body edited:?number file:file"),
    448: ("RoomOpened", "next:number room:listing"), 449: ("RoomClosed", "room:number"),
    450: ("RoomJump", "room:number next:number"), 451: ("Live", "rooms:number32"),
    452: ("ReadMarker", "room:number read:number head:number unread:number32 mentions:number32"),
    460: ("PageHead", "req_id:number room:number events:number16 oldest:number head:number"),
}
TYPES = {name: kind for kind, (name, _) in FRAMES.items()}


def fields_of(kind: int) -> str:
    """The fields of a frame type, with the `req_id` of requests and answers and the head of events in front."""
    front = "req_id:number " if 32 <= kind < 256 else HEAD + " " if 256 <= kind < 448 else ""
    return front + FRAMES.get(kind, ("", ""))[1]


def number(n: int) -> bytes:
    """LEB128, shortest form."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def encode(shape: str, value: Any) -> bytes:
    """Write a value of a shape."""
    if shape.startswith("?"):
        return b"\0" if value is None else b"\1" + encode(shape[1:], value)
    if shape.startswith("*"):
        return number(len(value)) + b"".join(encode(shape.lstrip("*0123456789"), item) for item in value)
    if shape in PARTS:
        return encode_fields(PARTS[shape], value)
    if shape in CHOICES:
        return number(value["variant"]) + encode_fields(CHOICES[shape][value["variant"]], value)
    if shape in ("text", "bytes"):
        raw = value.encode() if shape == "text" else value
        return number(len(raw)) + raw
    return value if shape in FIXED else bytes([value]) if shape in ("byte", "bool") else number(value)


def encode_fields(fields: str, values: Frame) -> bytes:
    """Write fields, one after the other."""
    return b"".join(encode(shape, values.get(name)) for name, shape in (part.split(":") for part in fields.split()))


def frame(name: str, /, **values: Any) -> bytes:
    """Write a whole frame: length, type, body."""
    inner = number(TYPES[name]) + encode_fields(fields_of(TYPES[name]), values)
    return number(len(inner)) + inner


class Reader:
    """Reads values from bytes; `Malformed` where they end early or break a bound."""
    def __init__(self, data: bytes | bytearray) -> None:
        self.data, self.at = bytes(data), 0

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise Malformed("ends early")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, bits: int = 64) -> int:
        value = 0
        for shift in range(0, bits, 7):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                break
        else:
            raise Malformed("number too long")
        if value >> bits:
            raise Malformed("number too large")
        return value

    def below(self, bound: int, bits: int = 32) -> int:
        value = self.number(bits)
        if value >= bound:
            raise Malformed(f"{value} is not below {bound}")
        return value

    def read(self, shape: str) -> Any:
        if shape.startswith("?"):
            return self.read(shape[1:]) if self.read("bool") else None
        if shape.startswith("*"):
            inner = shape.lstrip("*0123456789")
            return [self.read(inner) for _ in range(self.below(int(shape[1:-len(inner)]) + 1))]
        if shape in BITS:
            return self.number(BITS[shape])
        if shape in ENUMS:
            return self.below(ENUMS[shape])
        if shape in PARTS:
            return self.fields(PARTS[shape])
        if shape in CHOICES:
            variant = self.below(len(CHOICES[shape]))
            return {"variant": variant, **self.fields(CHOICES[shape][variant])}
        if shape in ("text", "bytes"):
            raw = self.take(self.number())
            return raw.decode() if shape == "text" else raw     # UnicodeDecodeError is a ValueError, as Malformed is
        if shape == "bool":
            return bool(self.below(2, bits=7))                      # one byte
        return self.take(FIXED[shape]) if shape in FIXED else self.take(1)[0]

    def fields(self, fields: str) -> Frame:
        return {name: self.read(shape) for name, shape in (part.split(":") for part in fields.split())}


def take_frame(buffer: bytearray, limit: int) -> Frame | None:
    """Take the next whole frame off a buffer; None where more has to arrive. Unknown types come as `{"type": 600}`."""
    ends = next((i for i, byte in enumerate(buffer[:10], 1) if byte < 128), 10)
    if len(buffer) < ends:
        return None
    length = Reader(buffer[:ends]).number()
    if length == 0:
        raise Malformed("a frame of length 0")
    if length > limit:
        raise Closed("a frame over its limit", FRAME_TOO_LARGE)
    if len(buffer) < ends + length:
        return None
    body = Reader(buffer[ends:ends + length])
    del buffer[:ends + length]
    kind = body.number()
    name = FRAMES[kind][0] if kind in FRAMES else kind              # of an unknown event the head is read: it counts its seq
    return {"type": name, "size": ends + length, **body.fields(fields_of(kind) if kind in FRAMES or 256 <= kind < 448 else "")}
