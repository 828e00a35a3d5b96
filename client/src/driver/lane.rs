//! What lanes and pages bring into rooms.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_proto::{
    Change, Epoch, Event, History, LaneMessage, LaneNotice, RoomId, RoomListing, RoomOpened, Seq,
    Span, limits,
};

use super::{Driver, requests::Asker};
use crate::{
    core::{room::Room, timeline::Ticket},
    model::{ClientEvent, Connection, Item, RoomView},
};

/// What one read changed, room by room: told together.
type Touched = BTreeMap<RoomId, Vec<Item>>;

impl Driver {
    pub(super) fn handle_lane(&mut self, messages: Vec<LaneMessage>) {
        let mut touched = Touched::new();
        for message in messages {
            match message {
                LaneMessage::Event(event) => self.event(event, &mut touched),
                LaneMessage::Notice(LaneNotice::RoomOpened(opened)) => {
                    self.room_opened(opened, &mut touched);
                }
                LaneMessage::Notice(LaneNotice::RoomJump(jump)) => {
                    let jumped =
                        self.rooms.get_mut(&jump.room).is_some_and(|room| room.jumped(jump.next));
                    self.follower_jumped(jump.room, jump.next);
                    if jumped {
                        self.reset(jump.room, jump.next.prev(), &mut touched);
                    }
                }
                LaneMessage::Notice(LaneNotice::RoomClosed(closed)) => {
                    touched.remove(&closed.room);
                    self.room_gone(closed.room);
                }
                LaneMessage::Notice(LaneNotice::ReadMarker(marker)) => {
                    if self.rooms.get_mut(&marker.room).is_some_and(|room| room.marked(&marker)) {
                        touched.entry(marker.room).or_default();
                    }
                }
                LaneMessage::Notice(LaneNotice::Live(_)) => self.lane_caught_up(),
                // Only on pages; on a lane it means nothing.
                LaneMessage::Notice(LaneNotice::PageHead(_)) => {}
            }
        }
        let rooms: Vec<RoomId> = touched.keys().copied().collect();
        self.take_copies(rooms, &mut touched);
        self.tell(touched);
    }

    /// Events came as copies: they count in their turn, and only in rooms that a lane carries.
    pub(super) fn handle_copies(&mut self, events: Vec<Event>) {
        let mut rooms = BTreeSet::new();
        for event in events {
            if self.opened.contains(&event.head.room) {
                rooms.insert(event.head.room);
                self.early.hold(event);
            }
        }
        let mut touched = Touched::new();
        self.take_copies(rooms, &mut touched);
        self.tell(touched);
    }

    fn take_copies(&mut self, rooms: impl IntoIterator<Item = RoomId>, touched: &mut Touched) {
        for id in rooms {
            while let Some(have) = self.rooms.get(&id).map(Room::have)
                && let Some(event) = self.early.next(id, have)
            {
                self.event(event, touched);
            }
        }
    }

    /// A page for the hole in a room's timeline came.
    pub(super) fn hole_filled(&mut self, id: RoomId, ticket: Ticket, events: Vec<Event>) {
        let mut touched = Touched::new();
        if self.room_fetched(id, ticket)
            && let Some(room) = self.rooms.get_mut(&id)
        {
            let had = room.have();
            let ready = room.filled(events, &self.me);
            self.applied(id, had, ready, &mut touched);
        }
        self.tell(touched);
        self.fill_holes();
    }

    /// The page for a room's hole came, or does not come. `false`: nobody waits for it any more.
    pub(super) fn room_fetched(&mut self, room: RoomId, ticket: Ticket) -> bool {
        self.rooms.get_mut(&room).is_some_and(|room| room.timeline().fetched(ticket))
    }

    /// Asks for what is missing, in rooms and before followers.
    pub(super) fn fill_holes(&mut self) {
        if !self.session.is_welcome() || self.refill_at.is_some() {
            return;
        }
        let mut holes = Vec::new();
        for (id, room) in &mut self.rooms {
            if let Some(have) = room.timeline().hole()
                && let Some(ticket) = self.requests.ticket()
            {
                room.timeline().fetch(ticket);
                holes.push((*id, have, ticket));
            }
        }
        for (room, have, ticket) in holes {
            self.ask(history_after(room, have), Asker::Hole(room, ticket));
        }
        self.fill_followers();
    }

