# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a client does."""
from __future__ import annotations

import asyncio
import json

from tertulia import Client, Closed, Refused, uuid7
from tertulia.wire import frame

from .case import Case, next_event, said, texts
from .programs import PATIENCE, Server
from .raw import LOBBY


class Friendly(Case):
    async def test_what_one_says_the_other_hears(self) -> None:
        async with self.client("ana") as ana:
            self.assertEqual(ana.me["handle"], "ana")
            self.assertEqual(oct((self.folder / "ana/device.key").stat().st_mode & 0o777), "0o600")
            room = (await ana.create_room("square"))["room"]
            tail = self.cli.start("tail", "square", "--since", "0", "--count", "4")
            receipt = await ana.send(room, "¡Hola! 👋")
            await self.cli.run("send", "square", "from the cli")
            self.assertEqual(await texts(ana, room, 2), ["¡Hola! 👋", "from the cli"])
            out, _ = await asyncio.to_thread(tail.communicate)
            lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            self.assertEqual([line["text"] for line in lines if line["kind"] == "posted"], ["¡Hola! 👋", "from the cli"])
            posted = [item for item in (await ana.history(room, limit=4))["events"] if said(item)]
            self.assertEqual([said(item) for item in posted], ["¡Hola! 👋", "from the cli"])
            self.assertEqual(posted[0]["seq"], receipt["seq"])
            older = await ana.history(room, before=posted[0]["seq"])
            self.assertEqual(older["oldest"], older["events"][0]["seq"])

    async def test_a_private_room_is_for_its_members(self) -> None:
        async with self.client("bea") as bea, self.client("dan") as dan:
            room = (await bea.create_room("den", private=True, topic="ours"))["room"]
            with self.assertRaises(Refused) as refused:
                await dan.history(room)
            self.assertEqual(refused.exception.name, "NO_SUCH_ROOM")
            await bea.add_member(room, "dan")
            await next_event(dan, type="RoomOpened")
            receipt = await dan.send(room, "in here")
            posted = await next_event(bea, type="Posted", room=room)
            self.assertEqual((said(posted), posted["seq"]), ("in here", receipt["seq"]))
            listing = next(item for item in await bea.list_rooms() if item["room"] == room)
            self.assertEqual((listing["unread"], listing["topic"], listing["members"]), (1, "ours", 2))
            await bea.mark_read(room, receipt["seq"])
            self.assertEqual((await next_event(bea, type="ReadMarker", room=room))["unread"], 0)
            direct = await bea.direct("cleo")
            self.assertEqual((direct["kind"], direct["peer"]["handle"], direct["name"]), (2, "cleo", "cleo"))
            await bea.send(direct["room"], "psst")
            history = await self.cli.run("history", "@bea")
            self.assertEqual(history[-1]["text"], "psst")
            self.assertEqual((await bea.direct("cleo"))["room"], direct["room"])

    async def test_who_comes_types_and_goes_is_told(self) -> None:
        async with self.client("eva") as eva:
            async with self.client("fay") as fay:
                while not any(person["handle"] == "fay" for person in eva.online.values()):
                    await next_event(eva, type="Presence")
                fay.typing(LOBBY)
                self.assertEqual((await next_event(eva, type="Typing"))["person"]["handle"], "fay")
            while any(person["handle"] == "fay" for person in eva.online.values()):
                await next_event(eva, type="Presence")

    async def test_typing_goes_by_frame_where_datagrams_are_not_wanted(self) -> None:
        """Without bit 0 typing comes and goes by frames."""
        one = await self.welcomed("gus", {"features": 0})
        async with self.client("hal") as hal:
            hal.typing(LOBBY)
            self.assertTrue(await one.until(lambda: one.of_type("Typing")))
            self.assertEqual(one.datagrams, [])
            one.write(frame("SayTyping", room=LOBBY))
            self.assertEqual((await next_event(hal, type="Typing"))["person"]["handle"], "gus")

    async def test_a_message_id_posts_once(self) -> None:
        async with self.client("ida") as ida:
            ident = uuid7()
            fields = {"message_id": ident, "room": LOBBY, "reply_to": None}
            first = await ida.request("Send", **fields, body={"variant": 0, "text": "once"})
            again = await ida.request("Send", **fields, body={"variant": 0, "text": "other text, same id"})
            self.assertEqual((first.pop("duplicate"), again.pop("duplicate")), (False, True))
            first.pop("req_id"), again.pop("req_id")
            self.assertEqual(first, again)
            page = await ida.history(LOBBY)
            self.assertEqual([said(item) for item in page["events"] if item.get("message_id") == ident], ["once"])

    async def test_another_key_is_refused_for_good(self) -> None:
        other = Server(self.folder / "other")
        self.addCleanup(other.stop)
        host, port = self.server.address
        key = other.invite().split("/")[3]
        with self.assertRaises(Closed) as closed:
            async with asyncio.timeout(PATIENCE):
                async with Client(self.folder / "jo", f"tertulia://{host}:{port}/{key}", "jo"):
                    self.fail("connected")
        self.assertTrue(closed.exception.final)

    async def test_a_dead_address_does_not_hinder_the_next(self) -> None:
        """The first address is dead."""
        host, port = self.server.address
        link = self.link.replace(f"{host}:{port}", f"127.0.0.1:9,{host}:{port}")
        async with Client(self.folder / "kai", link, "kai") as kai:
            self.assertEqual(kai.me["handle"], "kai")
