//! Accounts and their devices.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tertulia_proto::{
    AccountId, Author, DisplayName, Handle, Person, Refusal, Rename, Role, skeleton,
};

use super::{
    apply::{Effect, Reply, Stop, Verdict},
    entry::{DeviceKey, Entry, RegisterDevice},
    invites, rooms,
};
use crate::store::sql::{column, int, text};

/// An account as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountRow {
    pub(crate) id: AccountId,
    pub(crate) handle: Handle,
    pub(crate) display: DisplayName,
    pub(crate) role: Role,
}

impl AccountRow {
    pub(crate) fn author(&self) -> Author {
        let Self { id, handle, display, .. } = self.clone();
        Author { account: id, handle, display }
    }

    pub(crate) fn person(&self, online: bool) -> Person {
        let Self { id, handle, display, role } = self.clone();
        Person { account: id, handle, display, role, online }
    }

    /// From the columns `id, handle, display, role`, from `first` on.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: column(row, first)?,
            handle: text(row, first + 1, Handle::kept)?,
            display: text(row, first + 2, DisplayName::kept)?,
            role: column(row, first + 3)?,
        })
    }
}

/// The account of a device.
pub(crate) fn account_by_device(
    db: &Connection,
    device: &DeviceKey,
) -> rusqlite::Result<Option<AccountRow>> {
    db.prepare_cached(
        "SELECT id, handle, display, role FROM account
         WHERE id = (SELECT account FROM device WHERE key = ?1)",
    )?
    .query_row([device.as_slice()], |row| AccountRow::read(row, 0))
    .optional()
}

/// An account that must be there: the actor of a command. The server itself has no row.
pub(crate) fn actor(tx: &Connection, id: AccountId) -> Result<AccountRow, Stop> {
    tx.prepare_cached("SELECT id, handle, display, role FROM account WHERE id = ?1")?
        .query_row([int(id.0)], |row| AccountRow::read(row, 0))
        .optional()?
        .ok_or(Stop::Refused(Refusal::FORBIDDEN))
}

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
    effects.extend(rooms::add_member(tx, entry, &account, rooms::LOBBY, role)?);
    Ok(Verdict::Applied(Reply::Registered(id), effects))
}

/// Changes a display name; the handle stays.
pub(crate) fn rename(
    tx: &Connection,
    entry: &Entry<'_>,
    command: &Rename,
) -> Result<Verdict, Stop> {
    let mut account = actor(tx, entry.actor.account)?;
    if account.display == command.name {
        return Ok(Verdict::Repeat(Reply::Done));
    }
    account.display = command.name.clone();
    tx.prepare_cached("UPDATE account SET display = ?2 WHERE id = ?1")?
        .execute(params![int(account.id.0), account.display.as_str()])?;
    Ok(Verdict::Applied(Reply::Done, vec![Effect::Renamed(account)]))
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
