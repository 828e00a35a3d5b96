//! `recover FILE`: a new database from what can be read of a damaged one.
//!
//! Every entry of the log that verifies is applied again, in order; the rules then make everything
//! else. Entries speak of accounts and rooms by id, so the ids must come out as they were: where an
//! entry is lost that had made one, it is made again from the damaged database's tables, or a
//! nameless account takes its number. Nothing is ever put in the mouth of somebody else.

mod aligned;
mod damaged;

use std::path::{Path, PathBuf};

use tertulia_proto::{Env, Epoch};

use super::{AdminError, replacement::Replacement};
use crate::{
    foundation,
    store::{StoreError, Writer},
};
use aligned::Aligned;
use damaged::Damaged;

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Entries of the damaged log that were applied again.
    pub entries: u64,
    /// Entries that are known to be lost.
    pub lost: u64,
    /// Whether the log's end could be read; otherwise more may be lost.
    pub knows_end: bool,
    /// Accounts and rooms that were made again without their entry.
    pub remade: u64,
    /// Where the former files are, if there were any.
    pub set_aside: Option<PathBuf>,
}

/// Makes a new database in `data` from what can be read of `file`, which is only read (and set
/// aside if it is the one in `data`).
pub fn recover(data: &Path, file: &Path, env: &dyn Env) -> Result<Recovered, AdminError> {
    if let Err(source) = file.metadata() {
        return Err(AdminError::File { path: file.to_owned(), source });
    }
    let data = foundation::take_for_replacement(data)?;
    let replacement = Replacement::begin(&data, env)?;
    let mut damaged = match Damaged::open(file) {
        // Which tables there are can't be read, so nothing can.
        Err(StoreError::Damaged { .. }) => {
            return Err(AdminError::NothingRecovered { path: file.to_owned() });
        }
        opened => opened?,
    };
    let new = replacement.database();
    let error = |source| StoreError::new(&new, source);
    let mut epoch = [0; 16];
    env.fill_random(&mut epoch);
    let writer = Writer::open(&new, Epoch(epoch))?;
    writer.be_quick().map_err(error)?;
    let mut aligned = Aligned::new(writer, env, &damaged);
    let mut lost = 0;
    while let Some(row) = damaged.next() {
        let applied = match row.verified() {
            Ok(command) => aligned.apply(&damaged, &row, command).map_err(error)?,
            Err(_) => false,
        };
        lost += u64::from(!applied);
    }
    let (writer, entries, remade) = aligned.finish(&damaged).map_err(error)?;
    lost += damaged.unreadable();
    writer.close().map_err(error)?;
    if entries == 0 {
        return Err(AdminError::NothingRecovered { path: file.to_owned() });
    }
    let knows_end = damaged.knows_end();
    drop(damaged);
    let set_aside = replacement.finish(&[])?;
    Ok(Recovered { entries, lost, knows_end, remade, set_aside })
}
