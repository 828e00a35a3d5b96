//! `restore FILE`: the server of a backup, in a data directory that no server runs on.
//!
//! What happened after the backup is gone, so the history gets a new name: clients notice, drop
//! what they knew and fetch it anew.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tertulia_proto::Env;

use super::{
    AdminError, contents,
    replacement::{IDENTITY_FILES, Replacement},
};
use crate::{
    foundation,
    store::{StoreError, snapshot},
};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Entries of the log.
    pub entries: u64,
    /// Whether the backup held a server's key: then the restored server is the one of its links.
    pub has_key: bool,
    /// Where the former files are, if there were any.
    pub set_aside: Option<PathBuf>,
}

/// Makes `data` the server that `file` holds. The file is only read.
pub fn restore(data: &Path, file: &Path, env: &dyn Env) -> Result<Restored, AdminError> {
    if let Err(source) = file.metadata() {
        return Err(AdminError::File { path: file.to_owned(), source });
    }
    let data = foundation::take_for_replacement(data)?;
    let replacement = Replacement::begin(&data, env)?;
    let new = replacement.database();
    tertulia_certs::files::create_private(&new, b"").map_err(AdminError::file(&new))?;
    let copy = snapshot::take(file, &new)?;
    let error = |source| StoreError::new(&new, source);
    let identity = take_identity(&copy).map_err(error)?;
    contents::take(&copy, &replacement.files(), &new)?;
    let mut epoch = [0; 16];
    env.fill_random(&mut epoch);
    let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('epoch', ?1)";
    copy.execute(sql, [epoch.as_slice()]).map_err(error)?;
    let count = copy.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0));
    let entries = count.map_err(error)?.cast_unsigned();
    copy.close().map_err(|(_, source)| error(source))?;
    let has_key =
        identity.iter().any(|(name, _)| name == tertulia_certs::server_cert::SERVER_KEY_FILE);
    let set_aside = replacement.with_files().finish(&identity)?;
    Ok(Restored { entries, has_key, set_aside })
}

/// The identity's files of a backup, taken out of the database. A bare copy of a database has
/// none.
fn take_identity(copy: &Connection) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    if !copy.table_exists(None, "backup_file")? {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for name in IDENTITY_FILES {
        let mut statement = copy.prepare("SELECT bytes FROM backup_file WHERE name = ?1")?;
        let mut rows = statement.query([name])?;
        if let Some(row) = rows.next()? {
            files.push((name.to_owned(), row.get(0)?));
        }
    }
    // The key must not stay in the database's free pages.
    copy.pragma_update(None, "secure_delete", true)?;
    copy.execute_batch("DROP TABLE backup_file")?;
    Ok(files)
}
