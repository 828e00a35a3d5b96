//! Events of a room as they are read back.

use rusqlite::{Connection, params};
use tertulia_proto::{Event, EventHead, RoomId, Seq, Span};

use super::{
    changes,
    sql::{column, int},
};
use crate::state::AccountRow;

/// What a frame of an event takes at most beside its body: numbers, names, a topic.
const EVENT_OVERHEAD: usize = 2_048;
/// The same of a message.
const MESSAGE_OVERHEAD: usize = 512;

/// Events of a span, none from before `from`: ascending for `After`, descending otherwise.
pub(super) fn collect(
    db: &Connection,
    room: RoomId,
    span: Span,
    from: Seq,
    limit: usize,
    byte_limit: usize,
) -> rusqlite::Result<Vec<Event>> {
    let (seq, ascending) = match span {
        Span::Newest => (Seq(i64::MAX as u64), false),
        Span::Before(seq) => (seq, false),
        Span::After(seq) => (seq.max(from.prev()), true),
    };
    let mut statement = db.prepare_cached(if ascending {
        "SELECT seq, event.position, time, id, handle, display, role,
                kind, message_id, reply_to, edited, subject, detail, bytes
         FROM event JOIN account ON account.id = event.account LEFT JOIN body USING (position)
         WHERE room = ?1 AND seq > ?2 AND seq >= ?3 ORDER BY seq ASC LIMIT ?4"
    } else {
        "SELECT seq, event.position, time, id, handle, display, role,
                kind, message_id, reply_to, edited, subject, detail, bytes
         FROM event JOIN account ON account.id = event.account LEFT JOIN body USING (position)
         WHERE room = ?1 AND seq < ?2 AND seq >= ?3 ORDER BY seq DESC LIMIT ?4"
    })?;
    let mut rows = statement.query(params![int(room.0), int(seq.0), int(from.0), limit as i64])?;
    let (mut events, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let body = row.get_ref(13)?.as_blob_or_null().ok().flatten();
        let file = row.get_ref(12)?.as_blob_or_null().ok().flatten().map_or(0, <[u8]>::len);
        size += body.map_or(EVENT_OVERHEAD, |body| body.len() + file + MESSAGE_OVERHEAD);
        if size > byte_limit && !events.is_empty() {
            break;
        }
        let head = EventHead {
            room,
            seq: column(row, 0)?,
            position: column(row, 1)?,
            time: column(row, 2)?,
            author: AccountRow::read(row, 3)?.author(),
        };
        events.push(Event { head, change: changes::read(db, row, 7)? });
    }
    Ok(events)
}
