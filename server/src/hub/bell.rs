//! How a connection learns which of its rooms have something for it.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tertulia_proto::{AccountId, RoomId, Seq};
use tokio::sync::Notify;

use super::typing::{EncodedTyping, TypingQueue};

/// One connection's bell: rung by the hub, answered by the connection's lanes. It holds at most
/// one line per room, however often it is rung.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Whose connection it is.
    account: AccountId,
    typing: TypingQueue,
    todo: Mutex<BTreeMap<RoomId, Todo>>,
    rung: Notify,
}

/// What there is to do for a room, in this order: close, open, read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Todo {
    /// Stop carrying it, after that event.
    pub(crate) close: Option<Seq>,
    /// Carry it from now on.
    pub(crate) open: bool,
    /// The account's read marker moved.
    pub(crate) read: bool,
}

impl Bell {
    /// The bell of a connection of that account.
    pub(crate) fn new(account: AccountId) -> Self {
        Self { account, ..Self::default() }
    }

    pub(crate) fn account(&self) -> AccountId {
        self.account
    }

    /// The room has new frames.
    pub(crate) fn ring(&self, room: RoomId) {
        self.note(room, |_| ());
    }

    /// The account became a member.
    pub(crate) fn open(&self, room: RoomId) {
        self.note(room, |todo| todo.open = true);
    }

    /// The account is no member any more.
    pub(crate) fn close(&self, room: RoomId, after: Seq) {
        // Of two ends the first: what lies between was not the account's to read.
        self.note(room, |todo| {
            let after = todo.close.map_or(after, |first| first.min(after));
            *todo = Todo { close: Some(after), ..Todo::default() };
        });
    }

    /// The account read further in the room.
    pub(crate) fn read(&self, room: RoomId) {
        self.note(room, |todo| todo.read = true);
    }

    /// Somebody is writing in a room.
    pub(super) fn tell_typing(&self, notice: &EncodedTyping) {
        self.typing.push(notice);
    }

    /// The next notice of somebody who writes.
    ///
    /// Cancellation safe.
    pub(crate) async fn typing(&self) -> EncodedTyping {
        self.typing.next().await
    }

    /// Waits for something to do and takes all of it, in room order.
    ///
    /// Cancellation safe: what is not returned stays.
    pub(crate) async fn answer(&self) -> BTreeMap<RoomId, Todo> {
        loop {
            let rung = self.rung.notified();
            let todo = mem::take(&mut *self.lock());
            if !todo.is_empty() {
                return todo;
            }
            rung.await;
        }
    }

    fn note(&self, room: RoomId, change: impl FnOnce(&mut Todo)) {
        change(self.lock().entry(room).or_default());
        self.rung.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RoomId, Todo>> {
        self.todo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rings_merge_to_one_line_a_room_and_the_last_membership_wins() {
        let bell = Bell::default();
        let (a, b, c, d) = (RoomId(1), RoomId(2), RoomId(3), RoomId(4));
        bell.ring(a);
        bell.ring(a);
        bell.open(b);
        bell.close(b, Seq(7));
        bell.close(c, Seq(8));
        bell.open(c);
        for (after, opened) in [(3, true), (9, true), (12, false)] {
            bell.close(d, Seq(after));
            if opened {
                bell.open(d);
            }
        }
        let todo = bell.answer().await;
        assert_eq!(todo[&a], Todo::default());
        assert_eq!(todo[&b], Todo { close: Some(Seq(7)), ..Todo::default() });
        assert_eq!(todo[&c], Todo { close: Some(Seq(8)), open: true, read: false });
        let first_end = Todo { close: Some(Seq(3)), ..Todo::default() };
        assert_eq!(todo[&d], first_end, "nothing of the time between two memberships");
        assert_eq!(todo.len(), 4);
    }

    #[tokio::test]
    async fn a_ring_before_the_wait_is_not_lost() {
        let bell = Bell::default();
        bell.ring(RoomId(1));
        assert_eq!(bell.answer().await.len(), 1);
        let waiting = async {
            assert_eq!(bell.answer().await.len(), 1);
        };
        let ringing = async { bell.ring(RoomId(2)) };
        tokio::join!(waiting, ringing);
    }
}
