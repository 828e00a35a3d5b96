//! The database file: opened, migrated, written by one writer, read by several readers.

pub(crate) mod changes;
mod events;
mod listings;
pub(crate) mod log_rows;
mod migrations;
mod readers;
pub(crate) mod snapshot;
pub(crate) mod soundness;
pub(crate) mod sql;
pub(crate) mod verify;
mod writer;

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use thiserror::Error;

pub(crate) use readers::Readers;
pub(crate) use soundness::Marks;
pub(crate) use writer::Writer;

/// The database could not be opened. Each text says what, where, and what to do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Its schema is newer than this program.
    #[error(
        "{path} was written by a newer tertulia-server (schema {found}, this one knows {known}): \
         start the newer version, or restore a backup from before the update"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// Its schema is older than this program's.
    #[error(
        "{path} was written by an older tertulia-server (schema {found}, this one knows {known}): \
         start the server once, which brings it up to date and keeps a copy"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// It is no database, or a damaged one.
    #[error(
        "{path} is damaged ({detail}): it was left as it is; restore a backup, or save what can \
         be read with `tertulia-server recover`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The disk said no.
    #[error("{path} can't be used: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(crate) fn new(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => {
                Self::Damaged { path, detail: source.to_string() }
            }
            _ => Self::Sqlite { path, source },
        }
    }
}

/// Opens the database for writing, makes it or brings it to the present schema. Whether it was
/// closed cleanly; if not, and another schema's program wrote it, the whole file was checked.
pub(crate) fn open_for_writing(path: &Path) -> Result<(Connection, bool), StoreError> {
    let error = |source| StoreError::new(path, source);
    // An empty one is left by those who only read.
    let unclean = std::fs::metadata(wal_path(path)).is_ok_and(|wal| wal.len() > 0);
    create_private(path)?;
    let mut db = Connection::open(path).map_err(error)?;
    configure(&db).map_err(error)?;
    // Only a writer that stops well makes a clean stop: a start that fails leaves all as it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(error)?;
    // The writer folds the write-ahead log in by itself, off its own path.
    db.pragma_update(None, "wal_autocheckpoint", 0).map_err(error)?;
    if unclean && !migrations::is_present(&db).map_err(error)? {
        // A migration reads and writes most of it anyway.
        snapshot::quick_check(path, &db)?;
    }
    migrations::run(path, &mut db)?;
    Ok((db, !unclean))
}

/// Makes the file, readable by its owner only; SQLite's own files beside it follow its mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| {
        let message = Some(error.to_string());
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        StoreError::new(path, rusqlite::Error::SqliteFailure(code, message))
    })
}

/// Opens the database for reading beside the writer.
pub(crate) fn open_for_reading(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.pragma_update(None, "trusted_schema", false)?;
    plan_once(&db)?;
    Ok(db)
}

/// Opens an existing database of the present schema for reading, beside a server or without one.
pub(crate) fn open_present(path: &Path) -> Result<Connection, StoreError> {
    let db = open_for_reading(path).map_err(|source| StoreError::new(path, source))?;
    migrations::check(path, &db)?;
    Ok(db)
}

/// The write-ahead log beside a database.
pub(crate) fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A receipt is a promise: the commit is on the disk when it returns.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "secure_delete", true)?;
    // Its file shrinks once it was folded in: by its size the writer knows when to fold.
    db.pragma_update(None, "journal_size_limit", 0)?;
    db.set_prepared_statement_cache_capacity(64);
    plan_once(db)
}

/// Else SQLite parses and plans a prepared statement anew for other values, at each command.
fn plan_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}
