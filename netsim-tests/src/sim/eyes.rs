//! What somebody sees: a window's events, and rooms that are followed like `tail` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tertulia_client::{ClientEvent, Content, Delivery, Item, proto::Body};
use tertulia_proto::{Change, Event, HistoryPolicy, RoomId, Seq};

use super::{
    ledger::{Seen, Told},
    process::Process,
};

/// What one process has shown.
#[derive(Debug, Clone, Default)]
pub struct Eyes(Arc<Mutex<Sights>>);

/// See [`Eyes`].
#[derive(Debug, Default)]
pub struct Sights {
    /// Every line of a room's timeline since it last began anew.
    pub shown: BTreeMap<RoomId, Shown>,
    /// How far rooms were followed; without those that ended.
    pub followed: BTreeMap<RoomId, Seq>,
    /// Some events were dropped, and said to be.
    pub lagged: bool,
}

/// Lines of one room.
#[derive(Debug, Default)]
pub struct Shown {
    /// By others, and events.
    pub others: BTreeSet<Seq>,
    /// By oneself: the receipt may come before what is before it.
    pub own: BTreeSet<Seq>,
}

impl Eyes {
    /// What was seen so far.
    pub fn sights(&self) -> MutexGuard<'_, Sights> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks, until the client is closed.
    pub async fn watch(&self, process: &Process, events: &async_channel::Receiver<ClientEvent>) {
        while let Ok(event) = events.recv().await {
            self.see(process, event);
        }
    }

    /// Looks at one piece of news.
    pub fn see(&self, process: &Process, event: ClientEvent) {
        let mut sights = self.sights();
        match event {
            ClientEvent::Items { room, items } => {
                let shown = sights.shown.entry(room).or_default();
                for item in &items {
                    shown.add(process, room, item);
                }
            }
            ClientEvent::TimelineReset(room) => {
                sights.shown.remove(&room);
                // Nobody here falls thousands of events behind, so everything can be had.
                if history(process, room) == Some(HistoryPolicy::All) {
                    let who = process.person;
                    process.world.ledger.violated(format!("{who}'s timeline of {room} jumped"));
                }
            }
            ClientEvent::RoomGone(room) => drop(sights.shown.remove(&room)),
            ClientEvent::Lagged { .. } => sights.lagged = true,
            _ => {}
        }
    }

    /// Follows a room from after a seq on: every event once, in order, with nothing left out.
    pub async fn follow(self, process: Process, room: RoomId, after: Seq) {
        let Ok(mut follow) = process.client.follow(room, after).await else { return };
        let is_whole = history(&process, room) == Some(HistoryPolicy::All);
        let mut last = after;
        self.sights().followed.insert(room, last);
        while let Some(event) = follow.next().await {
            if process.machine.is_dead() {
                return;
            }
            let seq = event.head.seq;
            if seq <= last || (is_whole && seq != last.next()) || event.head.room != room {
                let who = process.person;
                let text = format!("{who}, following {room}, got {seq} after {last}");
                process.world.ledger.violated(text);
            }
            process.world.ledger.saw(process.person, room, seq, seen(&event));
            last = seq;
            self.sights().followed.insert(room, last);
        }
        self.sights().followed.remove(&room);
    }
}

impl Shown {
    fn add(&mut self, process: &Process, room: RoomId, item: &Item) {
        let (ledger, person) = (&process.world.ledger, process.person);
        if let (Some(id), true) = (item.message_id, item.mine) {
            match (item.delivery, item.seq) {
                (Delivery::Sent, Some(seq)) => ledger.told_by_id(id, Told::Receipted(seq)),
                (Delivery::Failed(_), _) => ledger.told_by_id(id, Told::Refused),
                _ => {}
            }
        }
        let Some(seq) = item.seq else { return };
        ledger.saw(person, room, seq, seen_item(item));
        let known = if item.mine { &mut self.own } else { &mut self.others };
        known.insert(seq);
    }
}

fn history(process: &Process, room: RoomId) -> Option<HistoryPolicy> {
    let rooms = process.client.snapshot().rooms;
    rooms.iter().find(|view| view.listing.room == room).map(|view| view.listing.history)
}

/// What somebody saw of an event.
pub fn seen(event: &Event) -> Seen {
    let Change::Posted(posted) = &event.change else {
        return Seen { message_id: None, text: None };
    };
    let text = match &posted.body {
        Some(Body::Text(text)) => Some(text.as_str().to_owned()),
        _ => None,
    };
    Seen { message_id: Some(posted.message_id), text }
}

/// What somebody saw of an item that has its place.
pub fn seen_item(item: &Item) -> Seen {
    let text = match &item.content {
        Content::Text(text) => Some(text.as_str().to_owned()),
        _ => None,
    };
    Seen { message_id: item.message_id, text }
}
