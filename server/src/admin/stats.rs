//! `stats`: a server in numbers, running or stopped.

use std::{fs, path::Path};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{
    AdminError, database,
    exchange::{self, Request, Response},
    socket,
};
use crate::{
    data_dir,
    store::{StoreError, soundness, wal_path},
};

/// A server in numbers; one flat JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Of this program.
    pub version: &'static str,
    /// Whether a server runs on the data.
    pub running: bool,
    /// Seconds since it began.
    pub uptime_s: u64,
    /// Connections of welcome clients.
    pub connections: u64,
    /// Accounts that are online.
    pub accounts_online: u64,
    /// Accounts.
    pub accounts: u64,
    /// Their devices.
    pub devices: u64,
    /// Rooms of every kind.
    pub rooms: u64,
    /// Messages.
    pub messages: u64,
    /// Entries of the log.
    pub log_position: u64,
    /// Identity of the history, in hex.
    pub epoch: String,
    /// Version of the database's schema.
    pub schema: u32,
    /// The database's file.
    pub database_bytes: u64,
    /// Its write-ahead log.
    pub wal_bytes: u64,
    /// Entries and events, about, that the verification after an unclean stop has yet to look at.
    pub unverified: u64,
    /// Problems that it found.
    pub damage: u64,
    /// The first of them.
    pub first_damage: Option<String>,
}

/// What only the running server knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) uptime_s: u64,
    pub(super) connections: u64,
    pub(super) accounts_online: u64,
    /// A server of before tells nothing.
    pub(super) soundness: Option<Soundness>,
}

/// What the verification has to tell; the database knows it as of some commit before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Soundness {
    unverified: u64,
    damage: u64,
    first_damage: Option<String>,
}

impl From<soundness::Soundness> for Soundness {
    fn from(known: soundness::Soundness) -> Self {
        let damage = known.damage();
        let (unverified, first_damage) = (known.left(), damage.first.clone());
        Self { unverified, damage: damage.problems, first_damage }
    }
}

/// Counts, beside a running server or without one.
pub async fn stats(data: &Path) -> Result<Stats, AdminError> {
    let live = match socket::connect(data).await {
        Err(_) => None,
        Ok(stream) => match exchange::ask(stream, &Request::Stats).await? {
            Response::Stats(live) => Some(live),
            _ => None,
        },
    };
    let path = data_dir::database_of(data);
    let db = database(data)?;
    let failed = |source| StoreError::new(&path, source);
    let stored = count(&db).map_err(failed)?;
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let running = live.is_some();
    let Live { uptime_s, connections, accounts_online, soundness } = live.unwrap_or_default();
    let Soundness { unverified, damage, first_damage } = match soundness {
        Some(soundness) => soundness,
        None => soundness::Soundness::read(&db).map_err(failed)?.into(),
    };
    Ok(Stats {
        running,
        uptime_s,
        connections,
        accounts_online,
        database_bytes: size(&path),
        wal_bytes: size(&wal_path(&path)),
        unverified,
        damage,
        first_damage,
        ..stored
    })
}

/// The stored part; one consistent state.
fn count(db: &Connection) -> rusqlite::Result<Stats> {
    let tx = db.unchecked_transaction()?;
    let one = |sql| tx.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned);
    let meta = |key| {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        tx.query_row(sql, [key], |row| row.get::<_, Vec<u8>>(0))
    };
    // What is not counted yet is little, whatever is stored.
    let counted = soundness::Soundness::read(&tx)?.counted.up_to_date(&tx)?;
    Ok(Stats {
        version: env!("CARGO_PKG_VERSION"),
        running: false,
        uptime_s: 0,
        connections: 0,
        accounts_online: 0,
        accounts: one("SELECT count(*) FROM account")?,
        devices: one("SELECT count(*) FROM device")?,
        rooms: one("SELECT count(*) FROM room")?,
        messages: counted.messages,
        log_position: counted.at.0,
        epoch: meta("epoch")?.iter().map(|byte| format!("{byte:02x}")).collect(),
        schema: meta("schema_version")?.try_into().map_or(0, u32::from_be_bytes),
        database_bytes: 0,
        wal_bytes: 0,
        unverified: 0,
        damage: 0,
        first_damage: None,
    })
}
