//! `timeline.db`: what rooms looked like, so that a window shows them before the network answers.
//! Only a cache: what is lost here is fetched again.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tertulia_proto::{Epoch, Event, FrameBuffer, RoomId, RoomListing, Seq, frame, limits};

use super::database::{self, DatabaseError, Schema};
use crate::{core::item, model::RoomView};

pub(super) const FILE: &str = "timeline.db";
const LOCK: &str = "timeline.lock";
/// Newest events kept of each room when the cache is opened.
const KEPT_EVENTS: i64 = 5_000;
/// Newest events searched for one that a room list can show.
const PREVIEW_EVENTS: u16 = 20;

const SCHEMA: Schema = Schema {
    steps: &[
        "
        -- One row: which history of the server all this belongs to. None: nothing is kept yet.
        CREATE TABLE history (epoch BLOB NOT NULL) STRICT;
        -- One row a room of one's own.
        CREATE TABLE rooms (
            room INTEGER PRIMARY KEY,
            listing BLOB NOT NULL, -- postcard
            have INTEGER NOT NULL -- the newest event had; the events kept end with it
        ) STRICT;
        -- One run without gaps a room, up to rooms.have.
        CREATE TABLE events (
            room INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            frame BLOB NOT NULL, -- as on the wire
            PRIMARY KEY (room, seq)
        ) STRICT, WITHOUT ROWID;
    ",
        "
        -- Listings have another form: they are fetched again.
        DELETE FROM events;
        DELETE FROM rooms;
    ",
    ],
    synchronous: "NORMAL",
};

/// One change; several go into one transaction.
#[derive(Debug)]
pub(crate) enum Change {
    /// A room as it stands; new rooms begin after `have`.
    Room { listing: RoomListing, have: Seq },
    /// Events that follow the run.
    Append(RoomId, Vec<Event>),
    /// Events that the run follows; ignored where they do not touch it.
    Prepend(RoomId, Vec<Event>),
    /// The run is no more; the next one begins after `have`.
    Reset { room: RoomId, have: Seq },
    /// No room of one's own any more.
    Forget(RoomId),
    /// The history is this one from now on: nothing of another holds.
    Clear(Epoch),
}

/// A room as it was kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) view: RoomView,
    pub(crate) have: Seq,
}

/// The open cache; one process at a time has it.
#[derive(Debug)]
pub(crate) struct Timelines {
    connection: Connection,
    _lock: File,
}

impl Timelines {
    /// Opens the cache of a profile. A damaged one is set aside, and what belongs to another history
    /// than `epoch` is dropped. `None`: another process has it.
    pub(crate) fn open(
        profile: &Path,
        epoch: Option<Epoch>,
    ) -> Result<Option<Self>, DatabaseError> {
        let path = profile.join(FILE);
        let io =
            |error: io::Error| DatabaseError::Io { path: path.clone(), reason: error.to_string() };
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(profile.join(LOCK))
            .map_err(io)?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let connection = match checked(&path) {
            Err(DatabaseError::Broken { reason, .. }) => {
                tracing::warn!(%reason, "the timeline cache is damaged and begins anew");
                set_aside(&path).map_err(io)?;
                checked(&path)?
            }
            opened => opened?,
        };
        let mut timelines = Self { connection, _lock: lock };
        timelines.begin_with(epoch).map_err(|error| database::judge(&path, &error))?;
        Ok(Some(timelines))
    }

    /// Every room kept, by id.
    pub(crate) fn rooms(&self) -> rusqlite::Result<Vec<Kept>> {
        let kept: Vec<(Vec<u8>, i64)> = self
            .connection
            .prepare("SELECT listing, have FROM rooms ORDER BY room")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let mut rooms = Vec::new();
        for (listing, have) in kept {
            // A listing of another version's form: the room comes with the next welcome.
            let Ok(listing) = postcard::from_bytes::<RoomListing>(&listing) else {
                continue;
            };
            let newest = self.newest(listing.room, None, PREVIEW_EVENTS)?;
            let view = RoomView { preview: item::preview(&newest), listing };
            rooms.push(Kept { view, have: Seq(have as u64) });
        }
        Ok(rooms)
    }

    /// The newest events of a room's run with a seq before `before`, ascending.
    pub(crate) fn newest(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
    ) -> rusqlite::Result<Vec<Event>> {
        let mut query = self.connection.prepare_cached(
            "SELECT frame FROM events WHERE room = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
        )?;
        let before = before.map_or(i64::MAX, |seq| i64::try_from(seq.0).unwrap_or(i64::MAX));
        let frames = query
            .query_map(params![room.0 as i64, before, limit], |row| row.get::<_, Vec<u8>>(0))?;
        let mut events = Vec::new();
        for frame in frames {
            // One that can't be read ends the run as far as this reader is concerned.
            let Some(event) = decode(&frame?) else { break };
            events.push(event);
        }
        events.reverse();
        Ok(events)
    }

