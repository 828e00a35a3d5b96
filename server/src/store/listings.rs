//! A room as one account sees it.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{
    AccountId, Author, DisplayName, Handle, ReadMarker, RoomId, RoomKind, RoomListing, RoomName,
    Seq, Topic,
};

use super::sql::{column, int, text};
use crate::state::{ARCHIVED, SINCE_JOINED, history_policy};

/// A room as an account sees it; `None` if there is no such room.
pub(super) fn listing(
    db: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<Option<RoomListing>> {
    let found = db
        .prepare_cached(
            "SELECT id, name, kind, flags, topic, members, head, role, read
             FROM room LEFT JOIN member ON member.room = room.id AND member.account = ?1
             WHERE id = ?2",
        )?
        .query_row(params![int(account.0), int(room.0)], |row| {
            let entered = row.get::<_, Option<i64>>(7)?.is_some();
            let flags: i64 = row.get(3)?;
            Ok(RoomListing {
                room: column(row, 0)?,
                name: text(row, 1, RoomName::kept)?,
                kind: column(row, 2)?,
                topic: text(row, 4, Topic::try_from)?,
                members: column(row, 5)?,
                head: column(row, 6)?,
                role: if entered { Some(column(row, 7)?) } else { None },
                read: if entered { column(row, 8)? } else { Seq(0) },
                unread: 0,
                mentions: 0,
                archived: flags & ARCHIVED != 0,
                history: history_policy(flags & SINCE_JOINED != 0),
                peer: None,
            })
        })
        .optional()?;
    let Some(mut listing) = found else { return Ok(None) };
    if listing.is_entered() {
        (listing.unread, listing.mentions) = unread(db, account, room, listing.read)?;
    }
    if listing.kind == RoomKind::Direct {
        listing.peer = peer(db, account, room)?;
        if let Some(peer) = &listing.peer
            && let Ok(name) = RoomName::kept(peer.handle.as_str().to_owned())
        {
            listing.name = name;
        }
    }
    Ok(Some(listing))
}

/// How far an account has read a room; `None` where it is no member.
pub(super) fn read_marker(
    db: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<Option<ReadMarker>> {
    let found = db
        .prepare_cached(
            "SELECT read, head FROM member JOIN room ON room.id = member.room
             WHERE member.account = ?1 AND member.room = ?2",
        )?
        .query_row(params![int(account.0), int(room.0)], |row| {
            Ok((column::<Seq>(row, 0)?, column::<Seq>(row, 1)?))
        })
        .optional()?;
    let Some((read, head)) = found else { return Ok(None) };
    let (unread, mentions) = unread(db, account, room, read)?;
    Ok(Some(ReadMarker { room, read, head, unread, mentions }))
}

/// Messages of others after the marker, and those of them that name the account.
fn unread(
    db: &Connection,
    account: AccountId,
    room: RoomId,
    read: Seq,
) -> rusqlite::Result<(u32, u32)> {
    db.prepare_cached(
        "SELECT (SELECT count(*) FROM
                     (SELECT 1 FROM event
                      WHERE room = ?2 AND seq > ?3 AND kind = 256 AND account <> ?1 LIMIT 1000)),
                (SELECT count(*) FROM
                     (SELECT 1 FROM mention
                      WHERE account = ?1 AND room = ?2 AND seq > ?3 LIMIT 1000))",
    )?
    .query_row(params![int(account.0), int(room.0), int(read.0)], |row| {
        Ok((column(row, 0)?, column(row, 1)?))
    })
}

fn peer(db: &Connection, account: AccountId, room: RoomId) -> rusqlite::Result<Option<Author>> {
    db.prepare_cached(
        "SELECT id, handle, display FROM account
         WHERE id = (SELECT account FROM member WHERE room = ?2 AND account <> ?1)",
    )?
    .query_row(params![int(account.0), int(room.0)], |row| {
        Ok(Author {
            account: column(row, 0)?,
            handle: text(row, 1, Handle::kept)?,
            display: text(row, 2, DisplayName::kept)?,
        })
    })
    .optional()
}
