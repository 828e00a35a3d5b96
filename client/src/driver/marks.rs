//! Read markers on their way to the server: the newest of each room, at most once a second.

use std::{collections::BTreeMap, time::Duration};

use tertulia_proto::{MarkRead, RoomId, Seq, limits};

use super::{Driver, requests::Asker};

/// Between two rounds of markers.
const PACE: Duration = Duration::from_secs(1);

/// Markers that the server does not know yet.
#[derive(Debug, Default)]
pub(super) struct Marks {
    newest: BTreeMap<RoomId, Seq>,
    flushed_at: Option<Duration>,
}

impl Marks {
    /// When they are to be sent.
    pub(super) fn due(&self, can_send: bool) -> Option<Duration> {
        if self.newest.is_empty() || !can_send {
            return None;
        }
        Some(self.flushed_at.map_or(Duration::ZERO, |at| at + PACE))
    }

    /// No member any more.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.newest.remove(&room);
    }

    fn mark(&mut self, room: RoomId, seq: Seq) {
        if self.newest.len() < limits::ROOMS_PER_ACCOUNT || self.newest.contains_key(&room) {
            let newest = self.newest.entry(room).or_default();
            *newest = seq.max(*newest);
        }
    }
}

impl Driver {
    pub(super) fn mark_read(&mut self, room: RoomId, seq: Seq) {
        if let Some(known) = self.rooms.get_mut(&room) {
            if !known.mark_read(seq) {
                return;
            }
            self.store_room(room);
            self.publish_room(room);
        }
        self.marks.mark(room, seq);
    }

    /// The server did not take a marker: it hears of it in the next round.
    pub(super) fn mark_again(&mut self, room: RoomId, seq: Seq) {
        if self.rooms.contains_key(&room) {
            self.marks.mark(room, seq);
        }
    }

    /// They wait while much else does.
    pub(super) fn sends_marks(&self) -> bool {
        self.session.is_welcome() && !self.requests.is_busy()
    }

    pub(super) fn flush_marks(&mut self, now: Duration) {
        if self.marks.due(self.sends_marks()).is_none_or(|at| at > now) {
            return;
        }
        self.marks.flushed_at = Some(now);
        for (room, seq) in std::mem::take(&mut self.marks.newest) {
            self.ask(MarkRead { room, seq }, Asker::Mark(room, seq));
        }
    }
}
