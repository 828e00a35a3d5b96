//! An account as the rules see it.

use rusqlite::{Connection, OptionalExtension, Row};
use tertulia_proto::{AccountId, Author, DisplayName, Handle, Person, Refusal, Role};

use super::{entry::DeviceKey, verdict::Stop};
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

/// The account of that name.
pub(super) fn account_by_handle(
    db: &Connection,
    handle: &Handle,
) -> rusqlite::Result<Option<AccountRow>> {
    db.prepare_cached("SELECT id, handle, display, role FROM account WHERE handle = ?1")?
        .query_row([handle.as_str()], |row| AccountRow::read(row, 0))
        .optional()
}

/// An account that must be there: the actor of a command. The server itself has no row.
pub(crate) fn acting_account(tx: &Connection, id: AccountId) -> Result<AccountRow, Stop> {
    tx.prepare_cached("SELECT id, handle, display, role FROM account WHERE id = ?1")?
        .query_row([int(id.0)], |row| AccountRow::read(row, 0))
        .optional()?
        .ok_or(Stop::Refused(Refusal::FORBIDDEN))
}
