# SPDX-License-Identifier: MIT OR Apache-2.0
"""Some sentences of sections 7, 8, 10 and 11, each tried."""
from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from tertulia import Refused

from .case import Case, next_event
from .raw import LOBBY


class Rules(Case):
    """Some sentences of sections 7, 8, 10 and 11, each tried."""
    async def refused(self, name: str, work: Awaitable[Any]) -> None:
        with self.assertRaises(Refused) as refused:
            await work
        self.assertEqual(refused.exception.name, name)

    async def test_to_an_outsider_a_private_room_does_not_exist(self) -> None:
        async with self.client("ana") as ana, self.client("ben") as ben:
            mine = (await ana.create_room("nest", private=True))["room"]
            await self.refused("NAME_TAKEN", ana.create_room("nest"))
            for work in (ben.history(mine), ben.mark_read(mine, 1), ben.send(mine, "x"), ben.add_member(mine, "ben"),
                         ben.request("LeaveRoom", room=mine), ben.request("SetTopic", room=mine, topic="x")):
                await self.refused("NO_SUCH_ROOM", work)
            self.assertEqual((await ana.enter("nest"))["room"], mine)
            await ana.add_member(mine, "ben", 0)
            await next_event(ben, type="RoomOpened")
            await self.refused("FORBIDDEN", ben.send(mine, "a guest reads"))
            await ana.request("RemoveMember", room=mine, handle="ben")
            await ana.request("RemoveMember", room=mine, handle="ben")
            await next_event(ben, type="Removed", room=mine)
            await next_event(ben, type="RoomClosed", room=mine)

    async def test_the_name_of_a_room_one_can_not_see_is_free(self) -> None:
        """Nobody learns from a name that a private room has it."""
        async with self.client("una") as una, self.client("ugo") as ugo:
            mine = (await una.create_room("hideout", private=True))["room"]
            self.assertNotEqual((await ugo.create_room("hideout", private=True))["room"], mine)

    async def test_the_last_owner_of_a_private_room_stays_one(self) -> None:
        """The last owner of a private room can't make himself less."""
        async with self.client("lea") as lea:
            room = (await lea.create_room("alone", private=True))["room"]
            await self.refused("FORBIDDEN", lea.request("SetMember", room=room, handle="lea", role=1))

    async def test_who_removes_themselves_has_left(self) -> None:
        async with self.client("ida") as ida:
            room = (await ida.create_room("corner"))["room"]
            await ida.request("RemoveMember", room=room, handle="ida")
            await next_event(ida, type="Left", room=room)
            await next_event(ida, type="RoomClosed", room=room)

    async def test_topics_names_and_archiving_arrive_as_events(self) -> None:
        async with self.client("cora") as cora:
            room = (await cora.create_room("#Plans"))["room"]
            self.assertEqual(next(item["name"] for item in await cora.list_rooms() if item["room"] == room), "plans")
            await cora.request("SetTopic", room=room, topic="of old")
            await cora.request("RenameRoom", room=room, name="old-plans")
            await cora.request("ArchiveRoom", room=room, archived=True)
            await next_event(cora, type="Archived", archived=True)
            listing = cora.rooms[room]
            self.assertEqual((listing["topic"], listing["name"], listing["archived"]), ("of old", "old-plans", True))
            await self.refused("ARCHIVED", cora.send(room, "too late"))
            self.assertEqual(cora.store.outbox[0]["failed"], "ARCHIVED")
            await self.refused("FORBIDDEN", cora.request("ArchiveRoom", room=LOBBY, archived=True))
            direct = (await cora.direct("cleo"))["room"]
            await self.refused("FORBIDDEN", cora.request("LeaveRoom", room=direct))

    async def test_unread_messages_and_mentions_are_counted(self) -> None:
        async with self.client("dora") as dora:
            room = (await dora.create_room("noise"))["room"]
            for text in ("hi @Dora.", "dora@example.org", "a@dora", "plain"):
                await self.cli.run("send", "noise", text)
            listing = next(item for item in await dora.list_rooms() if item["room"] == room)
            self.assertEqual((listing["unread"], listing["mentions"]), (4, 1))
            await dora.mark_read(room, 1 << 60)
            marker = await next_event(dora, type="ReadMarker", room=room)
            self.assertEqual((marker["read"], marker["unread"], marker["mentions"]), (marker["head"], 0, 0))
