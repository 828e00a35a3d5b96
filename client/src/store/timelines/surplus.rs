//! What is kept of each room is bounded, and what is more goes in small steps beside the rest: a
//! start that deletes a million rows first shows nothing for seconds.

use rusqlite::{Connection, params};
use tertulia_proto::{RoomId, Seq};

/// Newest events kept of each room from before the cache was opened.
pub(super) const KEPT_EVENTS: u64 = 5_000;
/// Events deleted in one step.
const STEP: u64 = 1_000;

/// Rooms of which more was kept than is wanted; up to which event it goes.
#[derive(Debug, Default)]
pub(super) struct Surplus(Vec<(RoomId, Seq)>);

impl Surplus {
    /// Of a cache as it stands.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut rooms = connection.prepare("SELECT room, have FROM rooms")?;
        let rooms =
            rooms.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        let mut surplus = Vec::new();
        for room in rooms {
            let (room, have) = room?;
            let (room, last) = (RoomId(room as u64), (have as u64).saturating_sub(KEPT_EVENTS));
            if super::oldest(connection, room)?.is_some_and(|oldest| oldest.0 <= last) {
                surplus.push((room, Seq(last)));
            }
        }
        Ok(Self(surplus))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That room's numbers mean something else from now on.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.0.retain(|(of, _)| *of != room);
    }

    /// Deletes some of it, the oldest first, so that what stays is one run.
    pub(super) fn delete_some(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(&(room, last)) = self.0.last() else { return Ok(()) };
        let oldest = super::oldest(connection, room)?.filter(|oldest| *oldest <= last);
        if let Some(oldest) = oldest {
            let last = last.0.min(oldest.0.saturating_add(STEP - 1));
            connection
                .prepare_cached("DELETE FROM events WHERE room = ?1 AND seq <= ?2")?
                .execute(params![room.0 as i64, last as i64])?;
        } else {
            self.0.pop();
        }
        Ok(())
    }
}
