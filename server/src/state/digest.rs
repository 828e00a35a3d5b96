//! One number for all that follows from the log: two servers that applied the same entries have
//! the same.

use rusqlite::{Connection, types::ValueRef};
use sha2::{Digest, Sha256};

/// Everything the log determines, in a fixed order. What is not listed is not determined by it.
const TABLES: [&str; 9] = [
    "SELECT position, time, account, device, kind, payload, body_hash FROM log ORDER BY position",
    "SELECT position, bytes FROM body ORDER BY position",
    "SELECT id, handle, skeleton, display, role, created FROM account ORDER BY id",
    "SELECT key, account, created FROM device ORDER BY key",
    "SELECT id, name, skeleton, kind, flags, topic, head, members, created, created_by FROM room ORDER BY id",
    "SELECT account, room, role, since, read FROM member ORDER BY account, room",
    "SELECT room, seq, position, time, account, kind, message_id, reply_to, edited, subject, detail
     FROM event ORDER BY room, seq",
    "SELECT account, room, seq FROM mention ORDER BY account, room, seq",
    "SELECT hash, room, seq, account, size FROM file ORDER BY hash, room, seq",
];
const INVITES: &str =
    "SELECT token_hash, role, uses_left, expires, created_by FROM invite ORDER BY token_hash";

/// SHA-256 over every row of every table that the log determines.
#[cfg(test)]
pub(crate) fn digest(db: &Connection) -> rusqlite::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    for sql in TABLES.into_iter().chain([INVITES]) {
        feed_all(&mut hash, db, sql)?;
    }
    Ok(hash.finalize().into())
}

/// The tables that two databases of the same log do not agree on.
pub(crate) fn differing(
    one: &Connection,
    other: &Connection,
) -> rusqlite::Result<Vec<&'static str>> {
    let of = |db, sql| {
        let mut hash = Sha256::new();
        feed_all(&mut hash, db, sql).map(|()| <[u8; 32]>::from(hash.finalize()))
    };
    let mut tables = Vec::new();
    for sql in TABLES.into_iter().chain([INVITES]) {
        if of(one, sql)? != of(other, sql)? {
            let table = sql.split_once(" FROM ").and_then(|(_, rest)| rest.split(' ').next());
            tables.push(table.unwrap_or(sql).trim());
        }
    }
    Ok(tables)
}

fn feed_all(hash: &mut Sha256, db: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            feed(hash, row.get_ref(column)?);
        }
    }
    hash.update([0xff]);
    Ok(())
}

/// Type, length, bytes: no two different rows feed the same.
fn feed(hash: &mut Sha256, value: ValueRef<'_>) {
    let (tag, bytes) = match value {
        ValueRef::Null => (0u8, Vec::new()),
        ValueRef::Integer(number) => (1, number.to_be_bytes().to_vec()),
        ValueRef::Real(number) => (2, number.to_be_bytes().to_vec()),
        ValueRef::Text(bytes) => (3, bytes.to_vec()),
        ValueRef::Blob(bytes) => (4, bytes.to_vec()),
    };
    hash.update([tag]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
