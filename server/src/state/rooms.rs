//! Rooms, their members, and the numbering of what happens in them.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{
    AccountId, Change, EnterRoom, Event, EventHead, Joined, LeaveRoom, Left, MarkRead, Refusal,
    Role, RoomId, RoomName, Seq, limits as wire,
};

use super::{
    account::{AccountRow, acting_account},
    authorize::{Access, Action, authorize},
    entry::{Actor, Entry, MakeRoom},
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::{
    limits,
    store::sql::{column, int},
};

/// The room everyone is in; the log begins with it.
pub(crate) const LOBBY: RoomId = RoomId(1);

/// What an account has to do with a room; `None` where there is no such room.
pub(crate) fn access(
    db: &Connection,
    account: AccountId,
    room: RoomId,
) -> rusqlite::Result<Option<Access>> {
    db.prepare_cached(
        "SELECT kind, (SELECT role FROM member WHERE account = ?2 AND room = ?1)
         FROM room WHERE id = ?1",
    )?
    .query_row(params![int(room.0), int(account.0)], |row| {
        let member = row.get::<_, Option<i64>>(1)?.map(|_| column(row, 1)).transpose()?;
        Ok(Access { kind: column(row, 0)?, member })
    })
    .optional()
}

/// A room by its name.
pub(crate) fn room_by_name(db: &Connection, name: &RoomName) -> rusqlite::Result<Option<RoomId>> {
    db.prepare_cached("SELECT id FROM room WHERE name = ?1")?
        .query_row([name.as_str()], |row| column(row, 0))
        .optional()
}

/// Makes a room; its maker is its first member and owner.
pub(crate) fn create(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &MakeRoom,
) -> Result<Verdict, Stop> {
    let maker = match entry.actor {
        Actor::SERVER => None,
        actor => Some(acting_account(tx, actor.account)?),
    };
    if let Some(maker) = &maker {
        authorize(maker.role, Action::CreateRoom(command.kind))?;
    }
    let taken = tx
        .prepare_cached("SELECT 1 FROM room WHERE name = ?1 OR skeleton = ?2")?
        .exists(params![command.name.as_str(), command.skeleton])?;
    if taken {
        return Err(Stop::NameTaken(None));
    }
    let (all, own): (u32, u32) = tx
        .prepare_cached(
            "SELECT (SELECT count(*) FROM room),
                    (SELECT count(*) FROM room WHERE created_by = ?1)",
        )?
        .query_row([int(entry.actor.account.0)], |row| Ok((column(row, 0)?, column(row, 1)?)))?;
    if all >= limits::ROOMS || own >= limits::ROOMS_MADE_BY_ONE {
        return Err(Refusal::LIMIT.into());
    }
    let id = tx
        .prepare_cached(
            "INSERT INTO room
                 (name, skeleton, kind, flags, topic, head, members, created, created_by)
             VALUES (?1, ?2, ?3, 0, ?4, 0, 0, ?5, ?6)",
        )?
        .insert(params![
            command.name.as_str(),
            command.skeleton,
            command.kind as i64,
            command.topic.as_str(),
            int(entry.time.0),
            int(entry.actor.account.0),
        ])?;
    let room = RoomId(u64::try_from(id).unwrap_or_default());
    let effects = match &maker {
        Some(maker) => add_member(tx, entry, maker, room, Role::Owner)?,
        None => Vec::new(),
    };
    Ok(Verdict::Applied(Reply::Room(room), effects))
}

/// Enters a public room.
pub(crate) fn enter(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &EnterRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let room = room_by_name(tx, &command.name)?;
    let found = match room {
        Some(room) => access(tx, account.id, room)?,
        None => None,
    };
    authorize(account.role, Action::Enter(found))?;
    let room = room.ok_or(Refusal::NO_SUCH_ROOM)?;
    if found.is_some_and(|access| access.member.is_some()) {
        return Ok(Verdict::Repeat(Reply::Room(room)));
    }
    let effects = add_member(tx, entry, &account, room, account.role.min(Role::Member))?;
    Ok(Verdict::Applied(Reply::Room(room), effects))
}

/// Ends a membership.
pub(crate) fn leave(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &LeaveRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let found = access(tx, account.id, command.room)?;
    if found
        .is_some_and(|room| room.kind == tertulia_proto::RoomKind::Public && room.member.is_none())
    {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    authorize(account.role, Action::Leave(found))?;
    tx.prepare_cached("DELETE FROM member WHERE account = ?1 AND room = ?2")?
        .execute(params![int(account.id.0), int(command.room.0)])?;
    tx.prepare_cached("UPDATE room SET members = members - 1 WHERE id = ?1")?
        .execute([int(command.room.0)])?;
    let event = happen(tx, entry, &account, command.room, Change::Left(Left {}))?;
    let left = Effect::Left { account: account.id, room: command.room, after: event.head.seq };
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Happened(event), left]))
}

