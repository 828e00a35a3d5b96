//! `outbox.db`: messages that the server has not receipted yet. Several processes share it; each
//! sends the rows it owns, and takes over those of owners that died.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, TransactionBehavior, params};
use tertulia_proto::{Env, Epoch, MessageId, MessageText, Refusal, RoomId, Seq, Timestamp};

use super::{
    database::{self, DatabaseError, Schema},
    owner::{self, Estate, Owner},
};
use crate::core::outbox::{Row, RowId};

pub(super) const FILE: &str = "outbox.db";
pub(super) const OWNERS: &str = "outbox-owners";

const SCHEMA: Schema = Schema {
    steps: &[
        "
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of writing
            message_id BLOB NOT NULL UNIQUE,
            epoch BLOB, -- the server's history that room belongs to; NULL: none was known
            room INTEGER NOT NULL,
            text TEXT NOT NULL,
            reply_to INTEGER, -- seq of the message answered
            created INTEGER NOT NULL, -- ms since the epoch
            refusal INTEGER, -- refused for good, and why; NULL: to be sent
            owner TEXT NOT NULL -- the process that sends it
        ) STRICT;
    ",
        "
        -- 1: a frame of it may have left, by whatever process; 0: none did
        ALTER TABLE outbox ADD COLUMN may_be_sent INTEGER NOT NULL DEFAULT 1;
    ",
    ],
    synchronous: "FULL",
};

/// One change; several go into one transaction.
#[derive(Debug)]
pub(crate) enum Change {
    /// A new row of ours.
    Insert(Row),
    /// A new row of ours in the place of one that is done with.
    Replace(RowId, Row),
    /// Done with.
    Remove(RowId),
    /// Refused for good.
    Fail(RowId, Refusal),
    /// About to be sent, or refused for now.
    Mark {
        /// The row.
        id: RowId,
        /// Whether the server may have it.
        may_be_sent: bool,
    },
}

impl Change {
    /// The row that this does nothing but remove.
    pub(crate) fn removes(&self) -> Option<RowId> {
        match self {
            Self::Remove(id) => Some(*id),
            Self::Insert(_) | Self::Replace(..) | Self::Fail(..) | Self::Mark { .. } => None,
        }
    }
}

/// The open file, and the owner that this process is.
#[derive(Debug)]
pub(crate) struct OutboxFile {
    connection: Connection,
    owners: PathBuf,
    owner: Owner,
}

impl OutboxFile {
    /// Opens the outbox of a profile.
    pub(crate) fn open(profile: &Path, env: &dyn Env) -> Result<Self, DatabaseError> {
        let connection = database::open(&profile.join(FILE), SCHEMA)?;
        let owners = profile.join(OWNERS);
        let owner = Owner::new(&owners, env).map_err(|error| DatabaseError::Io {
            path: owners.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self { connection, owners, owner })
    }

    /// Makes all changes durable, or none. The ids of new rows, in order.
    pub(crate) fn apply(&mut self, changes: Vec<Change>) -> rusqlite::Result<Vec<RowId>> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut inserted = Vec::new();
        for change in changes {
            match change {
                Change::Insert(row) => {
                    inserted.push(insert_row(&transaction, self.owner.id(), &row)?)
                }
                Change::Replace(id, row) => {
                    remove_row(&transaction, id)?;
                    inserted.push(insert_row(&transaction, self.owner.id(), &row)?);
                }
                Change::Remove(id) => remove_row(&transaction, id)?,
                Change::Fail(id, refusal) => {
                    transaction
                        .prepare_cached("UPDATE outbox SET refusal = ?2 WHERE id = ?1")?
                        .execute(params![id, refusal.0])?;
                }
                Change::Mark { id, may_be_sent } => {
                    transaction
                        .prepare_cached("UPDATE outbox SET may_be_sent = ?2 WHERE id = ?1")?
                        .execute(params![id, may_be_sent])?;
                }
            }
        }
        transaction.commit()?;
        Ok(inserted)
    }

