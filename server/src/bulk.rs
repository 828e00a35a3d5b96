//! Fills a data directory with a history: by the rules, without a network, and without waiting for
//! the disk. For figures of large histories.

use std::{mem, path::Path};

use tertulia_proto::{AccountId, Env, Refusal, Send, Timestamp};
use thiserror::Error;

use crate::{
    data_dir::DataDir,
    foundation, limits,
    start_error::StartError,
    state::{Actor, LogCommand, Outcome},
    store::{StoreError, Writer},
};

/// A data directory being filled. Until [`Bulk::finish`] a crash of the machine loses it.
#[derive(Debug)]
pub struct Bulk {
    writer: Writer,
    data: DataDir,
    batch: Vec<(Actor, LogCommand)>,
}

/// Why it was not filled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BulkError {
    /// The directory can't be taken.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules refuse a message.
    #[error("a message is refused: {0}")]
    Refused(Refusal),
    /// It was there already.
    #[error("a message was there already")]
    Repeated,
}

impl Bulk {
    /// Takes the directory; no server may run on it.
    pub fn open(data: &Path, env: &dyn Env) -> Result<Self, BulkError> {
        let data = foundation::take(data)?;
        let writer = foundation::open(&data, env)?;
        let this = Self { writer, data, batch: Vec::with_capacity(limits::COMMIT_BATCH) };
        this.writer.be_quick().map_err(|source| this.failed(source))?;
        Ok(this)
    }

    /// Posts a message as that person's client would, from that device (the hash of its key).
    /// It may be told of by a later call.
    pub fn post(
        &mut self,
        (account, device): (AccountId, [u8; 32]),
        message: Send,
        now: Timestamp,
    ) -> Result<(), BulkError> {
        let actor = Actor { account, device: Some(device) };
        self.batch.push((actor, LogCommand::Send(message.into())));
        if self.batch.len() < limits::COMMIT_BATCH {
            return Ok(());
        }
        self.flush(now)
    }

    /// Commits what is left and closes the database; all is on the disk then.
    pub fn finish(mut self, now: Timestamp) -> Result<(), BulkError> {
        self.flush(now)?;
        let path = self.data.database();
        let failed = |source| StoreError::Sqlite { path: path.clone(), source };
        self.writer.close().map_err(failed)?;
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|source| StartError::Data { path: path.clone(), source })?;
        Ok(())
    }

    fn flush(&mut self, now: Timestamp) -> Result<(), BulkError> {
        let batch = mem::take(&mut self.batch);
        let committed = self.writer.commit(now, &batch);
        for outcome in committed.map_err(|source| self.failed(source))? {
            match outcome {
                Outcome::Applied(_) => {}
                Outcome::Repeat(_) => return Err(BulkError::Repeated),
                Outcome::Refused { refusal, .. } => return Err(BulkError::Refused(refusal)),
            }
        }
        Ok(())
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.data.database(), source }
    }
}
