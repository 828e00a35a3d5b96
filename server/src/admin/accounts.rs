//! `accounts`: who is registered.

use std::{collections::BTreeMap, io, path::Path};

use rusqlite::Connection;
use serde::Serialize;
use tertulia_proto::{AccountId, Role};

use super::{AdminError, database, rfc3339};
use crate::{
    data_dir,
    store::{
        StoreError,
        sql::{column, int},
    },
};

/// Accounts of one read.
const PAGE: i64 = 512;

/// An account; one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AccountLine {
    /// Its number.
    pub account: u64,
    /// Its unique name.
    pub handle: String,
    /// `owner`, `moderator`, `member` or `guest`.
    pub role: String,
    /// How many devices it has.
    pub devices: u32,
    /// When it registered: RFC 3339, UTC.
    pub created: String,
}

/// Hands every account out, oldest first.
pub fn accounts(
    data: &Path,
    mut to: impl FnMut(&AccountLine) -> io::Result<()>,
) -> Result<(), AdminError> {
    let path = data_dir::database_of(data);
    let db = database(data)?;
    let sqlite = |source| StoreError::new(&path, source);
    let devices = devices(&db).map_err(sqlite)?;
    let mut after = AccountId(0);
    loop {
        let page = (|| {
            db.prepare_cached(
                "SELECT id, handle, role, created FROM account
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?
            .query_map([int(after.0), PAGE], |row| {
                let id: AccountId = column(row, 0)?;
                Ok(AccountLine {
                    account: id.0,
                    handle: row.get(1)?,
                    role: column::<Role>(row, 2)?.to_string(),
                    created: rfc3339(column(row, 3)?),
                    devices: devices.get(&id).copied().unwrap_or_default(),
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
        })();
        let page = page.map_err(sqlite)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = AccountId(last.account);
        for line in &page {
            to(line).map_err(AdminError::Output)?;
        }
    }
}

/// There is no index by account: counted once for all.
fn devices(db: &Connection) -> rusqlite::Result<BTreeMap<AccountId, u32>> {
    db.prepare("SELECT account, count(*) FROM device GROUP BY account")?
        .query_map([], |row| Ok((column(row, 0)?, column(row, 1)?)))?
        .collect()
}
