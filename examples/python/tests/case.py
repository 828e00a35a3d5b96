# SPDX-License-Identifier: MIT OR Apache-2.0
"""A server for each class of tests, and what its tests share."""
from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any

from tertulia import Client, Frame, make_device, parse_link
from tertulia.wire import frame

from .programs import PATIENCE, Cli, Server
from .raw import Raw, hello, raw

slow = unittest.skipUnless(os.environ.get("TERTULIA_SLOW"), "takes long: TERTULIA_SLOW=1 runs it")


class Case(unittest.IsolatedAsyncioTestCase):
    """A server, an owner by tertulia-cli, and a folder for each test class."""
    server: Server
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="tertulia-python-"))
        cls.server = Server(cls.folder / "server")
        cls.cli = Cli(cls.folder / "cli")
        asyncio.run(cls.cli.run("join", "--name", "Cleo", cls.server.invite("owner")))
        cls.link = cls.server.invite()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.stop()
        cls.server.log.close()
        shutil.rmtree(cls.folder)

    async def asyncSetUp(self) -> None:
        asyncio.get_running_loop().set_debug(False)

    async def served(self) -> None:
        """The server lives, and others are served."""
        self.assertTrue(self.server.alive())
        self.assertTrue(any(person["handle"] == "cleo" for person in await self.cli.run("users")))

    def client(self, name: str, link: str | None = None) -> Client:
        return Client(self.folder / name, link or self.link, name)

    async def welcomed(self, name: str = "mallory", fields: Frame | None = None, **options: Any) -> Raw:
        """A raw connection of a registered device, behind Welcome."""
        it = await raw(self.server.address, make_device(self.folder / name), **options)
        it.write(b"\1" + hello(**(fields or {})) + frame("Register", name=name, invite=parse_link(self.link).invite))
        if not await it.until(lambda: it.of_type("Welcome")):
            raise AssertionError(f"no Welcome: {it.end} {it.frames}")
        self.addCleanup(it.stop)
        return it


async def next_event(client: Client, **wanted: Any) -> Frame:
    """Read the client's events up to one that has these fields."""
    async with asyncio.timeout(PATIENCE):
        while True:
            item = await client._events.get()
            if all(item.get(key) == value for key, value in wanted.items()):
                return item


def said(item: Frame) -> str | None:
    return item["body"]["text"] if item["type"] == "Posted" and item["body"] else None


async def texts(client: Client, room: int, count: int) -> list[str]:
    """The texts of the next so many messages of a room."""
    return [said(await next_event(client, type="Posted", room=room)) for _ in range(count)]