    /// One is no member of this room any more.
    fn room_gone(&mut self, room: RoomId) {
        self.followers.remove(&room);
        self.opened.remove(&room);
        self.early.forget(room);
        self.marks.forget(room);
        if self.rooms.remove(&room).is_some() {
            self.cache.forget(room);
            self.shared.remove_room(room);
            self.shared.with_drafts(|drafts| drafts.set(room, String::new()));
            self.outlet.emit(ClientEvent::RoomGone(room));
        }
    }

    fn event(&mut self, event: Event, touched: &mut Touched) {
        let id = event.head.room;
        self.follower_event(&event);
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        let had = room.have();
        let ready = room.arrived(event, &self.me);
        let has_hole = ready.is_empty();
        self.applied(id, had, ready, touched);
        if has_hole {
            self.fill_holes();
        }
    }

    /// Events follow `had` in a room's timeline, or begin later where nothing in between can be
    /// had any more.
    fn applied(&mut self, id: RoomId, had: Seq, ready: Vec<Event>, touched: &mut Touched) {
        let have = self.rooms.get(&id).map_or(had, Room::have);
        let goes_on_after = ready.first().map_or(have, |first| first.head.seq.prev());
        if goes_on_after > had {
            self.reset(id, goes_on_after, touched);
        }
        if ready.is_empty() {
            return;
        }
        let me = self.me.account;
        for event in &ready {
            if let (Change::Posted(posted), true) = (&event.change, event.head.author.account == me)
            {
                self.sent(posted.message_id, event.head.seq, event.head.time);
            }
        }
        let items = touched.entry(id).or_default();
        if self.outlet.is_heard() {
            items.extend(ready.iter().map(|event| Item::of_event(event, me)));
        }
        self.cache.append(id, ready);
    }

    fn room_opened(&mut self, opened: RoomOpened, touched: &mut Touched) {
        let RoomOpened { room: listing, next } = opened;
        let (id, head) = (listing.room, listing.head);
        if self.rooms.len() >= limits::ROOMS_PER_ACCOUNT && !self.rooms.contains_key(&id) {
            return;
        }
        self.opened.insert(id);
        let jumped = match self.rooms.get_mut(&id) {
            Some(room) => room.opened(listing, next),
            None => {
                let view = RoomView { listing, preview: None };
                self.rooms.insert(id, Room::new(view, next.prev()));
                self.cache.reset(id, next.prev());
                self.store_room(id);
                false
            }
        };
        touched.entry(id).or_default();
        if jumped {
            self.reset(id, next.prev(), touched);
        }
        self.follower_opened(id, head, next);
    }

    fn lane_caught_up(&mut self) {
        let now = self.now();
        self.session.lane_caught_up(now);
        let is_synced = self.session.connection() == Connection::Live;
        if is_synced {
            let gone = self.rooms.keys().filter(|room| !self.opened.contains(room));
            for room in gone.copied().collect::<Vec<_>>() {
                self.room_gone(room);
            }
        }
    }

    /// A room's timeline goes on elsewhere.
    fn reset(&mut self, room: RoomId, have: Seq, touched: &mut Touched) {
        if let Some(items) = touched.get_mut(&room) {
            items.clear();
        }
        self.cache.reset(room, have);
        self.outlet.emit(ClientEvent::TimelineReset(room));
    }

    fn tell(&mut self, touched: Touched) {
        for (room, items) in touched {
            if !items.is_empty() {
                self.outlet.emit(ClientEvent::Items { room, items });
            }
            self.store_room(room);
            self.publish_room(room);
        }
    }

    /// Keeps a room as it stands.
    pub(super) fn store_room(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.get(&room)
            && self.cache.keeps()
        {
            let listing: RoomListing = room.view().listing.clone();
            self.cache.room(listing, room.have());
        }
    }

    /// The server's history, as of the newest welcome.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        self.profile.as_ref().map(|profile| profile.epoch)
    }
}

/// A request for what follows `have`.
pub(super) fn history_after(room: RoomId, have: Seq) -> History {
    History { room, span: Span::After(have), limit: limits::PAGE_EVENTS }
}
