//! The one writer: a batch of commands becomes one transaction.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, config::DbConfig, params};
use sha2::{Digest, Sha256};
use tertulia_proto::{Epoch, LogPosition, RoomId, Seq, Timestamp};

use super::{
    StoreError, open_for_writing,
    soundness::{Marks, Soundness},
    sql::{column, int},
    verify,
};
use crate::state::{Actor, Applied, Entry, LogCommand, Outcome, Reply, apply};

/// The database as its writer holds it.
#[derive(Debug)]
pub(crate) struct Writer {
    db: Connection,
    head: LogPosition,
    time: Timestamp,
    marks: Marks,
}

impl Writer {
    /// Opens or makes the database. `epoch` is what a new history is called. After a stop that was
    /// not clean the newest entries are verified, and a pass over all of them is begun.
    pub(crate) fn open(path: &Path, epoch: Epoch) -> Result<Self, StoreError> {
        let error = |source| StoreError::new(path, source);
        let (db, was_clean) = open_for_writing(path)?;
        db.execute(
            "INSERT OR IGNORE INTO meta (key, value) VALUES ('epoch', ?1)",
            [epoch.0.as_slice()],
        )
        .map_err(error)?;
        let newest = db
            .query_row("SELECT position, time FROM log ORDER BY position DESC LIMIT 1", [], |row| {
                Ok((column(row, 0)?, column(row, 1)?))
            })
            .optional()
            .map_err(error)?;
        let (head, time) = newest.unwrap_or_default();
        let known = Soundness::read(&db).map_err(error)?;
        let folded = known.folded;
        let counted = known.counted.up_to_date(&db).map_err(error)?;
        let marks = Marks::new(known);
        marks.counted(counted);
        if was_clean {
            marks.folded(head);
        } else {
            if let Some(detail) = verify::newest(&db, folded, head).map_err(error)? {
                return Err(StoreError::Damaged { path: path.to_owned(), detail });
            }
            marks.begin_pass(head);
        }
        Ok(Self { db, head, time, marks })
    }

    /// A database that goes away with this value, kept in a temporary file where it is large.
    pub(crate) fn scratch() -> Result<Self, StoreError> {
        let path = Path::new("");
        let error = |source| StoreError::new(path, source);
        let mut db = Connection::open(path).map_err(error)?;
        db.pragma_update(None, "journal_mode", "MEMORY").map_err(error)?;
        db.pragma_update(None, "synchronous", "OFF").map_err(error)?;
        db.pragma_update(None, "foreign_keys", true).map_err(error)?;
        super::migrations::run(path, &mut db)?;
        Ok(Self { db, head: LogPosition(0), time: Timestamp(0), marks: Marks::default() })
    }

    /// From here on a crash may lose commits: for a file that is not in its place yet.
    pub(crate) fn be_quick(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "synchronous", "OFF")?;
        self.db.pragma_update(None, "wal_autocheckpoint", 1_000)
    }

    /// Identity of the history.
    pub(crate) fn epoch(&self) -> rusqlite::Result<Epoch> {
        self.db.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| {
            super::sql::bytes(row, 0).map(Epoch)
        })
    }

    /// The newest position.
    pub(crate) fn head(&self) -> LogPosition {
        self.head
    }

    /// What is known of the history's soundness.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The newest seq of every room.
    pub(crate) fn room_heads(&self) -> rusqlite::Result<Vec<(RoomId, Seq)>> {
        let mut statement = self.db.prepare("SELECT id, head FROM room ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((column(row, 0)?, column(row, 1)?)))?;
        rows.collect()
    }

    /// Whether anyone owns the server.
    pub(crate) fn has_owner(&self) -> rusqlite::Result<bool> {
        self.db
            .prepare("SELECT 1 FROM account WHERE role = ?1")?
            .exists([tertulia_proto::Role::Owner as i64])
    }

    /// Whether a message is there already.
    pub(crate) fn has(&self, actor: &Actor, command: &LogCommand) -> rusqlite::Result<bool> {
        let LogCommand::Send(message) = command else { return Ok(false) };
        self.db
            .prepare_cached("SELECT 1 FROM event WHERE account = ?1 AND message_id = ?2")?
            .exists(params![int(actor.account.0), message.send.message_id.0.as_slice()])
    }

    /// Applies a batch in order and commits it durably; one outcome per command, in order.
    /// Where the disk fails nothing of the batch was written.
    pub(crate) fn commit(
        &mut self,
        now: Timestamp,
        batch: &[(Actor, LogCommand)],
    ) -> rusqlite::Result<Vec<Outcome>> {
        // Commit times never go back, whatever the wall clock does.
        let time = now.max(self.time);
        let mut head = self.head;
        let mut outcomes = Vec::with_capacity(batch.len());
        let tx = self.db.transaction()?;
        // Parsed once, unlike those of `Transaction::savepoint`.
        let run = |sql| tx.prepare_cached(sql)?.execute([]).map(drop);
        for (actor, command) in batch {
            let position = LogPosition(head.0 + 1);
            let entry = Entry { position, time, actor: *actor, command };
            run("SAVEPOINT command")?;
            let outcome = apply(&tx, &entry)?;
            if let Outcome::Applied(_) = outcome {
                append(&tx, &entry)?;
                head = position;
            } else {
                run("ROLLBACK TO command")?;
            }
            run("RELEASE command")?;
            outcomes.push(outcome);
        }
        // Not with a commit that changes nothing: it would be one for this alone.
        let due = if head == self.head { None } else { self.marks.due() };
        if let Some(due) = &due {
            due.write(&tx)?;
        }
        tx.commit()?;
        (self.head, self.time) = (head, time);
        if let Some(due) = due {
            self.marks.written(due);
        }
        let posted = outcomes.iter().filter(|outcome| {
            matches!(outcome, Outcome::Applied(Applied { reply: Reply::Posted { .. }, .. }))
        });
        self.marks.posted(posted.count() as u64, head);
        Ok(outcomes)
    }

    /// Folds the write-ahead log into the database as far as readers allow. `head`: an entry that
    /// was committed by now.
    pub(crate) fn checkpoint(
        path: &Path,
        head: LogPosition,
        marks: &Marks,
    ) -> rusqlite::Result<()> {
        let db = Connection::open(path)?;
        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
        let (frames, folded) =
            db.query_row(sql, [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        // SQLite syncs the file where it folded all that was there when it began.
        if frames >= 0 && frames == folded {
            marks.folded(head);
        }
        Ok(())
    }

    /// Closes cleanly: no write-ahead log stays behind.
    pub(crate) fn close(self) -> rusqlite::Result<()> {
        if let Some(due) = self.marks.unwritten() {
            due.write(&self.db)?;
        }
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        self.db.close().map_err(|(_, error)| error)
    }

    pub(crate) fn database(&self) -> &Connection {
        &self.db
    }
}

fn append(tx: &Connection, entry: &Entry<'_>) -> rusqlite::Result<()> {
    let record = entry
        .command
        .to_record()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    if let Some(body) = &record.body {
        tx.prepare_cached("INSERT INTO body (position, bytes) VALUES (?1, ?2)")?
            .execute(params![int(entry.position.0), body])?;
    }
    let body_hash = record.body.as_ref().map(|bytes| Sha256::digest(bytes).to_vec());
    tx.prepare_cached(
        "INSERT INTO log (position, time, account, device, kind, payload, body_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        int(entry.position.0),
        int(entry.time.0),
        int(entry.actor.account.0),
        entry.actor.device.as_ref().map_or(&[][..], |key| key.as_slice()),
        record.kind,
        record.payload,
        body_hash,
    ])
    .map(drop)
}