    /// The first event of a room's run.
    pub(crate) fn oldest(&self, room: RoomId) -> rusqlite::Result<Option<Seq>> {
        oldest(&self.connection, room)
    }

    /// Makes all changes, or none.
    pub(crate) fn apply(&mut self, changes: Vec<Change>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for change in changes {
            apply(&transaction, change)?;
        }
        transaction.commit()
    }

    /// Another process may have been told of another history while this cache was closed.
    fn begin_with(&mut self, epoch: Option<Epoch>) -> rusqlite::Result<()> {
        let kept = self
            .connection
            .query_row("SELECT epoch FROM history", [], |row| row.get(0).map(Epoch))
            .optional()?;
        if kept == epoch {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        clear(&transaction, epoch)?;
        transaction.commit()
    }
}

fn apply(transaction: &Transaction<'_>, change: Change) -> rusqlite::Result<()> {
    match change {
        Change::Room { listing, have } => {
            // Serialising to memory fails only on types that postcard can't express.
            let blob = postcard::to_stdvec(&listing).unwrap_or_default();
            transaction
                .prepare_cached(
                    "INSERT INTO rooms (room, listing, have) VALUES (?1, ?2, ?3)
                     ON CONFLICT (room) DO UPDATE SET listing = excluded.listing",
                )?
                .execute(params![listing.room.0 as i64, blob, have.0 as i64])?;
        }
        Change::Append(room, events) => {
            insert(transaction, room, &events)?;
            if let Some(last) = events.last() {
                set_have(transaction, room, last.head.seq)?;
            }
        }
        Change::Prepend(room, events) => {
            let touches = events.last().map(|event| event.head.seq.next());
            if touches.is_some() && touches == oldest(transaction, room)? {
                insert(transaction, room, &events)?;
            }
        }
        Change::Reset { room, have } => {
            transaction.execute("DELETE FROM events WHERE room = ?1", [room.0 as i64])?;
            set_have(transaction, room, have)?;
        }
        Change::Forget(room) => {
            transaction.execute("DELETE FROM events WHERE room = ?1", [room.0 as i64])?;
            transaction.execute("DELETE FROM rooms WHERE room = ?1", [room.0 as i64])?;
        }
        Change::Clear(epoch) => clear(transaction, Some(epoch))?,
    }
    Ok(())
}

fn clear(transaction: &Transaction<'_>, epoch: Option<Epoch>) -> rusqlite::Result<()> {
    transaction.execute_batch("DELETE FROM events; DELETE FROM rooms; DELETE FROM history;")?;
    if let Some(epoch) = epoch {
        transaction.execute("INSERT INTO history (epoch) VALUES (?1)", [epoch.0])?;
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, room: RoomId, events: &[Event]) -> rusqlite::Result<()> {
    let mut insert = transaction
        .prepare_cached("INSERT OR REPLACE INTO events (room, seq, frame) VALUES (?1, ?2, ?3)")?;
    for event in events {
        let seq = event.head.seq.0 as i64;
        insert.execute(params![room.0 as i64, seq, &event.encode()[..]])?;
    }
    Ok(())
}

fn set_have(transaction: &Transaction<'_>, room: RoomId, have: Seq) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE rooms SET have = ?2 WHERE room = ?1")?
        .execute(params![room.0 as i64, have.0 as i64])?;
    Ok(())
}

fn oldest(connection: &Connection, room: RoomId) -> rusqlite::Result<Option<Seq>> {
    connection
        .prepare_cached("SELECT seq FROM events WHERE room = ?1 ORDER BY seq LIMIT 1")?
        .query_row([room.0 as i64], |row| row.get::<_, i64>(0))
        .optional()
        .map(|seq| seq.map(|seq| Seq(seq as u64)))
}

fn decode(bytes: &[u8]) -> Option<Event> {
    let mut buffer = FrameBuffer::new(limits::FRAME_BYTES);
    buffer.extend(bytes);
    let frame: frame::Frame = buffer.next_frame().ok()??;
    Event::decode(&frame).ok()?
}

fn checked(path: &Path) -> Result<Connection, DatabaseError> {
    let connection = database::open(path, SCHEMA)?;
    let sqlite = |error: rusqlite::Error| database::judge(path, &error);
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite)?;
    if verdict != "ok" {
        return Err(DatabaseError::Broken { path: path.to_owned(), reason: verdict });
    }
    connection
        .execute(
            "DELETE FROM events WHERE seq <= (SELECT have FROM rooms WHERE rooms.room = events.room) - ?1",
            [KEPT_EVENTS],
        )
        .map_err(sqlite)?;
    Ok(connection)
}

fn set_aside(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let with = |more: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name.push(more);
            PathBuf::from(name)
        };
        match std::fs::rename(with(""), with(".broken")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::{listing, posted};

    const ROOM: RoomId = RoomId(1);
    const EPOCH: Epoch = Epoch([7; 16]);

    fn open(dir: &Path) -> Timelines {
        Timelines::open(dir, Some(EPOCH)).unwrap().unwrap()
    }

    fn seqs(timelines: &Timelines, before: Option<u64>, limit: u16) -> Vec<u64> {
        let events = timelines.newest(ROOM, before.map(Seq), limit).unwrap();
        events.iter().map(|event| event.head.seq.0).collect()
    }

    fn events(seqs: std::ops::RangeInclusive<u64>) -> Vec<Event> {
        seqs.map(posted).collect()
    }

    fn filled(dir: &Path) -> Timelines {
        let mut timelines = open(dir);
        let room = Change::Room { listing: listing(12, 0, 0), have: Seq(9) };
        timelines.apply(vec![room, Change::Append(ROOM, events(10..=12))]).unwrap();
        timelines
    }

    #[test]
    fn a_run_grows_at_both_ends_and_survives() {
        let dir = tempfile::tempdir().unwrap();
        let mut timelines = filled(dir.path());
        timelines.apply(vec![Change::Prepend(ROOM, events(5..=9))]).unwrap();
        timelines.apply(vec![Change::Prepend(ROOM, events(1..=2))]).unwrap();
        drop(timelines);
        let timelines = open(dir.path());
        assert_eq!(seqs(&timelines, None, 100), (5..=12).collect::<Vec<_>>());
        assert_eq!(seqs(&timelines, Some(8), 2), [6, 7]);
        assert_eq!(timelines.oldest(ROOM).unwrap(), Some(Seq(5)));
        assert_eq!(timelines.newest(ROOM, Some(Seq(6)), 1).unwrap(), [posted(5)]);
        let rooms = timelines.rooms().unwrap();
        assert_eq!(rooms[0].have, Seq(12));
        assert_eq!(rooms[0].view.listing, listing(12, 0, 0));
        assert_eq!(rooms[0].view.preview.as_ref().unwrap().1, "text 12");
    }

    #[test]
    fn a_room_told_again_keeps_its_place_and_a_reset_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut timelines = filled(dir.path());
        timelines.apply(vec![Change::Room { listing: listing(99, 0, 9), have: Seq(0) }]).unwrap();
        assert_eq!(timelines.rooms().unwrap()[0].have, Seq(12));
        timelines.apply(vec![Change::Reset { room: ROOM, have: Seq(49) }]).unwrap();
        assert_eq!(
            (seqs(&timelines, None, 9), timelines.rooms().unwrap()[0].have),
            (vec![], Seq(49))
        );
        timelines.apply(vec![Change::Append(ROOM, events(50..=51)), Change::Forget(ROOM)]).unwrap();
        assert!(seqs(&timelines, None, 9).is_empty() && timelines.rooms().unwrap().is_empty());
    }

