//! The numbering of what happens in a room.

use rusqlite::{Connection, params};
use tertulia_proto::{Change, Event, EventHead, RoomId, Seq};

use super::{account::AccountRow, entry::Entry, verdict::Stop};
use crate::store::{
    changes::Columns,
    sql::{column, int},
};

/// The newest event's seq.
pub(super) fn head(tx: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    tx.prepare_cached("SELECT head FROM room WHERE id = ?1")?
        .query_row([int(room.0)], |row| column(row, 0))
}

/// Gives a change its place in a room: the next seq, without a gap.
pub(super) fn happen(
    tx: &Connection,
    entry: &Entry<'_>,
    account: &AccountRow,
    room: RoomId,
    change: Change,
) -> Result<Event, Stop> {
    let seq: Seq = tx
        .prepare_cached("UPDATE room SET head = head + 1 WHERE id = ?1 RETURNING head")?
        .query_row([int(room.0)], |row| column(row, 0))?;
    let head = EventHead {
        room,
        seq,
        position: entry.position,
        time: entry.time,
        author: account.author(),
    };
    let event = Event { head, change };
    let columns = Columns::of(&event)?;
    tx.prepare_cached(
        "INSERT INTO event (room, seq, position, time, account, kind, message_id, reply_to,
                            subject, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        int(room.0),
        int(seq.0),
        int(entry.position.0),
        int(entry.time.0),
        int(account.id.0),
        columns.kind,
        columns.message_id.as_ref().map(<[u8; 16]>::as_slice),
        columns.reply_to.map(|seq| int(seq.0)),
        columns.subject.map(|account| int(account.0)),
        columns.detail,
    ])?;
    Ok(event)
}
