# SPDX-License-Identifier: MIT OR Apache-2.0
"""A client that comes back, goes on where it was, and sends every message exactly once. Sections 6 to 11."""
from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from .device import parse_link, uuid7
from .dial import dial
from .session import Session
from .store import Store
from .wire import CONTROL, OK, TIMEOUT, Closed, Frame, Refused, frame, number


class Client:
    """A device on a server. `async with Client(folder, link, name) as client:` connects and stays connected."""
    def __init__(self, folder: str | Path, link: str, name: str, lanes: int = 4) -> None:
        self.link, self.name, self.lanes, self.store = parse_link(link), name, lanes, Store(Path(folder))
        self.me: Frame = {}
        self.rooms: dict[int, Frame] = {}
        self.online: dict[int, Frame] = {}
        self.session: Session | None = None
        self.failure: Exception | None = None
        self._up, self._live = asyncio.Event(), asyncio.Event()
        self._events: asyncio.Queue[Frame] = asyncio.Queue()
        self._held: dict[int, list[Frame]] = {}                     # rooms with a hole: events behind it
        self._sent: dict[int, str] = {}                             # Sends in flight: req_id, message id
        self._receipts: dict[str, asyncio.Future[Frame]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping, self._pause, self._lanes_live = False, 0.0, 0
        self._again = asyncio.Lock()                                # refused requests go again one by one
        self._opened: set[int] = set()

    async def __aenter__(self) -> Client:
        self._spawn(self._run())
        await self._wait(self._live)
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._stopping = True
        if session := self.session:
            session.leave()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(session.closed), 5)
            session.end(Closed("left"))
        for task in self._tasks:
            task.cancel()
        self.store.close()
        await asyncio.sleep(0)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, event: asyncio.Event) -> None:
        await event.wait()
        if self.failure:
            raise self.failure

    # -- the connection

    async def _run(self) -> None:
        wait = 0.25
        while not self._stopping:
            began, lower = None, 0.0
            try:
                session = await dial(self.link, self.store.device)
                await self._enter(session)
                began = time.monotonic()
                raise await asyncio.shield(session.closed)
            except (Refused, Closed) as error:
                final = error.final if isinstance(error, Closed) else not error.again
                lower = min(300.0, error.retry_after) if not final else 0
                if final:
                    return self._fail(error)
            except Exception as error:                              # a bug of ours: nobody shall wait for ever
                return self._fail(error)
            self._down()
            wait = 0.25 if began and time.monotonic() - began > 10 else wait
            await asyncio.sleep(max(lower, random.uniform(wait / 2, wait)))
            wait = min(15.0, wait * 2)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self._up.set(), self._live.set()
        self._events.put_nowait({"type": "Failed", "why": str(error)})
        for receipt in self._receipts.values():
            receipt.cancel() if receipt.done() else receipt.set_exception(error)

    def _down(self) -> None:
        self._up.clear(), self._live.clear(), self._held.clear(), self._sent.clear()
        self.session, self._pause = None, 0.0
        self._events.put_nowait({"type": "Disconnected"})

    async def _enter(self, session: Session) -> None:
        """Hello, Register if need be, Welcome."""
        try:
            cursors = [{"room": room, "seq": seq} for room, seq in self.store.cursors.items()][:500]
            session.write(number(CONTROL) + frame("Hello", min=0, max=0, features=1, lanes=self.lanes,
                                                  epoch=self.store.epoch, cursors=cursors))
            answer = await self._answer(session)
            if answer["type"] == "Unregistered":
                if self.store.account is not None:
                    raise Closed("the server does not know this device any more", OK, final=True)
                session.write(frame("Register", name=self.name, invite=self.link.invite))
                answer = await self._answer(session)
            if answer["type"] == "Rejected":
                raise Refused(answer)
            self._welcome(session, answer)
        except Exception as error:
            session.end(error if isinstance(error, Closed) else Closed(str(error)))
            raise

    async def _answer(self, session: Session) -> Frame:
        try:
            while True:
                item = await asyncio.wait_for(session.first.get(), 10)
                if item["type"] == "Closed":
                    raise session.closed.result()
                if item["type"] in ("Welcome", "Unregistered", "Rejected"):
                    return item
        except TimeoutError:
            raise Closed("no answer to the hello", TIMEOUT) from None

    def _welcome(self, session: Session, welcome: Frame) -> None:
        if welcome["epoch"] != self.store.epoch:
            self.rooms.clear()
        self.store.begin(welcome["epoch"], welcome["account"])
        self.me, self.session, self._opened, self._lanes_live = welcome, session, set(), 0
        self._up.set()
        self._events.put_nowait({**welcome, "type": "Connected"})
        if not welcome["lanes"]:
            self._live.set()
        session.listen(self._frame)
        self._pump()

    # -- what comes

    def _frame(self, item: Frame) -> None:
        handler = getattr(self, f"_on_{item['type']}".lower(), None)
        if handler:
            handler(item)
        elif "seq" in item and "author" in item:
            self._event(item)

    def _on_presence(self, item: Frame) -> None:
        if item["complete"]:
            self.online.clear()
        for person in item["people"]:
            self.online[person["account"]] = person
            if not person["online"]:
                del self.online[person["account"]]
        self._events.put_nowait(item)

    def _on_typing(self, item: Frame) -> None:
        self._events.put_nowait(item)

    _on_goaway = _on_typing

    def _on_roomopened(self, item: Frame) -> None:
        room, listing = item["room"]["room"], item["room"]
        self.rooms[room] = listing
        self._opened.add(room)
        self._events.put_nowait(item)
        have = self.store.cursors.get(room)
        if have is None or listing["head"] < have:
            self.store.write({"room": room, "seq": item["next"] - 1})
        elif item["next"] > have + 1:
            self._fill(room)

    def _on_roomclosed(self, item: Frame) -> None:
        self.rooms.pop(item["room"], None)
        self._events.put_nowait(item)

    def _on_roomjump(self, item: Frame) -> None:
        self._fill(item["room"])

    def _on_live(self, _: Frame) -> None:
        self._lanes_live += 1
        if self._lanes_live == self.me["lanes"]:
            self.rooms = {room: listing for room, listing in self.rooms.items() if room in self._opened}
            self._live.set()

    def _on_readmarker(self, item: Frame) -> None:
        if item["room"] in self.rooms:
            self.rooms[item["room"]].update(read=item["read"], unread=item["unread"], mentions=item["mentions"])
        self._events.put_nowait(item)

    def _event(self, item: Frame) -> None:
        """Take the next event of a room, drop a repeat, hold what is behind a hole and fetch the hole."""
        room, seq, have = item["room"], item["seq"], self.store.cursors.get(item["room"], 0)
        if item["type"] == "Posted" and item["author"]["account"] == self.me["account"]:
            self._done(item["message_id"].hex(), item)
        if seq <= have:
            return
        if room not in self._held and seq == have + 1:
            self._take(item)
            return
        self._fill(room)
        if len(self._held[room]) < 256:
            self._held[room].append(item)

    def _take(self, item: Frame) -> None:
        self.store.write(item)
        listing = self.rooms.get(item["room"])
        if listing and item["seq"] > listing["head"]:
            self._update(listing, item)
        self._events.put_nowait(item)

    def _update(self, listing: Frame, item: Frame) -> None:
        """Apply an event that the listing did not count yet."""
        kind, member = item["type"], item.get("member", {}).get("account")
        listing["head"] = item["seq"]
        listing["members"] += (kind in ("Joined", "Added")) - (kind in ("Left", "Removed"))
        if kind == "Posted":
            if item["author"]["account"] == self.me["account"]:     # posting moves one's read marker
                listing.update(read=item["seq"], unread=0, mentions=0)
            else:
                listing["unread"] += 1
        elif kind == "TopicChanged":
            listing["topic"] = item["topic"]
        elif kind == "RoomRenamed":
            listing["name"] = item["name"]
        elif kind == "Archived":
            listing["archived"] = item["archived"]
        elif kind in ("Added", "RoleChanged") and member == self.me["account"]:
            listing["role"] = item["role"]

    def _take_next(self, item: Frame, may_skip: bool) -> None:
        have = self.store.cursors.get(item["room"], 0)
        if item["seq"] > have + 1 and may_skip:
            self._events.put_nowait({"type": "Gap", "room": item["room"], "after": have, "next": item["seq"]})
            have = item["seq"] - 1
        if item["seq"] == have + 1:
            self._take(item)

    def _fill(self, room: int) -> None:
        if room not in self._held:
            self._held[room] = []
            self._spawn(self._fetch(room))

    async def _fetch(self, room: int) -> None:
        """Read pages from the cursor on until nothing is missing; then what was held."""
        with contextlib.suppress(Refused, Closed):
            while room in self._held:
                page = await self.history(room, after=self.store.cursors.get(room, 0))
                held = self._held.get(room, [])
                for item in page["events"]:
                    self._take_next(item, may_skip=True)            # a page that begins later: the rest can't be had
                for item in sorted(held, key=lambda item: item["seq"]):
                    self._take_next(item, may_skip=not page["events"])
                have = self.store.cursors.get(room, 0)
                held[:] = [item for item in held if item["seq"] > have]
                if not held and (have >= page["head"] or not page["events"]):
                    self._held.pop(room, None)

    # -- what goes

    async def request(self, name: str, /, **fields: Any) -> Frame:
        """Ask, and ask again after a reconnect (CreateRoom and CreateInvite are not repeated: `Closed`)."""
        while True:
            await self._wait(self._up)
            try:
                answer = await self.session.request(name, **fields)
                if answer["type"] != "Lost":
                    return answer
            except Closed:
                if name in ("CreateRoom", "CreateInvite") or self._stopping:
                    raise
                await asyncio.sleep(0.05)
            except Refused as refused:
                if not refused.again:
                    raise
                async with self._again:
                    await asyncio.sleep(refused.retry_after)

    async def send(self, room: int, text: str, reply_to: int | None = None) -> Frame:
        """Post a message exactly once; the answer has its seq, position and time."""
        if not 1 <= len(text.encode()) <= 16384 or "\0" in text:
            raise ValueError("a message has 1 to 16384 bytes and no NUL")
        entry = {"message_id": uuid7().hex(), "room": room, "text": text, "reply_to": reply_to, "epoch": self.store.epoch.hex()}
        self.store.outbox.append(entry)
        self.store.save_outbox()
        receipt = self._receipts[entry["message_id"]] = asyncio.get_running_loop().create_future()
        self._pump()
        return await receipt

    def _pump(self) -> None:
        """Send of the outbox, in order, what was not sent on this connection; 64 in flight at most."""
        if not self.session or self.session.leaving or time.monotonic() < self._pause:
            return
        waiting = [entry for entry in self.store.outbox if "failed" not in entry]
        for entry in waiting[:64]:
            if entry["epoch"] != self.store.epoch.hex():
                self._failed(entry["message_id"], Refused({"refusal": 2, "retry_after_ms": None, "proposal": None}))
            elif entry["message_id"] not in self._sent.values():
                self._sent[self.session.next_req] = entry["message_id"]
                self.session.request("Send", message_id=bytes.fromhex(entry["message_id"]), room=entry["room"],
                                     reply_to=entry["reply_to"], body={"variant": 0, "text": entry["text"]})

    def _on_receipt(self, item: Frame) -> None:
        self._sent.pop(item["req_id"], None)
        self._done(item["message_id"].hex(), item)

    def _on_rejected(self, item: Frame) -> None:
        message_id, refused = self._sent.pop(item["req_id"], None), Refused(item)
        if message_id and refused.again:
            self._sent = {req: sent for req, sent in self._sent.items() if req < item["req_id"]}
            self._pause = time.monotonic() + refused.retry_after
            asyncio.get_running_loop().call_later(refused.retry_after + 0.01, self._pump)
        elif message_id:
            self._failed(message_id, refused)

    def _done(self, message_id: str, item: Frame) -> None:
        """A receipt, or the event itself: whichever is first."""
        if any(entry["message_id"] == message_id for entry in self.store.outbox):
            self.store.outbox = [entry for entry in self.store.outbox if entry["message_id"] != message_id]
            self.store.save_outbox()
            self._pump()
        receipt = self._receipts.pop(message_id, None)
        if receipt and not receipt.done():
            receipt.set_result(item)

    def _failed(self, message_id: str, refused: Refused) -> None:
        for entry in self.store.outbox:
            if entry["message_id"] == message_id:
                entry["failed"] = refused.name
        self.store.save_outbox()
        receipt = self._receipts.pop(message_id, None)
        if receipt and not receipt.done():
            receipt.set_exception(refused)

    # -- what a person does

    async def events(self) -> AsyncIterator[Frame]:
        """All that comes, each room's events in order, each once."""
        while True:
            item = await self._events.get()
            yield item
            if item["type"] == "Failed":
                raise self.failure

    async def list_rooms(self) -> list[Frame]:
        """One's own rooms and the public ones."""
        rooms: list[Frame] = []
        while True:
            answer = await self.request("ListRooms", after=rooms[-1]["room"] if rooms else 0)
            rooms += answer["rooms"]
            if not answer["more"]:
                return rooms

    async def enter(self, name: str) -> Frame:
        """Enter a public room (or find one's own) by its name."""
        return (await self.request("EnterRoom", name=name))["room"]

    async def create_room(self, name: str, private: bool = False, topic: str = "") -> Frame:
        return (await self.request("CreateRoom", name=name, kind=int(private), topic=topic, history=0))["room"]

    async def direct(self, handle: str) -> Frame:
        """The room of oneself and somebody."""
        return (await self.request("OpenDirect", handle=handle))["room"]

    async def add_member(self, room: int, handle: str, role: int = 1) -> None:
        await self.request("SetMember", room=room, handle=handle, role=role)

    async def mark_read(self, room: int, seq: int) -> None:
        await self.request("MarkRead", room=room, seq=seq)

    async def history(self, room: int, before: int | None = None, after: int | None = None, limit: int = 200) -> Frame:
        """A page: the newest events, those before a seq, or those after one."""
        variant, seq = (2, after) if after is not None else (1, before) if before is not None else (0, None)
        return await self.request("History", room=room, span={"variant": variant, "seq": seq}, limit=limit)

    def typing(self, room: int) -> None:
        """Say that somebody types, every 3 s at most."""
        if self.session and not self.session.leaving:
            self.session.typing(room)