    #[test]
    fn only_the_newest_are_kept_over_a_start() {
        let dir = tempfile::tempdir().unwrap();
        let mut timelines = open(dir.path());
        let room = Change::Room { listing: listing(0, 0, 0), have: Seq(0) };
        timelines.apply(vec![room, Change::Append(ROOM, events(1..=5_010))]).unwrap();
        drop(timelines);
        assert_eq!(open(dir.path()).oldest(ROOM).unwrap(), Some(Seq(11)));
    }

    #[test]
    fn a_damaged_one_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path()));
        let path = dir.path().join(FILE);
        std::fs::write(&path, "no database at all, but long enough to be looked at ".repeat(99))
            .unwrap();
        assert!(open(dir.path()).rooms().unwrap().is_empty());
        assert!(dir.path().join("timeline.db.broken").exists());
    }

    #[test]
    fn one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path());
        assert!(Timelines::open(dir.path(), Some(EPOCH)).unwrap().is_none());
        drop(first);
        open(dir.path());
    }

    #[test]
    fn only_what_belongs_to_the_profiles_history_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        drop(filled(dir.path()));
        assert_eq!(open(dir.path()).rooms().unwrap().len(), 1);
        let (other, none) = (Some(Epoch([8; 16])), None);
        for epoch in [other, none] {
            let mut timelines = Timelines::open(dir.path(), epoch).unwrap().unwrap();
            assert!(timelines.rooms().unwrap().is_empty() && seqs(&timelines, None, 9).is_empty());
            let room = Change::Room { listing: listing(12, 0, 0), have: Seq(12) };
            timelines.apply(vec![Change::Clear(EPOCH), room]).unwrap();
            drop(timelines);
            assert_eq!(open(dir.path()).rooms().unwrap().len(), 1, "the clearing said whose it is");
        }
    }
}
