//! Becoming somebody, and changing one's name.

use rusqlite::{Connection, params};
use tertulia_proto::{AccountId, Handle, Refusal, Rename, Role, RoomId, skeleton};

use super::{
    account::{AccountRow, account_by_device, acting_account},
    entry::{Entry, RegisterDevice},
    invites,
    members::add_member,
    verdict::{Effect, Reply, Stop, Verdict},
};
use crate::store::sql::int;

/// Makes the account of a device, and its member of the lobby.
pub(crate) fn register(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &RegisterDevice,
) -> Result<Verdict, Stop> {
    if let Some(known) = account_by_device(tx, &command.device)? {
        return Ok(Verdict::Repeat(Reply::Registered(known.id)));
    }
    let role = match &command.invite_hash {
        Some(hash) => invites::check(tx, hash, entry.time)?,
        None if command.invite_needed => return Err(Refusal::INVITE_NEEDED.into()),
        None => Role::Member,
    };
    let handle = command.handle.clone();
    if is_taken(tx, &handle, &command.skeleton)? {
        return Err(Stop::NameTaken(free_proposal(tx, &handle)?));
    }
    if let Some(hash) = &command.invite_hash {
        invites::use_up(tx, hash)?;
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO account (handle, skeleton, display, role, created)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let id = insert.insert(params![
        handle.as_str(),
        command.skeleton,
        command.name.as_str(),
        role as i64,
        int(entry.time.0),
    ])?;
    let id = AccountId(u64::try_from(id).unwrap_or_default());
    tx.prepare_cached("INSERT INTO device (key, account, created) VALUES (?1, ?2, ?3)")?
        .execute(params![command.device.as_slice(), int(id.0), int(entry.time.0)])?;
    let account = AccountRow { id, handle, display: command.name.clone(), role };
    let mut effects = vec![Effect::Registered(role)];
    effects.extend(add_member(tx, entry, &account, RoomId::LOBBY, role)?);
    Ok(Verdict::Applied(Reply::Registered(id), effects))
}

/// Changes a display name; the handle stays.
pub(crate) fn rename(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &Rename,
) -> Result<Verdict, Stop> {
    let mut account = acting_account(tx, entry.actor.account)?;
    if account.display == command.name {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    account.display = command.name.clone();
    tx.prepare_cached("UPDATE account SET display = ?2 WHERE id = ?1")?
        .execute(params![int(account.id.0), account.display.as_str()])?;
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Renamed(account.author())]))
}

fn is_taken(tx: &Connection, handle: &Handle, skeleton: &str) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT 1 FROM account WHERE handle = ?1 OR skeleton = ?2")?
        .exists(params![handle.as_str(), skeleton])
}

/// The first free numbered form, if one of the first hundred is.
fn free_proposal(tx: &Connection, handle: &Handle) -> rusqlite::Result<Option<String>> {
    for n in 2..=100 {
        let Ok(proposal) = handle.numbered(n) else {
            continue;
        };
        if !is_taken(tx, &proposal, &skeleton(proposal.as_str()))? {
            return Ok(Some(proposal.to_string()));
        }
    }
    Ok(None)
}
