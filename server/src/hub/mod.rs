//! What is live: recent frames of every room, who carries them, who is connected.
//!
//! Nothing is queued per reader. A room keeps its recent frames once, as shared bytes; a reader
//! has a seq in each of its rooms and a [`Bell`] that says which rooms have something. A reader
//! who falls off the ring reads on from the store.

mod bell;
mod presence;
mod ring;
mod typing;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tertulia_proto::{AccountId, Person, Role, RoomId, Seq, TypingNotice};
use tokio::sync::Notify;

pub(crate) use bell::Bell;
pub(crate) use presence::{PresenceTracker, Roll};
pub(crate) use ring::Read;

use crate::{
    limits,
    log::Published,
    signal::{Signal, Watcher},
    state::{AccountRow, DeviceKey, Effect},
};
use presence::Online;
use ring::Ring;
use typing::EncodedTyping;

/// Shared by the writer, who publishes, and all connections, who read.
#[derive(Debug)]
pub(crate) struct Hub {
    state: Mutex<State>,
    presence: Signal,
    owner_registered: Notify,
}

#[derive(Debug, Default)]
struct State {
    rooms: BTreeMap<RoomId, Room>,
    online: Online,
    next_connection: u64,
}

#[derive(Debug, Default)]
struct Room {
    ring: Ring,
    bells: BTreeMap<ConnectionId, Arc<Bell>>,
}

/// A connection within this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionId(u64);

impl Hub {
    /// A hub whose rooms stand where the store has them.
    pub(crate) fn new(heads: impl IntoIterator<Item = (RoomId, Seq)>) -> Arc<Self> {
        let rooms = heads
            .into_iter()
            .map(|(id, head)| (id, Room { ring: Ring::new(head), ..Room::default() }))
            .collect();
        let state = Mutex::new(State { rooms, ..State::default() });
        Arc::new(Self { state, presence: Signal::default(), owner_registered: Notify::new() })
    }

    /// Enters a connection of a device. Its account is online until the guard is dropped.
    /// Over the device's limit the oldest connection is told to go.
    pub(crate) fn join(
        self: &Arc<Self>,
        account: &AccountRow,
        device: DeviceKey,
        bell: Arc<Bell>,
    ) -> Joined {
        let mut state = self.lock();
        state.next_connection += 1;
        let id = ConnectionId(state.next_connection);
        let replaced = Arc::new(Notify::new());
        let changed = state.online.join(
            account,
            presence::Connected {
                id,
                device,
                bell,
                replaced: Arc::clone(&replaced),
                silent: false,
            },
        );
        for surplus in state.online.over_limit(account.id, device, limits::CONNECTIONS_PER_DEVICE) {
            surplus.notify_one();
        }
        drop(state);
        if changed {
            self.presence_changed();
        }
        Joined { hub: Arc::clone(self), account: account.id, id, replaced }
    }

    /// Rings that connection's bell for what happens in a room from now on.
    pub(crate) fn subscribe(&self, id: ConnectionId, room: RoomId, bell: &Arc<Bell>) {
        self.lock().rooms.entry(room).or_default().bells.insert(id, Arc::clone(bell));
    }

    /// No more.
    pub(crate) fn unsubscribe(&self, id: ConnectionId, room: RoomId) {
        if let Some(room) = self.lock().rooms.get_mut(&room) {
            room.bells.remove(&id);
        }
    }

    /// Tells the others in a room that somebody is writing there. Only a connection that carries
    /// the room can say so: it is a member's.
    pub(crate) fn typing(&self, id: ConnectionId, account: AccountId, room: RoomId) {
        let state = self.lock();
        let Some(found) = state.rooms.get(&room).filter(|found| found.bells.contains_key(&id))
        else {
            return;
        };
        let Some(person) = state.online.author(account) else {
            return;
        };
        let notice = EncodedTyping::new(TypingNotice { room, person });
        for bell in found.bells.values().filter(|bell| bell.account() != account) {
            bell.tell_typing(&notice);
        }
    }

    /// Frames of a room from `next` on, about so many bytes of them; nothing to a connection
    /// whose account is no member any more. To that one what was before its end is
    /// [`Hub::read_rest`].
    pub(crate) fn read(&self, id: ConnectionId, room: RoomId, next: Seq, bytes: usize) -> Read {
        let state = self.lock();
        let found = state.rooms.get(&room).filter(|found| found.bells.contains_key(&id));
        found.map_or(Read::UpToDate, |found| found.ring.read(next, bytes, None))
    }

