//! Schema versions: forward only, each in one transaction, after a copy of the file.

use std::{cmp::Ordering, path::Path};

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// `MIGRATIONS[n]` leads from version n to n + 1.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_rooms.sql"),
    include_str!("migrations/0003_files.sql"),
];

/// Brings the database to the present version.
pub(super) fn run(path: &Path, db: &mut Connection) -> Result<(), StoreError> {
    let error = |source| StoreError::new(path, source);
    let known = MIGRATIONS.len() as u32;
    let found = version(db).map_err(error)?;
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    if found > 0 && found < known {
        let copy = path.with_extension(format!("schema-{found}.db"));
        let copy = copy.to_string_lossy();
        db.execute("VACUUM INTO ?1", [copy.as_ref()]).map_err(error)?;
    }
    // A table that others refer to can only be made anew while nobody looks; what must hold is
    // looked at before each step is kept.
    let watched: bool =
        db.pragma_query_value(None, "foreign_keys", |row| row.get(0)).map_err(error)?;
    db.pragma_update(None, "foreign_keys", false).map_err(error)?;
    let ran = run_steps(path, db, found);
    db.pragma_update(None, "foreign_keys", watched).map_err(error)?;
    ran
}

fn run_steps(path: &Path, db: &mut Connection, found: u32) -> Result<(), StoreError> {
    let error = |source| StoreError::new(path, source);
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let tx = db.transaction().map_err(error)?;
        tx.execute_batch(sql).map_err(error)?;
        let dangling = tx.prepare("PRAGMA foreign_key_check").and_then(|mut rows| rows.exists([]));
        if dangling.map_err(error)? {
            let detail = "rows refer to what is not there".to_owned();
            return Err(StoreError::Damaged { path: path.to_owned(), detail });
        }
        tx.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?1)",
            params![(step as u32 + 1).to_be_bytes().as_slice()],
        )
        .map_err(error)?;
        tx.commit().map_err(error)?;
    }
    Ok(())
}

/// Whether there is nothing to be done.
pub(super) fn is_present(db: &Connection) -> rusqlite::Result<bool> {
    Ok(version(db)? == MIGRATIONS.len() as u32)
}

/// Refuses a database that is not of the present version.
pub(super) fn check(path: &Path, db: &Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as u32;
    let found = version(db).map_err(|source| StoreError::new(path, source))?;
    let path = path.to_owned();
    match found.cmp(&known) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::Newer { path, found, known }),
        Ordering::Less if found == 0 => {
            Err(StoreError::Damaged { path, detail: "it holds no server's history".to_owned() })
        }
        Ordering::Less => Err(StoreError::Older { path, found, known }),
    }
}

/// Refuses a database that a newer program wrote, or that is none of ours.
pub(super) fn check_known(path: &Path, db: &Connection) -> Result<(), StoreError> {
    match check(path, db) {
        Err(StoreError::Older { .. }) => Ok(()),
        other => other,
    }
}

/// 0 for an empty file.
fn version(db: &Connection) -> rusqlite::Result<u32> {
    if !db.table_exists(None, "meta")? {
        return Ok(0);
    }
    let value: Option<Vec<u8>> = db
        .query_row("SELECT value FROM meta WHERE key = 'schema_version'", [], |row| row.get(0))
        .optional()?;
    let bytes = value.and_then(|value| value.try_into().ok());
    Ok(bytes.map_or(0, u32::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open_for_writing;

    #[test]
    fn a_newer_database_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.db");
        let (db, _) = open_for_writing(&path).unwrap();
        let newer = 99u32.to_be_bytes();
        db.execute("UPDATE meta SET value = ?1 WHERE key = 'schema_version'", [newer.as_slice()])
            .unwrap();
        drop(db);
        let refused = open_for_writing(&path).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused}");
        assert!(refused.to_string().contains("tertulia.db"));
    }

    #[test]
    fn a_database_of_the_first_version_is_brought_up_to_date_and_a_copy_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.db");
        let first = Connection::open(&path).unwrap();
        first.execute_batch(MIGRATIONS[0]).unwrap();
        let one = 1u32.to_be_bytes();
        first.execute("INSERT INTO meta VALUES ('schema_version', ?1)", [one.as_slice()]).unwrap();
        first.execute("INSERT INTO account VALUES (1, 'ana', 'ana', 'Ana', 3, 7)", []).unwrap();
        drop(first);
        let (db, _) = open_for_writing(&path).unwrap();
        assert_eq!(version(&db).unwrap(), MIGRATIONS.len() as u32);
        let handle: String =
            db.query_row("SELECT handle FROM account", [], |row| row.get(0)).unwrap();
        assert_eq!(handle, "ana");
        let copy = dir.path().join("tertulia.schema-1.db");
        assert_eq!(copy.exists(), MIGRATIONS.len() > 1, "a copy of what is changed");
        check(&path, &db).unwrap();
    }

    /// The form of a released schema, which a fixture keeps, is never changed: the next one is a
    /// step of its own.
    #[test]
    fn the_steps_up_to_a_fixture_make_what_the_fixture_holds() {
        let form = |steps: &[&str]| {
            let db = Connection::open_in_memory().unwrap();
            steps.iter().for_each(|step| db.execute_batch(step).unwrap());
            let sql = "SELECT name || ': ' || sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY 1";
            let mut statement = db.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(Result::unwrap).collect::<Vec<_>>()
        };
        let fixture = include_str!("migrations/fixtures/schema-2.sql");
        assert_eq!(form(&MIGRATIONS[..2]), form(&[fixture]));
    }

    #[test]
    fn what_is_no_database_is_named_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tertulia.db");
        let garbage = vec![7u8; 8_192];
        std::fs::write(&path, &garbage).unwrap();
        let refused = open_for_writing(&path).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), garbage);
    }

    #[test]
    fn the_bundled_sqlite_has_no_wal_reset_bug() {
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }
}
