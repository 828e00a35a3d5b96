//! `backup FILE`: one file that makes the same server elsewhere.
//!
//! It is an SQLite database: the server's own, as it was at one instant, a table `backup_file` with
//! the files that are its identity, and a table `backup_content` with what messages brought. It
//! holds the server's key.

use std::{fs, io, path::Path};

use rusqlite::{Connection, params};
use tempfile::NamedTempFile;

use super::{AdminError, contents, replacement::IDENTITY_FILES};
use crate::{
    data_dir,
    store::{StoreError, snapshot},
};

/// What was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupDone {
    /// Entries of the log.
    pub entries: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Files that messages brought and that are damaged or missing: they are not in it.
    pub files_missing: u64,
}

/// Saves the server of `data` to `file`, beside a running server or without one. The file is
/// whole or not there, 0600; one that exists is not overwritten.
pub fn backup(data: &Path, file: &Path) -> Result<BackupDone, AdminError> {
    let database = data_dir::database_of(data);
    if !database.exists() {
        return Err(AdminError::NoDatabase { data: data.to_owned() });
    }
    if file.symlink_metadata().is_ok() {
        return Err(AdminError::Exists { path: file.to_owned() });
    }
    let folder = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let staged = NamedTempFile::new_in(folder).map_err(AdminError::file(file))?;
    let copy = snapshot::take(&database, staged.path()).map_err(|error| renamed(error, file))?;
    let entries = add_identity(&copy, data, file)?;
    // Later than the database: all that it tells of is there.
    let files_missing = contents::save(&copy, data, file)?;
    copy.close().map_err(|(_, source)| StoreError::new(file, source))?;
    staged.as_file().sync_all().map_err(AdminError::file(file))?;
    let saved = staged.persist_noclobber(file).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => AdminError::Exists { path: file.to_owned() },
        _ => AdminError::File { path: file.to_owned(), source: error.error },
    })?;
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(AdminError::file(folder))?;
    let bytes = saved.metadata().map_err(AdminError::file(file))?.len();
    Ok(BackupDone { entries, bytes, files_missing })
}

/// What went wrong with the staged file did with the one that was asked for.
fn renamed(error: StoreError, file: &Path) -> StoreError {
    match error {
        StoreError::Sqlite { source, .. } => StoreError::Sqlite { path: file.to_owned(), source },
        other => other,
    }
}

fn add_identity(copy: &Connection, data: &Path, file: &Path) -> Result<u64, AdminError> {
    let error = |source| StoreError::Sqlite { path: file.to_owned(), source };
    copy.execute_batch(
        "CREATE TABLE backup_file (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    )
    .map_err(error)?;
    for name in IDENTITY_FILES {
        let path = data.join(name);
        match fs::read(&path) {
            Ok(bytes) => {
                let sql = "INSERT INTO backup_file VALUES (?1, ?2)";
                copy.execute(sql, params![name, bytes]).map_err(error)?;
            }
            // A server under the operator's own certificate has none of its own.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(AdminError::File { path, source }),
        }
    }
    let entries = copy
        .query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0))
        .map_err(error)?;
    Ok(entries.cast_unsigned())
}
