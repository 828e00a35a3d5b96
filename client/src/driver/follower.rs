//! Reading one room from a seq on, without gaps and without end: what `tail` does.
//!
//! Live events come off the lane; what a slow reader, a jump or an old start leaves out is fetched
//! by pages. Nothing is dropped, and no more is held than the feed's bound.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tertulia_proto::{Event, RoomId, Seq, limits};
use tokio::sync::oneshot;

use super::{Driver, lane::history_after, requests::Asker};
use crate::core::timeline::{EARLY_EVENTS, Ticket, Timeline};

/// Events that wait for the reader.
const FEED: usize = 1_024;
/// So many may come out at once: a page, and what was held behind the hole.
const ROOM: usize = limits::PAGE_EVENTS as usize + EARLY_EVENTS;

/// The reading end of a follower.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Events in order. Closed: one is no member of the room any more, or the client is closed.
    pub(crate) events: async_channel::Receiver<Event>,
    is_starved: Arc<AtomicBool>,
}

impl Feed {
    /// Whether the driver waits for room, and there is some now; asked after each event taken.
    pub(crate) fn may_want_more(&self) -> bool {
        self.events.len() <= FEED - ROOM && self.is_starved.load(Ordering::Acquire)
    }

    /// The same, and the driver is told of it now by whoever asks.
    pub(crate) fn wants_more(&self) -> bool {
        self.may_want_more() && self.is_starved.swap(false, Ordering::AcqRel)
    }
}

/// The writing end.
#[derive(Debug)]
pub(super) struct Follower {
    timeline: Timeline,
    events: async_channel::Sender<Event>,
    is_starved: Arc<AtomicBool>,
    /// Where it was in a history that is no more.
    was_at: Option<Seq>,
}

impl Follower {
    fn new(after: Seq) -> (Self, Feed) {
        let (tx, events) = async_channel::bounded(FEED);
        let is_starved = Arc::new(AtomicBool::new(false));
        let feed = Feed { events, is_starved: Arc::clone(&is_starved) };
        (Self { timeline: Timeline::new(after), events: tx, is_starved, was_at: None }, feed)
    }

    /// The room has another history: it goes on where it was, or where that one ends by now.
    pub(super) fn forget(&mut self) {
        self.was_at = Some(self.timeline.have());
    }

    fn opened(&mut self, head: Seq, next: Seq) {
        if let Some(was_at) = self.was_at.take() {
            self.timeline.reset(was_at.min(head));
        }
        self.timeline.exists(next.prev());
    }

    /// Whether everything that could come out at once has room. If not, the reader will ask.
    fn has_room(&self) -> bool {
        let fits = || self.events.len() <= FEED - ROOM;
        if fits() {
            return true;
        }
        self.is_starved.store(true, Ordering::Release);
        // The reader may have made room before it could see the flag.
        fits()
    }

    fn arrived(&mut self, event: &Event) {
        if self.has_room() {
            let ready = self.timeline.arrived(event.clone());
            self.pass_on(ready);
        } else {
            self.timeline.exists(event.head.seq);
        }
    }

    fn pass_on(&self, events: Vec<Event>) {
        for event in events {
            // There is room; a reader that is gone misses nothing.
            let _ = self.events.try_send(event);
        }
    }
}

impl Driver {
    pub(super) fn follow(&mut self, room: RoomId, after: Seq, reply: oneshot::Sender<Feed>) {
        let (mut follower, feed) = Follower::new(after);
        if let Some(room) = self.rooms.get(&room) {
            follower.timeline.exists(room.have());
        }
        self.followers.retain(|_, follower| !follower.events.is_closed());
        self.followers.insert(room, follower);
        // Whoever asked may have gone.
        let _ = reply.send(feed);
        self.fill_holes();
    }

    /// The reader made room.
    pub(super) fn refill(&mut self, room: RoomId) {
        if self.followers.contains_key(&room) {
            self.fill_holes();
        }
    }

    pub(super) fn follower_event(&mut self, event: &Event) {
        let Some(follower) = self.followers.get_mut(&event.head.room) else {
            return;
        };
        follower.arrived(event);
        if follower.timeline.hole().is_some() {
            self.fill_followers();
        }
    }

    /// The room stands at `head`, and the lane goes on with `next`.
    pub(super) fn follower_opened(&mut self, room: RoomId, head: Seq, next: Seq) {
        if let Some(follower) = self.followers.get_mut(&room) {
            follower.opened(head, next);
            self.fill_followers();
        }
    }

    /// The lane goes on with `next`; what is before it comes by pages only.
    pub(super) fn follower_jumped(&mut self, room: RoomId, next: Seq) {
        if let Some(follower) = self.followers.get_mut(&room) {
            follower.timeline.exists(next.prev());
            self.fill_followers();
        }
    }

    pub(super) fn follower_filled(&mut self, room: RoomId, ticket: Ticket, events: Vec<Event>) {
        if self.follower_fetched(room, ticket)
            && let Some(follower) = self.followers.get_mut(&room)
        {
            let ready = follower.timeline.filled(events);
            follower.pass_on(ready);
        }
        self.fill_holes();
    }

    /// The page for a follower came, or does not come. `false`: nobody waits for it any more.
    pub(super) fn follower_fetched(&mut self, room: RoomId, ticket: Ticket) -> bool {
        self.followers.get_mut(&room).is_some_and(|follower| follower.timeline.fetched(ticket))
    }

    /// Asks for what followers miss, where their readers have room for it.
    pub(super) fn fill_followers(&mut self) {
        if !self.session.is_welcome() || self.refill_at.is_some() {
            return;
        }
        let mut holes = Vec::new();
        for (room, follower) in &mut self.followers {
            if let Some(have) = follower.timeline.hole()
                && follower.was_at.is_none()
                && follower.has_room()
                && let Some(ticket) = self.requests.ticket()
            {
                follower.timeline.fetch(ticket);
                holes.push((*room, have, ticket));
            }
        }
        for (room, have, ticket) in holes {
            self.ask(history_after(room, have), Asker::Follower(room, ticket));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::posted;

    #[tokio::test]
    async fn looking_whether_a_feed_starves_does_not_feed_it() {
        let (follower, feed) = Follower::new(Seq(0));
        let full = FEED - ROOM + 1;
        follower.pass_on((1..=full as u64).map(posted).collect());
        assert!(!follower.has_room() && !feed.may_want_more(), "starved, and still no room");
        feed.events.recv().await.unwrap();
        assert!(feed.may_want_more() && feed.may_want_more());
        assert!(feed.wants_more() && !feed.wants_more(), "told once");
    }
}
