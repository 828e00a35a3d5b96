//! When a cache is looked through before it is believed: to read all of it takes a second for a
//! million events, so it is done only where something may have gone wrong.

use std::{fs, io, path::Path};

use rusqlite::Connection;

use super::beside;
use crate::store::database::{self, DatabaseError};

/// SQLite folds its log into the file and deletes it when a cache is closed: one that is there
/// says that whoever had the cache did not close it.
const LOG: &str = "-wal";
/// Made by whoever met damage.
const MARK: &str = ".suspect";

/// Whether it is to be looked through. To be asked before it is opened.
pub(super) fn is_suspect(path: &Path) -> bool {
    let has_log = fs::metadata(beside(path, LOG)).is_ok_and(|log| log.len() > 0);
    has_log || beside(path, MARK).exists()
}

/// Has it looked through at the next opening.
pub(super) fn suspect(path: &Path) {
    // On a disk that takes nothing the next reader meets the same damage.
    let _ = fs::write(beside(path, MARK), "");
}

/// Looks through all of it.
pub(super) fn look_through(connection: &Connection, path: &Path) -> Result<(), DatabaseError> {
    let sqlite = |error: rusqlite::Error| database::judge(path, &error);
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite)?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(DatabaseError::Broken { path: path.to_owned(), reason: verdict }),
    }
}

/// It was looked through, or is no more.
pub(super) fn cleared(path: &Path) -> io::Result<()> {
    match fs::remove_file(beside(path, MARK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
