//! `check`: whether the database is what the log made it.
//!
//! Everything but the log, the bodies and a few settings follows from the log. So the log is
//! verified entry by entry and applied again to an empty database, and the two must be the same.

use std::path::Path;

use rusqlite::{Connection, Row};
use tertulia_proto::{LogPosition, Timestamp};

use super::{AdminError, contents, database};
use crate::{
    data_dir,
    files::Folder,
    limits,
    state::{Actor, LogCommand, Outcome, differing},
    store::{
        StoreError, Writer,
        log_rows::{self, LogRow},
    },
};

/// Problems that are listed; a file with more is beyond lists.
const LISTED: usize = 100;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Entries of the log.
    pub entries: u64,
    /// One line for each problem; none where all is well.
    pub problems: Vec<String>,
}

/// Checks the database of `data` as it is now, beside a running server or without one.
pub fn check(data: &Path) -> Result<CheckReport, AdminError> {
    let path = data_dir::database_of(data);
    let db = database(data)?;
    // Everything below sees one state, whatever the server commits meanwhile.
    let tx = db.unchecked_transaction().map_err(|source| StoreError::new(&path, source))?;
    let mut found = Problems::default();
    found.of("the file", integrity(&tx));
    for (what, sql) in COUNTS {
        found.of(what, lines(&tx, sql));
    }
    let mut entries = 0;
    match log(&tx, &mut entries, &mut found) {
        // A log with errors makes another database for sure.
        Ok(Some(rebuilt)) if found.0.is_empty() => {
            let tables = differing(&tx, rebuilt.database());
            let told = tables.map(|tables| {
                let told = |table| format!("{table}: not what the log makes of it");
                tables.into_iter().map(told).collect()
            });
            found.of("the comparison with the log", told);
        }
        Ok(_) => {}
        Err(error) => found.of("the log", Err(error)),
    }
    found.of("files", files(&tx, data));
    Ok(CheckReport { entries, problems: found.0 })
}

/// Counts that must agree, as queries that find what does not.
const COUNTS: [(&str, &str); 5] = [
    (
        "rooms",
        "SELECT 'room ' || id || ': ' || members || ' members are counted, ' || found || ' are there'
         FROM (SELECT id, members, (SELECT count(*) FROM member WHERE room = id) AS found FROM room)
         WHERE members <> found",
    ),
    (
        "events",
        "SELECT 'room ' || id || ': its events are not numbered 1 to ' || head
         FROM (SELECT id, head, (SELECT count(*) FROM event WHERE room = id) AS found,
                      (SELECT coalesce(max(seq), 0) FROM event WHERE room = id) AS newest,
                      (SELECT coalesce(min(seq), 1) FROM event WHERE room = id) AS oldest
               FROM room)
         WHERE found <> head OR newest <> head OR oldest <> 1",
    ),
    (
        "events",
        "SELECT 'event ' || seq || ' of room ' || room || ': its log entry is missing'
         FROM event WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.position = event.position)",
    ),
    (
        "bodies",
        "SELECT 'body ' || position || ': its log entry is missing'
         FROM body WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.position = body.position)",
    ),
    (
        "references",
        "SELECT 'table ' || \"table\" || ': row ' || coalesce(rowid, '?') || ' refers to nothing in '
                || parent FROM pragma_foreign_key_check",
    ),
];

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, line: String) {
        if self.0.len() < LISTED {
            self.0.push(line);
        }
    }

    /// The lines of a check; one that can't be made is a problem itself.
    fn of(&mut self, what: &str, lines: rusqlite::Result<Vec<String>>) {
        match lines {
            Ok(lines) => lines.into_iter().for_each(|line| self.add(line)),
            Err(error) => self.add(format!("{what} can't be read: {error}")),
        }
    }
}

fn files(db: &Connection, data: &Path) -> rusqlite::Result<Vec<String>> {
    let folder = Folder::new(data_dir::files_of(data));
    let told = contents::told(db)?.into_iter();
    let wrong = told.filter_map(|(hash, size)| {
        contents::problem(&folder, &hash, size).map(|why| format!("file {hash}: {why}"))
    });
    Ok(wrong.take(LISTED).collect())
}

fn integrity(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = lines(db, "PRAGMA integrity_check(100)")?;
    found.retain(|line| line != "ok");
    Ok(found.into_iter().map(|line| format!("the file: {line}")).collect())
}

fn lines(db: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let first = |row: &Row<'_>| row.get::<_, String>(0);
    db.prepare(sql)?.query_map([], first)?.take(LISTED).collect()
}

/// Verifies every entry, and makes the database anew from them; `None` where that can't be.
fn log(
    db: &Connection,
    entries: &mut u64,
    found: &mut Problems,
) -> rusqlite::Result<Option<Writer>> {
    let Ok(scratch) = Writer::scratch() else {
        found.add("no temporary database can be made to compare with".to_owned());
        return Ok(None);
    };
    let mut rebuild = Rebuild { writer: scratch, batch: Vec::new(), time: Timestamp(0) };
    let mut newest = LogPosition(0);
    let mut whole = true;
    loop {
        let page = log_rows::after(db, newest)?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            *entries += 1;
            let next = LogPosition(newest.0 + 1);
            if row.position != next {
                found.add(format!("entries {} to {}: missing", next.0, row.position.0 - 1));
                whole = false;
            }
            newest = row.position;
            let position = row.position.0;
            if row.time < rebuild.time {
                found.add(format!("entry {position}: it is older than the one before it"));
                whole = false;
            }
            match row.verified() {
                Ok(command) if whole => {
                    if let Err(why) = rebuild.apply(row, command)? {
                        found.add(why);
                        whole = false;
                    }
                }
                Ok(_) => {}
                Err(why) => {
                    found.add(format!("entry {position}: {why}"));
                    whole = false;
                }
            }
        }
    }
    if whole && let Err(why) = rebuild.flush()? {
        found.add(why);
        whole = false;
    }
    Ok(whole.then_some(rebuild.writer))
}

/// Entries of one commit have one time; so they are applied again together.
struct Rebuild {
    writer: Writer,
    batch: Vec<(Actor, LogCommand)>,
    time: Timestamp,
}

impl Rebuild {
    fn apply(&mut self, row: &LogRow, command: LogCommand) -> rusqlite::Result<Result<(), String>> {
        if row.time != self.time || self.batch.len() >= limits::COMMIT_BATCH {
            let flushed = self.flush()?;
            if flushed.is_err() {
                return Ok(flushed);
            }
        }
        self.time = row.time;
        self.batch.push((row.actor, command));
        Ok(Ok(()))
    }

    fn flush(&mut self) -> rusqlite::Result<Result<(), String>> {
        let first = self.writer.head().0 + 1;
        let outcomes = self.writer.commit(self.time, &self.batch)?;
        self.batch.clear();
        let applied = |outcome: &Outcome| matches!(outcome, Outcome::Applied(_));
        Ok(match outcomes.iter().position(|outcome| !applied(outcome)) {
            None => Ok(()),
            Some(index) => {
                Err(format!("entry {}: by the rules it changes nothing", first + index as u64))
            }
        })
    }
}
