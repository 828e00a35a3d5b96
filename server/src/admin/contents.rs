//! The files that messages brought, within a backup: in pieces, beside the database that tells of
//! them.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use tertulia_proto::FileHash;

use super::AdminError;
use crate::{
    data_dir,
    files::Folder,
    store::{StoreError, sql::bytes},
};

/// Of what is read and written at once, in bytes.
const PIECE: usize = 4 << 20;

/// Every content that a message tells of, and its size.
pub(super) fn told(db: &Connection) -> rusqlite::Result<Vec<(FileHash, u64)>> {
    // A database of before knows none.
    if !db.table_exists(None, "file")? {
        return Ok(Vec::new());
    }
    db.prepare("SELECT hash, max(size) FROM file GROUP BY hash ORDER BY hash")?
        .query_map([], |row| Ok((FileHash(bytes(row, 0)?), row.get::<_, i64>(1)?.cast_unsigned())))?
        .collect()
}

/// What is wrong with a content, if anything is.
pub(super) fn problem(folder: &Folder, hash: &FileHash, size: u64) -> Option<&'static str> {
    let Ok(mut file) = File::open(folder.path(hash)) else { return Some("missing") };
    let mut state = Sha256::new();
    let read = copy(&mut file, |piece| {
        state.update(piece);
        Ok(())
    });
    match read {
        Ok(read) if read == size && state.finalize()[..] == hash.0 => None,
        Ok(_) => Some("not the one that was sent"),
        Err(_) => Some("it can't be read"),
    }
}

/// Adds what the saved database tells of; how many contents are not there as they should be.
pub(super) fn save(copy_of: &Connection, data: &Path, file: &Path) -> Result<u64, AdminError> {
    let error = |source| AdminError::from(StoreError::Sqlite { path: file.to_owned(), source });
    copy_of
        .execute_batch(
            "CREATE TABLE backup_content (
                 hash BLOB NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL,
                 PRIMARY KEY (hash, piece)
             ) STRICT, WITHOUT ROWID",
        )
        .map_err(error)?;
    let folder = Folder::new(data_dir::files_of(data));
    let mut missing = 0;
    for (hash, size) in told(copy_of).map_err(error)? {
        if problem(&folder, &hash, size).is_some() {
            missing += 1;
            continue;
        }
        let path = folder.path(&hash);
        let mut content = File::open(&path).map_err(AdminError::file(&path))?;
        let mut number = 0i64;
        let mut failed = None;
        let tx = copy_of.unchecked_transaction().map_err(error)?;
        let copied = copy(&mut content, |piece| {
            let added = tx
                .prepare_cached("INSERT INTO backup_content VALUES (?1, ?2, ?3)")
                .and_then(|mut add| add.execute(params![hash.0.as_slice(), number, piece]));
            number += 1;
            added.map(drop).map_err(|source| {
                failed = Some(source);
                io::Error::other("the database")
            })
        });
        match (copied, failed) {
            (_, Some(source)) => return Err(error(source)),
            (Err(source), None) => return Err(AdminError::File { path, source }),
            (Ok(_), None) => tx.commit().map_err(error)?,
        }
    }
    Ok(missing)
}

/// Takes the contents out of a restored database, into a folder that is made anew where there are
/// any.
pub(super) fn take(copy_of: &Connection, into: &Path, file: &Path) -> Result<(), AdminError> {
    let error = |source| AdminError::from(StoreError::new(file, source));
    let folder = Folder::new(into.to_owned());
    if !copy_of.table_exists(None, "backup_content").map_err(error)? {
        return Ok(());
    }
    let mut pieces = copy_of
        .prepare("SELECT bytes FROM backup_content WHERE hash = ?1 ORDER BY piece")
        .map_err(error)?;
    for (hash, _) in told(copy_of).map_err(error)? {
        let path = folder.path(&hash);
        let shelf = path.parent().unwrap_or(into);
        let io_error = AdminError::file(&path);
        let written = (|| -> Result<io::Result<()>, rusqlite::Error> {
            let mut rows = pieces.query([hash.0.as_slice()])?;
            let mut out = None;
            while let Some(row) = rows.next()? {
                let piece = row.get_ref(0)?.as_blob()?;
                let file = match &mut out {
                    Some(file) => file,
                    None => match create(shelf, &path) {
                        Ok(file) => out.insert(file),
                        Err(error) => return Ok(Err(error)),
                    },
                };
                if let Err(error) = file.write_all(piece) {
                    return Ok(Err(error));
                }
            }
            Ok(out.map_or(Ok(()), |file| file.sync_all()))
        })();
        written.map_err(error)?.map_err(io_error)?;
        let synced = match shelf.exists() {
            true => File::open(shelf).and_then(|shelf| shelf.sync_all()),
            // It was missing in the backup, too.
            false => Ok(()),
        };
        synced.map_err(AdminError::file(shelf))?;
    }
    drop(pieces);
    copy_of.execute_batch("DROP TABLE backup_content; VACUUM").map_err(error)
}

fn create(shelf: &Path, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    tertulia_certs::files::create_private_dir(shelf)?;
    fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

/// Hands a file on piece by piece; its length.
fn copy(file: &mut File, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut length = 0;
    loop {
        let mut filled = 0;
        while filled < piece.len() {
            match file.read(&mut piece[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        if filled > 0 {
            take(&piece[..filled])?;
        }
        length += filled as u64;
        if filled < piece.len() {
            return Ok(length);
        }
    }
}
