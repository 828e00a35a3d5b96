//! A disk that takes no more. Neither a database nor its owner can be asked to run out of room, so
//! the database itself refuses what its program wants to insert: the program's transaction fails
//! where it would on a full disk, and is rolled back likewise.

use std::path::Path;

use rusqlite::Connection;

/// Which table of which file stands for the disk.
#[derive(Debug, Clone, Copy)]
pub struct Victim {
    file: &'static str,
    table: &'static str,
    time: &'static str,
}

impl Victim {
    /// The server's log.
    pub const SERVER: Self = Self { file: "tertulia.db", table: "log", time: "time" };
    /// A client's outbox.
    pub const CLIENT: Self = Self { file: "outbox.db", table: "outbox", time: "created" };
}

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fullness {
    /// It takes everything.
    Free,
    /// It refuses some, by when they come.
    AtTimes,
    /// It refuses all.
    Full,
}

/// From now on the disk of a running machine is so full.
pub fn set(dir: &Path, victim: Victim, fullness: Fullness) -> rusqlite::Result<()> {
    let Victim { file, table, time } = victim;
    let path = dir.join(file);
    if !path.exists() {
        return Ok(());
    }
    let db = Connection::open(path)?;
    db.execute_batch("DROP TRIGGER IF EXISTS full_disk")?;
    let when = match fullness {
        Fullness::Free => return Ok(()),
        Fullness::AtTimes => format!("WHEN NEW.{time} / 8 % 2"),
        Fullness::Full => String::new(),
    };
    db.execute_batch(&format!(
        "CREATE TRIGGER full_disk BEFORE INSERT ON {table} {when}
         BEGIN SELECT RAISE(ABORT, 'the simulated disk is full'); END"
    ))
}
