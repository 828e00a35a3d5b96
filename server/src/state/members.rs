//! Who is a member of a room, and what they may do there.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{
    AccountId, Added, Change, EnterRoom, Joined, LeaveRoom, Left, Refusal, RemoveMember, Removed,
    Role, RoleChanged, RoomId, RoomKind, SetMember, limits as wire,
};

use super::{
    access::{access, authorized},
    account::{AccountRow, account_by_handle, acting_account},
    authorize::{Action, authorize},
    entry::Entry,
    happening::happen,
    rooms::room_by_name,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::store::sql::{column, int};

/// Enters a public room.
pub(super) fn enter(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &EnterRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let room = room_by_name(tx, account.id, &command.name)?;
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
pub(super) fn leave(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &LeaveRoom,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let found = access(tx, account.id, command.room)?;
    if found.is_some_and(|room| room.kind == RoomKind::Public && room.member.is_none()) {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    authorize(account.role, Action::Leave(found))?;
    remove(tx, account.id, command.room)?;
    let event = happen(tx, entry, &account, command.room, Change::Left(Left {}))?;
    let left = Effect::Left { account: account.id, room: command.room, after: event.head.seq };
    let mut effects = vec![Effect::Happened(event), left];
    if found.is_some_and(|room| room.member == Some(Role::Owner)) {
        effects.extend(succeed(tx, entry, &account, command.room)?);
    }
    Ok(Verdict::Applied(Reply::Done, effects))
}

/// Makes somebody a member, or gives a member another role.
pub(super) fn set_member(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &SetMember,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let room = command.room;
    let role = command.role.unwrap_or(Role::Member);
    // Before anything is told of people: to an outsider there is no such room.
    authorized(tx, &account, room, |found| Action::SetMember(found, role, None))?;
    let other = account_by_handle(tx, &command.handle)?.ok_or(Refusal::NO_SUCH_ACCOUNT)?;
    let before = access(tx, other.id, room)?.and_then(|found| found.member);
    if before.is_some_and(|before| before == command.role.unwrap_or(before)) {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    let found = authorized(tx, &account, room, |found| Action::SetMember(found, role, before))?;
    // Who has nobody to follow them stays: nothing could bring an owner back.
    let private = found.kind == RoomKind::Private;
    if private && before == Some(Role::Owner) && owners(tx, room)? == 1 {
        return Err(Refusal::FORBIDDEN.into());
    }
    let member = other.author();
    let effects = match before {
        None => {
            let added = Change::Added(Added { member, role });
            let event = happen(tx, entry, &account, room, added)?;
            insert(tx, &other, room, role, event.head.seq)?;
            vec![Effect::Happened(event), Effect::Entered { account: other.id, room }]
        }
        Some(_) => vec![set_role(tx, entry, &account, room, &other, role)?],
    };
    Ok(Verdict::Applied(Reply::Done, effects))
}

/// Ends somebody's membership; one's own is left.
pub(super) fn remove_member(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &RemoveMember,
) -> Result<Verdict, Stop> {
    let account = acting_account(tx, entry.actor.account)?;
    let room = command.room;
    if command.handle == account.handle {
        return leave(tx, entry, &LeaveRoom { room });
    }
    authorized(tx, &account, room, |found| Action::RemoveMember(found, Role::Guest))?;
    let other = account_by_handle(tx, &command.handle)?.ok_or(Refusal::NO_SUCH_ACCOUNT)?;
    let Some(role) = access(tx, other.id, room)?.and_then(|found| found.member) else {
        return Ok(Verdict::Repeat(Reply::Done));
    };
    authorized(tx, &account, room, |found| Action::RemoveMember(found, role))?;
    remove(tx, other.id, room)?;
    let removed = Change::Removed(Removed { member: other.author() });
    let event = happen(tx, entry, &account, room, removed)?;
    let left = Effect::Left { account: other.id, room, after: event.head.seq };
    let mut effects = vec![Effect::Happened(event), left];
    if role == Role::Owner {
        effects.extend(succeed(tx, entry, &account, room)?);
    }
    Ok(Verdict::Applied(Reply::Done, effects))
}

/// Makes a member of one who is none, and says so in the room.
pub(super) fn add_member(
    tx: &Connection,
    entry: &Entry<'_>,
    account: &AccountRow,
    room: RoomId,
    role: Role,
) -> Result<Vec<Effect>, Stop> {
    let event = happen(tx, entry, account, room, Change::Joined(Joined {}))?;
    insert(tx, account, room, role, event.head.seq)?;
    Ok(vec![Effect::Happened(event), Effect::Entered { account: account.id, room }])
}

fn insert(
    tx: &Connection,
    account: &AccountRow,
    room: RoomId,
    role: Role,
    since: tertulia_proto::Seq,
) -> Result<(), Stop> {
    let rooms: i64 = tx
        .prepare_cached("SELECT count(*) FROM member WHERE account = ?1")?
        .query_row([int(account.id.0)], |row| row.get(0))?;
    if rooms >= wire::ROOMS_PER_ACCOUNT as i64 {
        return Err(Refusal::LIMIT.into());
    }
    tx.prepare_cached(
        "INSERT INTO member (account, room, role, since, read) VALUES (?1, ?2, ?3, ?4, ?4)",
    )?
    .execute(params![int(account.id.0), int(room.0), role as i64, int(since.0)])?;
    tx.prepare_cached("UPDATE room SET members = members + 1 WHERE id = ?1")?
        .execute([int(room.0)])?;
    Ok(())
}

fn remove(tx: &Connection, account: AccountId, room: RoomId) -> rusqlite::Result<()> {
    let place = params![int(account.0), int(room.0)];
    tx.prepare_cached("DELETE FROM member WHERE account = ?1 AND room = ?2")?.execute(place)?;
    tx.prepare_cached("DELETE FROM mention WHERE account = ?1 AND room = ?2")?.execute(place)?;
    tx.prepare_cached("UPDATE room SET members = members - 1 WHERE id = ?1")?
        .execute([int(room.0)])
        .map(drop)
}

fn set_role(
    tx: &Connection,
    entry: &Entry<'_>,
    author: &AccountRow,
    room: RoomId,
    member: &AccountRow,
    role: Role,
) -> Result<Effect, Stop> {
    tx.prepare_cached("UPDATE member SET role = ?3 WHERE account = ?1 AND room = ?2")?
        .execute(params![int(member.id.0), int(room.0), role as i64])?;
    let change = Change::RoleChanged(RoleChanged { member: member.author(), role });
    Ok(Effect::Happened(happen(tx, entry, author, room, change)?))
}

fn owners(tx: &Connection, room: RoomId) -> rusqlite::Result<u32> {
    tx.prepare_cached("SELECT count(*) FROM member WHERE room = ?1 AND role = ?2")?
        .query_row(params![int(room.0), Role::Owner as i64], |row| column(row, 0))
}

/// Where no owner is left, the next in rank, then in time, becomes it; a guest of the server,
/// who could do nothing with it, only where there is nobody else. A public room is looked after
/// by those who keep order on the server.
fn succeed(
    tx: &Connection,
    entry: &Entry<'_>,
    author: &AccountRow,
    room: RoomId,
) -> Result<Option<Effect>, Stop> {
    let heir = tx
        .prepare_cached(
            "SELECT account.id, handle, display, account.role FROM member
             JOIN account ON account.id = member.account
             JOIN room ON room.id = member.room AND kind = 1
             WHERE room = ?1 AND NOT EXISTS (
                 SELECT 1 FROM member WHERE room = ?1 AND member.role = ?2)
             ORDER BY account.role = ?3, member.role DESC, since LIMIT 1",
        )?
        .query_row(params![int(room.0), Role::Owner as i64, Role::Guest as i64], |row| {
            AccountRow::read(row, 0)
        })
        .optional()?;
    heir.map(|heir| set_role(tx, entry, author, room, &heir, Role::Owner)).transpose()
}
