//! Making rooms and changing what they are.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{
    AccountId, ArchiveRoom, Archived, Change, HistoryPolicy, Refusal, Role, RoomId, RoomKind,
    RoomName, RoomRenamed, SetTopic, Topic, TopicChanged,
};

use super::{
    access::{ARCHIVED, SINCE_JOINED, authorized},
    account::acting_account,
    authorize::{Action, authorize},
    entry::{Actor, Entry, MakeDirect, MakeRoom, NameRoom},
    happening::happen,
    members::add_member,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::{
    limits,
    store::sql::{column, int},
};

/// The room of that name that an account can see: the public one, else the oldest of its own.
pub(super) fn room_by_name(
    db: &Connection,
    account: AccountId,
    name: &RoomName,
) -> rusqlite::Result<Option<RoomId>> {
    db.prepare_cached(
        "SELECT id FROM room WHERE name = ?1 AND (kind = 0 OR kind = 1 AND EXISTS (
             SELECT 1 FROM member WHERE account = ?2 AND room = id))
         ORDER BY kind, created, id LIMIT 1",
    )?
    .query_row(params![name.as_str(), int(account.0)], |row| column(row, 0))
    .optional()
}

/// Makes a room; its maker is its first member and owner.
pub(super) fn create(
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
    if is_taken(tx, entry.actor.account, &command.name, &command.skeleton, RoomId(0))? {
        return Err(Stop::NameTaken(None));
    }
    let (all, own): (u32, u32) = tx
        .prepare_cached(
            "SELECT (SELECT count(*) FROM room WHERE kind <> 2),
                    (SELECT count(*) FROM room WHERE created_by = ?1 AND kind <> 2)",
        )?
        .query_row([int(entry.actor.account.0)], |row| Ok((column(row, 0)?, column(row, 1)?)))?;
    if all >= limits::ROOMS || own >= limits::ROOMS_MADE_BY_ONE {
        return Err(Refusal::LIMIT.into());
    }
    let room = insert(tx, entry, command)?;
    let effects = match &maker {
        Some(maker) => add_member(tx, entry, maker, room, Role::Owner)?,
        None => Vec::new(),
    };
    Ok(Verdict::Applied(Reply::Room(room), effects))
}

/// A room without members, its name judged and free.
pub(super) fn insert(
    tx: &Connection,
    entry: &Entry<'_>,
    room: &MakeRoom,
) -> rusqlite::Result<RoomId> {
    let flags = match room.history {
        HistoryPolicy::All => 0,
        HistoryPolicy::SinceJoined => SINCE_JOINED,
    };
    let id = room.id.map(|id| free_id(tx, id)).transpose()?;
    let id = tx
        .prepare_cached(
            "INSERT INTO room
                 (id, name, skeleton, kind, flags, topic, head, members, created, created_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?8)",
        )?
        .insert(params![
            id.map(|id| int(id.0)),
            room.name.as_str(),
            room.skeleton,
            room.kind as i64,
            flags,
            room.topic.as_str(),
            int(entry.time.0),
            int(entry.actor.account.0),
        ])?;
    Ok(RoomId(u64::try_from(id).unwrap_or_default()))
}

/// The drawn id, or the next one that no room has.
fn free_id(tx: &Connection, drawn: RoomId) -> rusqlite::Result<RoomId> {
    let mut taken = tx.prepare_cached("SELECT 1 FROM room WHERE id = ?1")?;
    let mut id = drawn;
    while taken.exists([int(id.0)])? {
        id = RoomId(id.0 % limits::LAST_ROOM_ID + 1);
    }
    Ok(id)
}

/// Says what a room is about.
pub(super) fn set_topic(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &SetTopic,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let SetTopic { room, topic } = command;
    authorized(tx, &account, *room, Action::SetTopic)?;
    let before = tx
        .prepare_cached("SELECT topic FROM room WHERE id = ?1")?
        .query_row([int(room.0)], |row| crate::store::sql::text(row, 0, Topic::try_from))?;
    if before == *topic {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    tx.prepare_cached("UPDATE room SET topic = ?2 WHERE id = ?1")?
        .execute(params![int(room.0), topic.as_str()])?;
    let change = Change::TopicChanged(TopicChanged { topic: topic.clone() });
    let event = happen(tx, entry, &account, *room, change)?;
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Happened(event)]))
}

