//! Opening a SQLite file of ours: private, versioned, shared with other processes.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};
use thiserror::Error;

/// How long a write waits for that of another process.
const BUSY: Duration = Duration::from_secs(10);

/// A database can't be used.
#[derive(Debug, Error)]
pub(crate) enum DatabaseError {
    /// A newer program wrote it.
    #[error(
        "{} is of version {found}, this program knows up to {known}: use the newer program that \
         wrote it",
        path.display()
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    /// It is no database, or a damaged one.
    #[error("{} is damaged ({reason}): put its backup in place, or move it away", path.display())]
    Broken { path: PathBuf, reason: String },
    /// The disk said no.
    #[error("cannot open {}: {reason}", path.display())]
    Io { path: PathBuf, reason: String },
}

/// A database's form: the step that leads from each version to the next, and how hard commits are
/// (`FULL`: durable when they return; `NORMAL`: whole, but the newest may be lost with the power).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) steps: &'static [&'static str],
    pub(crate) synchronous: &'static str,
}

/// Opens the file, makes it (0600) if need be, and brings it to the newest version in one
/// transaction; a file of an older version is copied beside itself first.
pub(crate) fn open(path: &Path, schema: Schema) -> Result<Connection, DatabaseError> {
    let io =
        |error: io::Error| DatabaseError::Io { path: path.to_owned(), reason: error.to_string() };
    // SQLite would make it readable by everybody.
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(io)?;
    connect(path, schema).map_err(|failure| match failure {
        Failure::Newer(found) => {
            DatabaseError::Newer { path: path.to_owned(), found, known: schema.steps.len() }
        }
        Failure::Sqlite(error) => judge(path, &error),
        Failure::Io(error) => io(error),
    })
}

/// What a failure of SQLite says about the file.
pub(crate) fn judge(path: &Path, error: &rusqlite::Error) -> DatabaseError {
    let (path, reason) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            DatabaseError::Broken { path, reason }
        }
        _ => DatabaseError::Io { path, reason },
    }
}

enum Failure {
    Newer(usize),
    Sqlite(rusqlite::Error),
    Io(io::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn connect(path: &Path, schema: Schema) -> Result<Connection, Failure> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", schema.synchronous)?;
    let before = version(&connection)?;
    if before > 0 && before < schema.steps.len() {
        let copy = beside(path, &format!(".v{before}"));
        if !copy.exists() {
            copy_to(&connection, &copy)?;
        }
    }
    migrate(&mut connection, schema.steps)?;
    Ok(connection)
}

/// Whole or not at all, and never readable by others.
fn copy_to(connection: &Connection, copy: &Path) -> Result<(), Failure> {
    let partial = beside(copy, &format!(".{}.partial", std::process::id()));
    // SQLite writes into an empty file that is there, and into no other.
    let file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&partial);
    let file = file?;
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    file.sync_all()?;
    Ok(fs::rename(&partial, copy)?)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn migrate(connection: &mut Connection, steps: &[&str]) -> Result<(), Failure> {
    if version(connection)? == steps.len() {
        return Ok(());
    }
    // Another process may do the same at this moment: the version counts once the lock is ours.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let missing = steps.get(found..).ok_or(Failure::Newer(found))?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT",
    )?;
    transaction.execute("DELETE FROM schema_version", [])?;
    transaction
        .execute("INSERT INTO schema_version (version) VALUES (?1)", [steps.len() as i64])?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    // By the file itself: SQLite's own question looks at what this connection remembers of it.
    let is_there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'")?
        .exists([])?;
    if !is_there {
        return Ok(0);
    }
    let version = connection
        .query_row("SELECT version FROM schema_version", [], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(version.map_or(0, |version| usize::try_from(version).unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ONE: Schema =
        Schema { steps: &["CREATE TABLE a (x INTEGER NOT NULL) STRICT"], synchronous: "FULL" };
    const TWO: Schema = Schema {
        steps: &[ONE.steps[0], "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7"],
        synchronous: "FULL",
    };

    #[test]
    fn an_older_one_is_copied_and_migrated_a_newer_one_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        open(&path, ONE).unwrap().execute("INSERT INTO a (x) VALUES (1)", []).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

        let y = |connection: &Connection| {
            connection.query_row("SELECT x + y FROM a", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(y(&open(&path, TWO).unwrap()), 8);
        assert_eq!(y(&open(&path, TWO).unwrap()), 8);
        let copy = dir.path().join("x.db.v1");
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(version(&open(&copy, ONE).unwrap()).unwrap(), 1);
        let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left = names.filter(|name| name.to_string_lossy().ends_with(".partial"));
        assert_eq!(left.next(), None);

        let refused = open(&path, ONE).unwrap_err();
        assert!(matches!(refused, DatabaseError::Newer { found: 2, known: 1, .. }), "{refused}");
        assert!(refused.to_string().contains("newer program"), "{refused}");
    }

    #[test]
    fn a_broken_one_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        fs::write(&path, "not a database ".repeat(100)).unwrap();
        let broken = open(&path, ONE).unwrap_err();
        assert!(matches!(broken, DatabaseError::Broken { .. }), "{broken}");
        assert!(broken.to_string().contains(path.to_str().unwrap()), "{broken}");
        assert!(fs::read_to_string(&path).unwrap().starts_with("not a database"));
    }

    #[test]
    fn processes_that_start_at_once_make_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| open(&path, TWO).unwrap());
            }
        });
    }
}
