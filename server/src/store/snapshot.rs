//! One consistent copy of a database, taken beside its writer.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, open_for_reading};

/// Copies the database at `from` as it is now into the empty file `to`, and checks the copy. It
/// is a read like any other: the writer goes on meanwhile.
pub(crate) fn take(from: &Path, to: &Path) -> Result<Connection, StoreError> {
    let error = |source| StoreError::new(from, source);
    // SQLite takes the name as text; a made-up one would be another file.
    let Some(name) = to.to_str() else {
        let source = rusqlite::Error::InvalidPath(to.to_owned());
        return Err(StoreError::Sqlite { path: to.to_owned(), source });
    };
    let source = open_for_reading(from).map_err(error)?;
    super::migrations::check_known(from, &source)?;
    source.execute("VACUUM INTO ?1", [name]).map_err(|source| {
        // What can't be written is told with the file that can't.
        let of = if is_corrupt(&source) { from } else { to };
        StoreError::new(of, source)
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(to, flags).map_err(error)?;
    quick_check(to, &copy)?;
    Ok(copy)
}

/// Refuses a file whose pages do not hold together.
pub(crate) fn quick_check(path: &Path, db: &Connection) -> Result<(), StoreError> {
    let verdict = db.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict.map_err(|source| StoreError::new(path, source))?.as_str() {
        "ok" => Ok(()),
        other => Err(StoreError::Damaged { path: path.to_owned(), detail: other.to_owned() }),
    }
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