    /// Takes over the rows of dead owners: the rows that are new to this process. Those of an owner
    /// that can't be looked at stay its own, and are tried again another time.
    pub(crate) fn take_over(&mut self) -> Result<Vec<(RowId, Row)>, io::Error> {
        let mut inherited = Vec::new();
        for id in self.other_owners()? {
            match self.take_over_from(&id) {
                Ok(rows) => inherited.extend(rows),
                Err(error) => tracing::warn!(owner = id, %error, "rows can't be taken over"),
            }
        }
        inherited.sort_by_key(|(id, _)| *id);
        Ok(inherited)
    }

    /// Every row, whoever owns it.
    #[cfg(test)]
    pub(crate) fn all(&self) -> rusqlite::Result<Vec<(RowId, Row)>> {
        rows(&self.connection, "%")
    }

    fn other_owners(&self) -> Result<Vec<String>, io::Error> {
        let mut ids = owner::all(&self.owners)?;
        let of_rows = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached("SELECT DISTINCT owner FROM outbox")?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        ids.extend(of_rows().map_err(io::Error::other)?);
        ids.sort();
        ids.dedup();
        ids.retain(|id| id != self.owner.id());
        Ok(ids)
    }

    fn take_over_from(&mut self, id: &str) -> io::Result<Vec<(RowId, Row)>> {
        let Some(estate) = Estate::take(&self.owners, id)? else {
            return Ok(Vec::new());
        };
        let rows = self.inherit(id).map_err(io::Error::other)?;
        estate.settle();
        Ok(rows)
    }

    fn inherit(&mut self, dead: &str) -> rusqlite::Result<Vec<(RowId, Row)>> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = rows(&transaction, dead)?;
        transaction
            .execute("UPDATE outbox SET owner = ?2 WHERE owner = ?1", [dead, self.owner.id()])?;
        transaction.commit()?;
        Ok(rows)
    }
}

fn insert_row(connection: &Connection, owner: &str, row: &Row) -> rusqlite::Result<RowId> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (message_id, epoch, room, text, reply_to, created, owner, may_be_sent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            row.message_id.0,
            row.epoch.map(|epoch| epoch.0),
            row.room.0 as i64,
            row.text.as_str(),
            row.reply_to.map(|seq| seq.0 as i64),
            row.created.0 as i64,
            owner,
            row.may_be_sent,
        ])?;
    Ok(connection.last_insert_rowid())
}

