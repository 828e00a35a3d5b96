//! How far each account has read, and what names it beyond.

use rusqlite::{Connection, params};
use tertulia_proto::{AccountId, Handle, MarkRead, RoomId, Seq};

use super::{
    access::authorized,
    account::acting_account,
    authorize::Action,
    entry::Entry,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::store::sql::int;

/// Moves a read marker forward.
pub(super) fn mark_read(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &MarkRead,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let room = command.room;
    authorized(tx, &account, room, Action::Read)?;
    if advance_marker(tx, account.id, room, command.seq)? {
        Ok(Verdict::Applied(Reply::Done, vec![Effect::Read { account: account.id, room }]))
    } else {
        Ok(Verdict::Repeat(Reply::Done))
    }
}

/// Moves it forward, never back and never past the newest event. Whether it moved.
pub(super) fn advance_marker(
    tx: &Connection,
    account: AccountId,
    room: RoomId,
    seq: Seq,
) -> rusqlite::Result<bool> {
    let to = params![int(account.0), int(room.0), int(seq.0)];
    let moved = tx
        .prepare_cached(
            "UPDATE member SET read = min(?3, (SELECT head FROM room WHERE id = ?2))
             WHERE account = ?1 AND room = ?2
               AND read < min(?3, (SELECT head FROM room WHERE id = ?2))",
        )?
        .execute(to)?;
    if moved > 0 {
        tx.prepare_cached("DELETE FROM mention WHERE account = ?1 AND room = ?2 AND seq <= ?3")?
            .execute(to)?;
    }
    Ok(moved > 0)
}

/// Notes for each member that is named that the message names them; never for its author.
pub(super) fn note_mentions(
    tx: &Connection,
    author: AccountId,
    room: RoomId,
    seq: Seq,
    handles: &[Handle],
) -> rusqlite::Result<()> {
    for handle in handles {
        tx.prepare_cached(
            "INSERT INTO mention (account, room, seq)
             SELECT id, ?2, ?3 FROM account
             JOIN member ON member.account = account.id AND member.room = ?2
             WHERE handle = ?4 AND id <> ?1",
        )?
        .execute(params![int(author.0), int(room.0), int(seq.0), handle.as_str()])?;
    }
    Ok(())
}
