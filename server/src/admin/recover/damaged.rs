//! A damaged database as far as it can be read. Whatever can't be read is simply not there.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use rusqlite::{Connection, Row, params};
use tertulia_proto::{
    AccountId, DisplayName, Handle, HistoryPolicy, LogPosition, MessageId, Role, RoomId, RoomKind,
    RoomName, Seq, Timestamp, Topic,
};

use crate::{
    state::{DeviceKey, SINCE_JOINED, history_policy},
    store::{
        StoreError,
        log_rows::{self, LogRow},
        open_for_reading,
        sql::{bytes, column, int, text},
    },
};

/// Where nothing tells the log's end, it is believed to be where so many positions in a row can't
/// be read.
const BLIND: u64 = 100_000;

/// The damaged database, read front to back.
pub(super) struct Damaged {
    db: Connection,
    /// The last position that something speaks of, if anything does.
    newest: Option<LogPosition>,
    /// The last row that was read.
    found: LogPosition,
    next: LogPosition,
    page: VecDeque<LogRow>,
    /// Rows that were read.
    read: u64,
    pub(super) devices: BTreeMap<DeviceKey, AccountId>,
}

/// An account as its table has it.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) handle: Handle,
    pub(super) skeleton: String,
    pub(super) display: DisplayName,
    pub(super) role: Role,
    pub(super) created: Timestamp,
}

/// A room as its table has it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) name: RoomName,
    pub(super) skeleton: String,
    pub(super) kind: RoomKind,
    pub(super) topic: Topic,
    pub(super) history: HistoryPolicy,
    pub(super) created: Timestamp,
    pub(super) created_by: AccountId,
}