fn remove_row(connection: &Connection, id: RowId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Rows of an owner (a LIKE pattern). A row that no program of ours wrote is passed over.
fn rows(connection: &Connection, owner: &str) -> rusqlite::Result<Vec<(RowId, Row)>> {
    let mut query = connection.prepare_cached(
        "SELECT id, message_id, epoch, room, text, reply_to, created, refusal, may_be_sent
         FROM outbox WHERE owner LIKE ?1 ORDER BY id",
    )?;
    let found = query.query_map([owner], |row| {
        let text: String = row.get(4)?;
        let Ok(text) = MessageText::new(&text) else {
            return Ok(None);
        };
        let read = Row {
            message_id: MessageId(row.get(1)?),
            epoch: row.get::<_, Option<_>>(2)?.map(Epoch),
            room: RoomId(row.get::<_, i64>(3)? as u64),
            text,
            reply_to: row.get::<_, Option<i64>>(5)?.map(|seq| Seq(seq as u64)),
            created: Timestamp(row.get::<_, i64>(6)? as u64),
            failed: row.get::<_, Option<u16>>(7)?.map(Refusal),
            may_be_sent: row.get(8)?,
        };
        Ok(Some((row.get(0)?, read)))
    })?;
    found.filter_map(Result::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEnv;

    fn row(n: u64) -> Row {
        Row {
            message_id: MessageId::new(Timestamp(n), [n as u8; 10]),
            epoch: n.is_multiple_of(2).then_some(Epoch([n as u8; 16])),
            room: RoomId(u64::MAX),
            text: MessageText::new(&format!("text {n}")).unwrap(),
            reply_to: n.is_multiple_of(2).then_some(Seq(n)),
            created: Timestamp(n),
            failed: None,
            may_be_sent: n.is_multiple_of(2),
        }
    }

    fn insert(file: &mut OutboxFile, n: u64) -> RowId {
        file.apply(vec![Change::Insert(row(n))]).unwrap()[0]
    }

    #[test]
    fn rows_outlive_their_owner_and_go_to_one_heir() {
        let dir = tempfile::tempdir().unwrap();
        let open = || OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let (mut first, mut second) = (open(), open());
        let (one, two) = (insert(&mut first, 1), insert(&mut second, 2));
        let three = insert(&mut first, 3);
        assert_eq!(second.take_over().unwrap(), [], "the first still lives");

        drop(first);
        let mut third = open();
        assert_eq!(third.take_over().unwrap(), [(one, row(1)), (three, row(3))]);
        assert_eq!(second.take_over().unwrap(), []);
        assert_eq!(second.all().unwrap(), [(one, row(1)), (two, row(2)), (three, row(3))]);
    }

    #[test]
    fn an_owner_that_can_not_be_looked_at_keeps_nothing_from_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let open = || OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let (mut first, mut second) = (open(), open());
        let one = insert(&mut first, 1);
        drop(first);
        for name in ["0000.lock", "zzzz.lock"] {
            let loops = dir.path().join(OWNERS).join(name);
            std::os::unix::fs::symlink(&loops, &loops).unwrap();
        }
        assert_eq!(second.take_over().unwrap(), [(one, row(1))]);
        assert_eq!(second.take_over().unwrap(), []);
    }

    #[test]
    fn a_retried_row_is_one_row_or_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let (one, two) = (insert(&mut file, 1), insert(&mut file, 2));
        file.apply(vec![Change::Replace(one, row(2))]).unwrap_err();
        assert_eq!(file.all().unwrap(), [(one, row(1)), (two, row(2))]);
        let ids = file.apply(vec![Change::Replace(one, row(3))]).unwrap();
        assert_eq!(file.all().unwrap(), [(two, row(2)), (ids[0], row(3))]);
    }

    #[test]
    fn changes_are_kept_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let ids = file
            .apply(vec![Change::Insert(row(1)), Change::Insert(row(2)), Change::Insert(row(3))])
            .unwrap();
        assert!(ids.is_sorted());
        file.apply(vec![Change::Remove(ids[1]), Change::Fail(ids[2], Refusal::FORBIDDEN)]).unwrap();
        let failed = Row { failed: Some(Refusal::FORBIDDEN), ..row(3) };
        assert_eq!(file.all().unwrap(), [(ids[0], row(1)), (ids[2], failed)]);
        assert!(insert(&mut file, 4) > ids[2]);
    }

    #[test]
    fn a_row_says_whether_it_may_have_been_sent_and_an_old_one_that_it_may() {
        let dir = tempfile::tempdir().unwrap();
        let old = Schema { steps: &SCHEMA.steps[..1], ..SCHEMA };
        let file = database::open(&dir.path().join(FILE), old).unwrap();
        let row_1 = "INSERT INTO outbox VALUES (1, ?1, NULL, -1, 'text 1', NULL, 1, NULL, 'dead')";
        file.execute(row_1, [row(1).message_id.0]).unwrap();
        drop(file);
        let mut file = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        let sent = Row { may_be_sent: true, ..row(1) };
        assert_eq!(file.all().unwrap(), [(1, sent.clone())]);
        let three = insert(&mut file, 3);
        file.apply(vec![
            Change::Mark { id: three, may_be_sent: true },
            Change::Mark { id: 1, may_be_sent: false },
        ])
        .unwrap();
        let three_sent = Row { may_be_sent: true, ..row(3) };
        assert_eq!(file.all().unwrap(), [(1, row(1)), (three, three_sent)]);
    }

    #[test]
    fn a_batch_with_a_repeat_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = OutboxFile::open(dir.path(), &SystemEnv).unwrap();
        file.apply(vec![Change::Insert(row(1)), Change::Insert(row(1))]).unwrap_err();
        assert_eq!(file.all().unwrap(), []);
    }
}
