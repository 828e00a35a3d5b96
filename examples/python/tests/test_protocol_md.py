# SPDX-License-Identifier: MIT OR Apache-2.0
"""PROTOCOL.md itself: its conversations, its table of all frames, its sample reader."""
from __future__ import annotations

import re
import unittest
from pathlib import Path
from typing import Any

from tertulia.wire import FRAMES, frame, take_frame

TEXT = (Path(__file__).parents[3] / "PROTOCOL.md").read_text()
SHAPES = {"16 bytes": "id", "32 bytes": "hash", "room kind": "kind", "history policy": "policy"}


def conversations() -> list[bytearray]:
    """What one end wrote on one stream of section 15, without what stands before the first frame."""
    found = []
    for who, where, block in re.findall(r"```hex (\w+) (\w+)\n(.*?)```", TEXT, re.S):
        data = bytearray(bytes.fromhex("".join(line.split("#")[0] for line in block.splitlines())))
        if data[0] in (0x10, 0x11):
            del data[:2]
        elif who == "client" and data[:1] == b"\1":
            del data[:1]
        if where != "datagram":
            found.append(data)
    return found


def shape(words: str) -> str:
    """A type as the table writes it, as `wire` writes it."""
    if words.startswith("optional "):
        return "?" + shape(words.removeprefix("optional "))
    if found := re.fullmatch(r"list \((\d+)\) of (\w+)", words):
        return f"*{found[1]}{found[2]}"
    return SHAPES.get(words, words)


class Book(unittest.TestCase):
    def test_the_conversations_are_read_and_written_the_same(self) -> None:
        """Each frame is read, and written again byte for byte."""
        count = 0
        for data in conversations():
            while data:
                before = bytes(data)
                item = take_frame(data, 393216)
                count += 1
                if isinstance(item["type"], str):
                    size, name = item.pop("size"), item.pop("type")
                    self.assertEqual(frame(name, **item), before[:size])
        self.assertGreater(count, 15)

    def test_the_table_of_all_frames_is_the_clients(self) -> None:
        """The client's table is that of section 5.1, field by field."""
        rows = re.findall(r"^\| (\d+) \| (\w+) \| [a-z, ]+ \| (.+) \|$", TEXT.split("### 5.1")[1].split("\n## ")[0], re.M)
        listed = {}
        for kind, name, fields in rows:
            parts = [] if fields == "none" else [part.split(" ", 1) for part in fields.split(", ")]
            name = "SayTyping" if kind == "3" else name             # the text has two of that name
            listed[int(kind)] = (name, " ".join(f"{field}:{shape(words)}" for field, words in parts))
        self.assertEqual(listed, FRAMES)

    def test_the_sample_reader_takes_nothing_malformed(self) -> None:
        """It reads the conversations, and refuses what the table of section 4 calls malformed."""
        names: dict[str, Any] = {}
        exec(re.search(r"```python\n(.*?)```", TEXT, re.S)[1], names)
        reader, next_frame = names["Reader"], names["next_frame"]
        for data in conversations():
            while data:
                ours, (kind, body) = take_frame(bytearray(data), 393216), next_frame(data, 393216)
                self.assertIn(ours["type"], (kind, FRAMES.get(kind, (None,))[0]))
                if ours["type"] == "Receipt":
                    shapes = [("req_id", "number"), ("message_id", "16 bytes"), ("room", "number"), ("seq", "number"),
                              ("position", "number"), ("time", "number"), ("duplicate", "bool")]
                    read = body.read(("fields", shapes))
                    self.assertEqual(read, {name: ours[name] for name in read})
        list_of_2, choice = ("list", 2, "byte"), ("choice", [("fields", []), "number"])
        fine = {("bool", b"\1"): 1, ("role", b"\3"): 3, ("number16", b"\xff\xff\3"): 65535, ("number32", b"\x80\x80\0"): 0,
                (("optional", "text"), b"\1\1a"): "a", (list_of_2, b"\2ab"): [97, 98], ("number", b"\xff" * 9 + b"\1"): 2**64 - 1}
        for (what, data), value in fine.items():
            self.assertEqual(reader(data).read(what), value)
        self.assertEqual(reader(b"\1\7").read(choice), (1, 7))
        for what, data in (("bool", b"\2"), ("bool", b"\x80\0"), ("role", b"\4"), ("number16", b"\x80\x80\4"),
                           ("number16", b"\x80\x80\x80\0"), ("number32", b"\x80\x80\x80\x80\x10"), ("number", b"\xff" * 9 + b"\2"),
                           ("number", b"\xff" * 11), ("number", b"\x80"), ("16 bytes", bytes(15)), ("text", b"\2a"),
                           ("text", b"\1\xff"), ("bytes", b"\x7f"), (list_of_2, b"\3abc"), (("optional", "byte"), b"\2a"),
                           (choice, b"\2")):
            with self.subTest(what=what, data=data), self.assertRaises(ValueError):
                reader(data).read(what)
        for data in (b"\0", b"\x65", b"\xff" * 10):
            with self.subTest(data=data), self.assertRaises(ValueError):
                next_frame(bytearray(data), 100)
        self.assertIsNone(next_frame(bytearray(b"\x80"), 100))