/// Gives a room another name.
pub(super) fn rename(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &NameRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let NameRoom { room, name, skeleton } = command;
    authorized(tx, &account, *room, Action::RenameRoom)?;
    let before: String = tx
        .prepare_cached("SELECT name FROM room WHERE id = ?1")?
        .query_row([int(room.0)], |row| row.get(0))?;
    if before == name.as_str() {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    if is_taken(tx, account.id, name, skeleton, *room)? {
        return Err(Stop::NameTaken(None));
    }
    tx.prepare_cached("UPDATE room SET name = ?2, skeleton = ?3 WHERE id = ?1")?
        .execute(params![int(room.0), name.as_str(), skeleton])?;
    let change = Change::RoomRenamed(RoomRenamed { name: name.clone() });
    let event = happen(tx, entry, &account, *room, change)?;
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Happened(event)]))
}

/// Closes a room for writing, or opens it again. The lobby, which everyone enters, stays open.
pub(super) fn archive(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &ArchiveRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let ArchiveRoom { room, archived } = *command;
    let found = authorized(tx, &account, room, Action::Archive)?;
    if room == RoomId::LOBBY {
        return Err(Refusal::FORBIDDEN.into());
    }
    if found.archived == archived {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    tx.prepare_cached("UPDATE room SET flags = flags + ?2 WHERE id = ?1")?
        .execute(params![int(room.0), if archived { ARCHIVED } else { -ARCHIVED }])?;
    let change = Change::Archived(Archived { archived });
    let event = happen(tx, entry, &account, room, change)?;
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Happened(event)]))
}

/// The room of two people, made if need be.
pub(super) fn open_direct(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &MakeDirect,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    authorize(account.role, Action::OpenDirect)?;
    let other =
        super::account::account_by_handle(tx, &command.handle)?.ok_or(Refusal::NO_SUCH_ACCOUNT)?;
    if other.id == account.id {
        return Err(Refusal::INVALID.into());
    }
    // No judged name has these characters.
    let (low, high) = (account.id.min(other.id), account.id.max(other.id));
    let name = RoomName::kept(format!("@{low}:{high}")).map_err(|_| Refusal::INVALID)?;
    let found = tx
        .prepare_cached("SELECT id FROM room WHERE kind = 2 AND name = ?1")?
        .query_row([name.as_str()], |row| column(row, 0))
        .optional()?;
    if let Some(room) = found {
        return Ok(Verdict::Repeat(Reply::Room(room)));
    }
    let all: u32 = tx
        .prepare_cached("SELECT count(*) FROM room WHERE kind = 2")?
        .query_row([], |row| column(row, 0))?;
    if all >= limits::DIRECT_ROOMS {
        return Err(Refusal::LIMIT.into());
    }
    let made = MakeRoom {
        id: command.id,
        skeleton: name.to_string(),
        name,
        kind: RoomKind::Direct,
        topic: Topic::default(),
        history: HistoryPolicy::All,
    };
    let room = insert(tx, entry, &made)?;
    let mut effects = add_member(tx, entry, &account, room, Role::Member)?;
    effects.extend(add_member(tx, entry, &other, room, Role::Member)?);
    Ok(Verdict::Applied(Reply::Room(room), effects))
}

/// Whether another room that an account can see has that name, or one that looks like it. Of
/// the others it is told nothing: two rooms of which nobody sees both may have one name.
fn is_taken(
    tx: &Connection,
    account: AccountId,
    name: &RoomName,
    skeleton: &str,
    but: RoomId,
) -> rusqlite::Result<bool> {
    tx.prepare_cached(
        "SELECT 1 FROM room WHERE (name = ?1 OR skeleton = ?2) AND id <> ?3
         AND (kind = 0 OR EXISTS (SELECT 1 FROM member WHERE account = ?4 AND room = id))",
    )?
    .exists(params![name.as_str(), skeleton, int(but.0), int(account.0)])
}
