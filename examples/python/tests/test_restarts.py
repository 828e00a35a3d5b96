# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a client survives."""
from __future__ import annotations

import asyncio
import signal

from .case import Case, next_event, said, slow, texts
from .programs import PATIENCE
from .raw import LOBBY, text_send


class Restarts(Case):
    async def test_no_message_is_lost_or_doubled_over_three_kills(self) -> None:
        """No message is lost or doubled over three kill -9, with 160 messages on the way."""
        async with self.client("ana") as ana, self.client("ben") as ben:
            room = (await ana.create_room("storm"))["room"]
            await ben.enter("storm")
            sends = [asyncio.create_task(ana.send(room, f"m{i}")) for i in range(40)]
            for turn in range(3):
                await asyncio.wait(sends[-40:], return_when=asyncio.FIRST_COMPLETED)
                self.server.stop(signal.SIGKILL)
                sends += [asyncio.create_task(ana.send(room, f"m{i}")) for i in range(40 * (turn + 1), 40 * (turn + 2))]
                self.server.start()
            async with asyncio.timeout(3 * PATIENCE):
                receipts = await asyncio.gather(*sends)
                got = [await next_event(ben, type="Posted", room=room) for _ in sends]
            self.assertEqual([said(item) for item in got], [f"m{i}" for i in range(160)])
            self.assertEqual([item["seq"] for item in got], sorted({item["seq"] for item in receipts}))
            self.assertEqual(ana.store.outbox, [])
            lines = await self.cli.run("history", "#storm", "--limit", "200")
            self.assertEqual([line["text"] for line in lines if line["kind"] == "posted"], [f"m{i}" for i in range(160)])

    async def test_what_a_dead_process_could_not_send_the_next_one_sends(self) -> None:
        """What a process could not send, the next one sends, under the same id."""
        async with self.client("eli") as eli:
            room = (await eli.create_room("late", private=False))["room"]
            self.server.stop(signal.SIGKILL)
            lost = asyncio.create_task(eli.send(room, "written in the dark"))
            await asyncio.sleep(0)
            lost.cancel()
        self.server.start()
        async with self.client("eli") as eli:
            while eli.store.outbox:
                await next_event(eli, type="Posted")
            page = await eli.history(room)
            self.assertEqual([said(item) for item in page["events"] if said(item)], ["written in the dark"])

    async def test_who_comes_back_gets_what_was_missed_and_nothing_twice(self) -> None:
        """A client that comes back gets what it missed, and nothing twice."""
        async with self.client("flo") as flo:
            await flo.send(LOBBY, "before")
            author = {key: flo.me[key] for key in ("account", "handle", "display")}
            await next_event(flo, type="Posted", room=LOBBY, author=author)
        for i in range(3):
            await self.cli.run("send", "lobby", f"missed {i}")
        async with self.client("flo") as flo:
            self.assertEqual(await texts(flo, LOBBY, 3), [f"missed {i}" for i in range(3)])

    async def test_a_server_that_stops_says_so_and_the_client_comes_back(self) -> None:
        async with self.client("gil") as gil:
            stopping = asyncio.create_task(asyncio.to_thread(self.server.stop))
            self.assertIn("retry_after_ms", await next_event(gil, type="GoAway"))
            await stopping
            self.server.start()
            await next_event(gil, type="Connected")
            self.assertTrue((await gil.send(LOBBY, "back"))["seq"])

    async def test_a_hole_of_8_mib_is_filled_from_pages(self) -> None:
        """Over 8 MiB missed: the hole is filled from pages, in order, each once."""
        async with self.client("eli") as eli:
            room = (await eli.create_room("flood"))["room"]
            await eli.send(room, "0")
            await next_event(eli, type="Posted", room=room)
        writer = await self.welcomed("writer", {"lanes": 0})
        for n in range(1, 561):
            writer.write(text_send(n, f"{n} ".encode() + b"x" * 16000, room))
            if n % 40 == 0:
                await writer.until(lambda: n - 20 in writer.answers())
        self.assertTrue(await writer.until(lambda: 560 in writer.answers()))
        async with self.client("eli") as eli:
            got = [await next_event(eli, type="Posted", room=room) for _ in range(560)]
            self.assertEqual([int(said(item).split()[0]) for item in got], list(range(1, 561)))

    @slow
    async def test_a_server_that_stands_still_is_left_and_found_again(self) -> None:
        """The server stands still for 20 s; the client comes back by itself, and its message arrives once."""
        async with self.client("fay") as fay:
            self.server.process.send_signal(signal.SIGSTOP)
            sending = asyncio.create_task(fay.send(LOBBY, "patience"))
            await next_event(fay, type="Disconnected")
            self.server.process.send_signal(signal.SIGCONT)
            await sending
            page = await fay.history(LOBBY)
            self.assertEqual([said(item) for item in page["events"] if said(item)].count("patience"), 1)