/// Moves a read marker forward.
pub(crate) fn mark_read(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &MarkRead,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let found = access(tx, account.id, command.room)?;
    authorize(account.role, Action::Read(found))?;
    if advance_marker(tx, account.id, command.room, command.seq)? {
        Ok(Verdict::Applied(Reply::Done, Vec::new()))
    } else {
        Ok(Verdict::Repeat(Reply::Done))
    }
}

/// Moves it forward, never back and never past the newest event. Whether it moved.
pub(crate) fn advance_marker(
    tx: &Connection,
    account: AccountId,
    room: RoomId,
    seq: Seq,
) -> rusqlite::Result<bool> {
    let moved = tx
        .prepare_cached(
            "UPDATE member SET read = min(?3, (SELECT head FROM room WHERE id = ?2))
             WHERE account = ?1 AND room = ?2
               AND read < min(?3, (SELECT head FROM room WHERE id = ?2))",
        )?
        .execute(params![int(account.0), int(room.0), int(seq.0)])?;
    Ok(moved > 0)
}

/// Makes a member of one who is none, and says so in the room.
pub(crate) fn add_member(
    tx: &Connection,
    entry: &Entry<'_>,
    account: &AccountRow,
    room: RoomId,
    role: Role,
) -> Result<Vec<Effect>, Stop> {
    let rooms: i64 = tx
        .prepare_cached("SELECT count(*) FROM member WHERE account = ?1")?
        .query_row([int(account.id.0)], |row| row.get(0))?;
    if rooms >= wire::ROOMS_PER_ACCOUNT as i64 {
        return Err(Refusal::LIMIT.into());
    }
    let event = happen(tx, entry, account, room, Change::Joined(Joined {}))?;
    tx.prepare_cached(
        "INSERT INTO member (account, room, role, since, read) VALUES (?1, ?2, ?3, ?4, ?4)",
    )?
    .execute(params![int(account.id.0), int(room.0), role as i64, int(event.head.seq.0)])?;
    tx.prepare_cached("UPDATE room SET members = members + 1 WHERE id = ?1")?
        .execute([int(room.0)])?;
    Ok(vec![Effect::Happened(event), Effect::Entered { account: account.id, room }])
}

/// The newest event's seq.
pub(crate) fn head(tx: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    tx.prepare_cached("SELECT head FROM room WHERE id = ?1")?
        .query_row([int(room.0)], |row| column(row, 0))
}

/// Gives a change its place in a room: the next seq, without a gap.
pub(crate) fn happen(
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
    let (message_id, reply_to) = match &event.change {
        Change::Posted(posted) => (Some(posted.message_id.0), posted.reply_to),
        Change::Joined(_) | Change::Left(_) | Change::Unknown(_) => (None, None),
    };
    tx.prepare_cached(
        "INSERT INTO event (room, seq, position, time, account, kind, message_id, reply_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        int(room.0),
        int(seq.0),
        int(entry.position.0),
        int(entry.time.0),
        int(account.id.0),
        int(event.kind()),
        message_id.as_ref().map(<[u8; 16]>::as_slice),
        reply_to.map(|seq| int(seq.0)),
    ])?;
    Ok(event)
}
