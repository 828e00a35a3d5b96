//! What the server's database says in the end, read by plain SQL.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, Row};
use tertulia_proto::{Body, FileHash, MessageId, RoomId, Seq};

use super::ledger::Seen;

/// See the module.
#[derive(Debug, Default)]
pub struct Facts {
    /// Rooms.
    pub rooms: BTreeMap<RoomId, RoomFacts>,
    /// People's account numbers, by handle.
    pub accounts: BTreeMap<String, u64>,
}

/// One room.
#[derive(Debug)]
pub struct RoomFacts {
    /// The newest seq.
    pub head: Seq,
    /// How many members.
    pub member_count: u32,
    /// What it is about.
    pub topic: String,
    /// Whether members read nothing of before they entered.
    pub since_joined: bool,
    /// Members by account: the role, and the event by which each became one.
    pub members: BTreeMap<u64, (i64, Seq)>,
    /// Events, in order.
    pub events: Vec<EventFacts>,
}

/// One event.
#[derive(Debug)]
pub struct EventFacts {
    /// Its number.
    pub seq: Seq,
    /// Its place in the log.
    pub position: u64,
    /// When.
    pub time: u64,
    /// Whose.
    pub account: u64,
    /// What.
    pub seen: Seen,
    /// The file that it brought, and its size.
    pub file: Option<(FileHash, u64)>,
}

impl Facts {
    /// Reads a database that may be in use.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let db = Connection::open(path)?;
        let mut facts = Self::default();
        let mut accounts = db.prepare("SELECT handle, id FROM account")?;
        for account in accounts.query_map([], |row| Ok((row.get(0)?, number(row, 1)?)))? {
            let (handle, id) = account?;
            facts.accounts.insert(handle, id);
        }
        let files = files(&db)?;
        let mut rooms = db.prepare("SELECT id, head, members, flags, topic FROM room")?;
        let rooms = rooms.query_map([], |row| {
            let room = RoomFacts {
                head: Seq(number(row, 1)?),
                member_count: row.get(2)?,
                since_joined: row.get::<_, i64>(3)? & 1 != 0,
                topic: row.get(4)?,
                members: BTreeMap::new(),
                events: Vec::new(),
            };
            Ok((RoomId(number(row, 0)?), room))
        })?;
        for room in rooms {
            let (id, mut room) = room?;
            room.members = members(&db, id)?;
            room.events = events(&db, id, &files)?;
            facts.rooms.insert(id, room);
        }
        Ok(facts)
    }

    /// What somebody may read of a room, if they are a member: from there on.
    pub fn readable_from(&self, account: u64, room: RoomId) -> Option<Seq> {
        let room = self.rooms.get(&room)?;
        let (_, since) = room.members.get(&account)?;
        Some(if room.since_joined { *since } else { Seq(1) })
    }
}

fn members(db: &Connection, room: RoomId) -> rusqlite::Result<BTreeMap<u64, (i64, Seq)>> {
    db.prepare("SELECT account, role, since FROM member WHERE room = ?1")?
        .query_map([room.0 as i64], |row| {
            Ok((number(row, 0)?, (row.get(1)?, Seq(number(row, 2)?))))
        })?
        .collect()
}

/// What messages brought, by where they stand.
type FilesByPlace = BTreeMap<(RoomId, Seq), (FileHash, u64)>;

fn files(db: &Connection) -> rusqlite::Result<FilesByPlace> {
    db.prepare("SELECT room, seq, hash, size FROM file")?
        .query_map([], |row| {
            let place = (RoomId(number(row, 0)?), Seq(number(row, 1)?));
            Ok((place, (FileHash(row.get(2)?), number(row, 3)?)))
        })?
        .collect()
}

fn events(db: &Connection, room: RoomId, files: &FilesByPlace) -> anyhow::Result<Vec<EventFacts>> {
    let mut statement = db.prepare(
        "SELECT seq, event.position, time, account, message_id, bytes
         FROM event LEFT JOIN body USING (position) WHERE room = ?1 ORDER BY seq",
    )?;
    let mut rows = statement.query([room.0 as i64])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Option<[u8; 16]> = row.get(4)?;
        let body: Option<Vec<u8>> = row.get(5)?;
        // Of several events of one entry only the message has the body.
        let text = match (id, body) {
            (Some(_), Some(body)) => match postcard::from_bytes(&body)? {
                Body::Text(text) => Some(text.as_str().to_owned()),
                _ => None,
            },
            _ => None,
        };
        let seq = Seq(number(row, 0)?);
        events.push(EventFacts {
            seq,
            position: number(row, 1)?,
            time: number(row, 2)?,
            account: number(row, 3)?,
            seen: Seen { message_id: id.map(MessageId), text },
            file: files.get(&(room, seq)).copied(),
        });
    }
    Ok(events)
}

fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    // Nothing there is negative.
    row.get::<_, i64>(index).map(|value| value as u64)
}
