//! The log read back, row by row, and whether a row is what was written.

use rusqlite::{Connection, Row, params};
use sha2::{Digest, Sha256};
use tertulia_proto::{LogPosition, Timestamp};

use super::sql::{column, int};
use crate::state::{Actor, LogCommand, Record};

/// Rows of one read: at most so many bodies are in memory.
pub(crate) const PAGE: usize = 256;

/// A row of the log with its body.
#[derive(Debug, Clone)]
pub(crate) struct LogRow {
    pub(crate) position: LogPosition,
    pub(crate) time: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) record: Record,
    pub(crate) body_hash: Option<Vec<u8>>,
}

/// Up to [`PAGE`] rows behind a position, in order.
pub(crate) fn after(db: &Connection, position: LogPosition) -> rusqlite::Result<Vec<LogRow>> {
    select(db, int(position.0).saturating_add(1), i64::MAX)
}

/// The row at a position.
pub(crate) fn at(db: &Connection, position: LogPosition) -> rusqlite::Result<Option<LogRow>> {
    let rows = select(db, int(position.0), int(position.0))?;
    Ok(rows.into_iter().next())
}

fn select(db: &Connection, from: i64, to: i64) -> rusqlite::Result<Vec<LogRow>> {
    db.prepare_cached(
        "SELECT log.position, time, account, device, kind, payload, bytes, body_hash
         FROM log LEFT JOIN body ON body.position = log.position
         WHERE log.position BETWEEN ?1 AND ?2 ORDER BY log.position LIMIT ?3",
    )?
    .query_map(params![from, to, PAGE as i64], LogRow::read)?
    .collect()
}

impl LogRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let device: Vec<u8> = row.get(3)?;
        let device = match device.is_empty() {
            true => None,
            false => Some(
                device
                    .try_into()
                    .map_err(|_| super::sql::invalid(3, rusqlite::types::Type::Blob))?,
            ),
        };
        Ok(Self {
            position: column(row, 0)?,
            time: column(row, 1)?,
            actor: Actor { account: column(row, 2)?, device },
            record: Record { kind: row.get(4)?, payload: row.get(5)?, body: row.get(6)? },
            body_hash: row.get(7)?,
        })
    }

    /// The command, if the row is what was written: it reads, reads back the same, and its body
    /// has its hash. Otherwise what is wrong, in words.
    pub(crate) fn verified(&self) -> Result<LogCommand, &'static str> {
        match (&self.body_hash, &self.record.body) {
            (Some(hash), Some(body)) if Sha256::digest(body)[..] != hash[..] => {
                return Err("its body is not the one that was written");
            }
            (Some(_), None) => return Err("its body is missing"),
            (None, Some(_)) => return Err("it has a body and no hash of it"),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let command =
            LogCommand::from_record(&self.record).map_err(|_| "its command can't be read")?;
        match command.to_record() {
            Ok(again) if again == self.record => Ok(command),
            _ => Err("its command does not read back the same"),
        }
    }
}