    /// The same for one who may have it up to an event that they know.
    pub(crate) fn read_rest(&self, room: RoomId, next: Seq, bytes: usize, last: Seq) -> Read {
        let state = self.lock();
        let found = state.rooms.get(&room);
        found.map_or(Read::UpToDate, |found| found.ring.read(next, bytes, Some(last)))
    }

    /// Who is connected now.
    pub(crate) fn roll(&self) -> Arc<Roll> {
        self.lock().online.roll()
    }

    /// Connected people with a larger account id, at most so many.
    pub(crate) fn people_after(&self, after: AccountId, limit: usize) -> Vec<Person> {
        self.lock().online.people_after(after, limit)
    }

    /// Whether an account is connected.
    pub(crate) fn is_online(&self, account: AccountId) -> bool {
        self.lock().online.contains(account)
    }

    /// How many connections there are, and how many accounts are online.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.lock().online.counts()
    }

    /// Changes whenever [`Hub::roll`] does; the first time at once.
    pub(crate) fn presence(&self) -> Watcher {
        self.presence.watch()
    }

    /// Returns when an owner was registered, also if that was before the call (once).
    pub(crate) async fn owner_registered(&self) {
        self.owner_registered.notified().await;
    }

    fn presence_changed(&self) {
        self.presence.raise();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock; if one did, the maps are still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Publishing is the log's: in log order, after the commit.
impl Published for Arc<Hub> {
    fn publish<'a>(&mut self, effects: impl Iterator<Item = &'a Effect>) {
        let mut renamed = false;
        let mut moved = BTreeSet::new();
        let mut state = self.lock();
        for effect in effects {
            match effect {
                Effect::Happened(event) => {
                    let room = state.rooms.entry(event.head.room).or_default();
                    if room.bells.is_empty() {
                        // Nobody reads along: what is read later comes from the store.
                        room.ring.skip_to(event.head.seq);
                        continue;
                    }
                    room.ring.push(event.head.seq, &event.encode());
                    moved.insert(event.head.room);
                }
                Effect::Entered { account, room } => {
                    for bell in state.online.bells(*account) {
                        bell.open(*room);
                    }
                }
                Effect::Left { account, room, after } => {
                    // At once: a connection that is slow to hear of it gets nothing meanwhile.
                    if let Some(found) = state.rooms.get_mut(room) {
                        found.bells.retain(|_, bell| bell.account() != *account);
                    }
                    for bell in state.online.bells(*account) {
                        bell.close(*room, *after);
                    }
                }
                Effect::Read { account, room } => {
                    for bell in state.online.bells(*account) {
                        bell.read(*room);
                    }
                }
                Effect::Registered(role) => {
                    if *role == Role::Owner {
                        self.owner_registered.notify_one();
                    }
                }
                Effect::Renamed(account) => renamed |= state.online.rename(account),
            }
        }
        // Once for all that came together.
        for id in moved {
            if let Some(room) = state.rooms.get_mut(&id) {
                room.ring.seal();
                room.bells.values().for_each(|bell| bell.ring(id));
            }
        }
        drop(state);
        if renamed {
            self.presence_changed();
        }
    }
}

/// A connection's place in the hub; leaving can't be forgotten.
#[derive(Debug)]
pub(crate) struct Joined {
    hub: Arc<Hub>,
    account: AccountId,
    id: ConnectionId,
    replaced: Arc<Notify>,
}

impl Joined {
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Notes whether anything is heard from the connection.
    pub(crate) fn set_silent(&self, silent: bool) {
        let mut state = self.hub.lock();
        let changed = state.online.set_silent(self.account, self.id, silent);
        drop(state);
        if changed {
            self.hub.presence_changed();
        }
    }

    /// Returns when another connection of the device took this one's place.
    pub(crate) async fn replaced(&self) {
        self.replaced.notified().await;
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        let changed = state.online.leave(self.account, self.id);
        drop(state);
        if changed {
            self.hub.presence_changed();
        }
    }
}

#[cfg(test)]
mod tests;