impl Damaged {
    /// Opens it; the file is only read.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let db = open_for_reading(path).map_err(|source| StoreError::new(path, source))?;
        // Nothing can be written here; this lets SQLite read a file that was cut off.
        db.pragma_update(None, "writable_schema", true)
            .map_err(|source| StoreError::new(path, source))?;
        // Is it a database at all?
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
            .map_err(|source| StoreError::new(path, source))?;
        let newest = ["log", "body", "event"].into_iter().filter_map(|table| {
            let sql = format!("SELECT coalesce(max(position), 0) FROM {table}");
            db.query_row(&sql, [], |row| column(row, 0)).ok()
        });
        let newest = match db.table_exists(None, "log") {
            Ok(true) => newest.max(),
            _ => Some(LogPosition(0)),
        };
        let (found, next) = (LogPosition(0), LogPosition(1));
        let devices = BTreeMap::new();
        let mut this = Self { db, newest, found, next, page: VecDeque::new(), read: 0, devices };
        this.learn_devices();
        Ok(this)
    }

    /// Whose devices are whose: by their table, and by every entry that tells.
    fn learn_devices(&mut self) {
        let mut devices = BTreeMap::new();
        let pair = |row: &Row<'_>| Ok((bytes(row, 0)?, column(row, 1)?));
        for sql in [
            "SELECT DISTINCT device, account FROM log WHERE account > 0 AND length(device) = 32",
            "SELECT key, account FROM device",
        ] {
            let Ok(mut statement) = self.db.prepare(sql) else { continue };
            let Ok(rows) = statement.query_map([], pair) else { continue };
            devices.extend(rows.map_while(Result::ok));
        }
        self.devices = devices;
    }

    /// Whether anything tells where the log ended.
    pub(super) fn knows_end(&self) -> bool {
        self.newest.is_some()
    }

    /// How far to look.
    fn end(&self) -> LogPosition {
        self.newest.unwrap_or(LogPosition(self.found.0 + BLIND))
    }

    /// Positions that nothing could be read from, up to the last that something speaks of.
    pub(super) fn unreadable(&self) -> u64 {
        self.newest.unwrap_or(self.found).0.saturating_sub(self.read)
    }

    /// The next row that can be read.
    pub(super) fn next(&mut self) -> Option<LogRow> {
        while self.page.is_empty() {
            let end = self.end();
            if self.next > end {
                return None;
            }
            let before = LogPosition(self.next.0 - 1);
            match log_rows::after(&self.db, before) {
                Ok(rows) if rows.is_empty() => {
                    self.next = LogPosition(end.0 + 1);
                    return None;
                }
                Ok(rows) => self.page = rows.into(),
                // Damage ahead: one by one, so that what is left and right of it is found.
                Err(_) => match log_rows::at(&self.db, self.next) {
                    Ok(Some(row)) => self.page.push_back(row),
                    Ok(None) | Err(_) => self.next = LogPosition(self.next.0 + 1),
                },
            }
        }
        let row = self.page.pop_front()?;
        self.found = row.position;
        self.read += 1;
        self.next = LogPosition(row.position.0 + 1);
        Some(row)
    }

    /// An account by its number.
    pub(super) fn person(&self, id: AccountId) -> Option<Person> {
        self.one(
            "SELECT handle, skeleton, display, role, created FROM account WHERE id = ?1",
            int(id.0),
            |row| {
                Ok(Person {
                    handle: text(row, 0, Handle::kept)?,
                    skeleton: row.get(1)?,
                    display: text(row, 2, DisplayName::kept)?,
                    role: column(row, 3)?,
                    created: column(row, 4)?,
                })
            },
        )
    }

    /// A room by its number.
    pub(super) fn place(&self, id: RoomId) -> Option<Place> {
        self.one(
            "SELECT name, skeleton, kind, topic, created, created_by, flags FROM room WHERE id = ?1",
            int(id.0),
            |row| {
                Ok(Place {
                    name: text(row, 0, RoomName::kept)?,
                    skeleton: row.get(1)?,
                    kind: column(row, 2)?,
                    topic: text(row, 3, Topic::try_from)?,
                    created: column(row, 4)?,
                    created_by: column(row, 5)?,
                    history: history_policy(row.get::<_, i64>(6)? & SINCE_JOINED != 0),
                })
            },
        )
    }

    /// The rooms that can be read, in the order in which they were made. Found from both ends of
    /// their table and from an index of it: damage hides what lies behind it.
    pub(super) fn places(&self) -> Vec<(Timestamp, RoomId)> {
        let mut found = BTreeSet::new();
        for sql in [
            "SELECT id FROM room ORDER BY id",
            "SELECT id FROM room ORDER BY id DESC",
            "SELECT id FROM room INDEXED BY room_by_maker ORDER BY created_by",
        ] {
            let Ok(mut statement) = self.db.prepare(sql) else { continue };
            let Ok(rows) = statement.query_map([], |row| column::<RoomId>(row, 0)) else {
                continue;
            };
            found.extend(rows.map_while(Result::ok));
        }
        let known = |id: RoomId| self.place(id).map(|place| (place.created, id));
        let mut places: Vec<_> = found.into_iter().filter_map(known).collect();
        places.sort_unstable();
        places
    }

    /// The number, from `from` on, of the room that an account made at a time. Names change, and
    /// several rooms may have one.
    pub(super) fn room_made(&self, time: Timestamp, by: AccountId, from: RoomId) -> Option<RoomId> {
        let sql = "SELECT id FROM room WHERE created = ?1 AND created_by = ?2 AND id >= ?3
                   ORDER BY id LIMIT 1";
        let made = params![int(time.0), int(by.0), int(from.0)];
        self.db.prepare_cached(sql).ok()?.query_row(made, |row| column(row, 0)).ok()
    }

    /// Who posted which message at a place of a room.
    pub(super) fn message(&self, room: RoomId, seq: Seq) -> Option<(AccountId, MessageId)> {
        let sql = "SELECT account, message_id FROM event WHERE room = ?1 AND seq = ?2";
        let pair = |row: &Row<'_>| Ok((column(row, 0)?, MessageId(bytes(row, 1)?)));
        let mut statement = self.db.prepare_cached(sql).ok()?;
        statement.query_row(params![int(room.0), int(seq.0)], pair).ok()
    }

    fn one<T>(
        &self,
        sql: &str,
        id: i64,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        self.db.prepare_cached(sql).ok()?.query_row([id], read).ok()
    }
}
