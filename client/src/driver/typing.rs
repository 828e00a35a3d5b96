//! Who is writing, both ways: told now or not at all.

use std::time::Duration;

use tertulia_proto::{RoomId, Typing, TypingNotice, limits};

use super::Driver;
use crate::model::ClientEvent;

/// Between two notices of one room.
const PACE: Duration = Duration::from_millis(limits::TYPING_INTERVAL_MS);

impl Driver {
    /// Tells the others in a room that one is writing, as often as that is news.
    pub(super) fn typing(&mut self, room: RoomId) {
        let now = self.now();
        self.typed.retain(|_, at| now.saturating_sub(*at) < PACE);
        let is_due = self.rooms.contains_key(&room) && !self.typed.contains_key(&room);
        if let (true, Some(connection)) = (is_due, &self.connection) {
            connection.tell_typing(&Typing { room });
            self.typed.insert(room, now);
        }
    }

    /// What was written is posted: the next letter is news again.
    pub(super) fn typing_ended(&mut self, room: RoomId) {
        self.typed.remove(&room);
    }

    pub(super) fn somebody_types(&mut self, notice: TypingNotice) {
        let TypingNotice { room, person } = notice;
        if self.rooms.contains_key(&room) && person.account != self.me.account {
            self.outlet.emit(ClientEvent::Typing { room, person });
        }
    }
}
