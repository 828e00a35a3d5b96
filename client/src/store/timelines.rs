//! `timeline.db`: what rooms looked like, so that a window shows them before the network answers.
//! Only a cache: what is lost here is fetched again.

mod soundness;
mod surplus;
#[cfg(test)]
mod tests;

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use tertulia_proto::{
    Epoch, Event, FrameBuffer, RoomId, RoomListing, Seq, Timestamp, frame, limits,
};

use self::surplus::Surplus;
use super::database::{self, DatabaseError, Schema};
use crate::{core::item, model::RoomView};

pub(super) const FILE: &str = "timeline.db";
const LOCK: &str = "timeline.lock";
/// Newest events searched for one that a room list can show.
const PREVIEW_EVENTS: u16 = 20;

const NEWEST: &str =
    "SELECT frame FROM events WHERE room = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";

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
    path: PathBuf,
    connection: Connection,
    surplus: Surplus,
    _lock: File,
}

impl Timelines {
    /// Opens the cache of a profile, with every room kept, by id. A damaged one is set aside, and
    /// what belongs to another history than `epoch` is dropped. `None`: another process has it.
    pub(crate) fn open(
        profile: &Path,
        epoch: Option<Epoch>,
    ) -> Result<Option<(Self, Vec<Kept>)>, DatabaseError> {
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
        let (connection, surplus, kept) = match read(&path, epoch) {
            Err(DatabaseError::Broken { reason, .. }) => {
                tracing::warn!(%reason, "the timeline cache is damaged and begins anew");
                set_aside(&path).map_err(io)?;
                read(&path, epoch)?
            }
            read => read?,
        };
        Ok(Some((Self { path, connection, surplus, _lock: lock }, kept)))
    }

    /// Whether more is kept than is wanted, so that [`Timelines::trim`] has something to do.
    pub(crate) fn has_surplus(&self) -> bool {
        !self.surplus.is_empty()
    }

    /// Deletes some of what is more than is wanted; a few milliseconds' work.
    pub(crate) fn trim(&mut self) -> rusqlite::Result<()> {
        self.surplus.delete_some(&self.connection)
    }

    /// It could not be used: where that was damage, it is looked through when it is opened again.
    pub(crate) fn failed(&self, error: &rusqlite::Error) {
        if matches!(database::judge(&self.path, error), DatabaseError::Broken { .. }) {
            soundness::suspect(&self.path);
        }
    }

    /// The newest events of a room's run with a seq before `before`, ascending.
    pub(crate) fn newest(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
    ) -> rusqlite::Result<Vec<Event>> {
        let mut query = self.connection.prepare_cached(NEWEST)?;
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
            match &change {
                Change::Reset { room, .. } | Change::Forget(room) => self.surplus.forget(*room),
                Change::Clear(_) => self.surplus = Surplus::default(),
                Change::Room { .. } | Change::Append(..) | Change::Prepend(..) => {}
            }
            apply(&transaction, change)?;
        }
        transaction.commit()
    }
}

/// Opens it, reads what is shown at once, and all of it where there is doubt.
fn read(
    path: &Path,
    epoch: Option<Epoch>,
) -> Result<(Connection, Surplus, Vec<Kept>), DatabaseError> {
    let is_suspect = soundness::is_suspect(path);
    let mut connection = database::open(path, SCHEMA)?;
    if is_suspect {
        soundness::look_through(&connection, path)?;
        // Left there, it costs another look.
        let _ = soundness::cleared(path);
    }
    let sqlite = |error: rusqlite::Error| database::judge(path, &error);
    begin_with(&mut connection, epoch).map_err(sqlite)?;
    let surplus = Surplus::of(&connection).map_err(sqlite)?;
    let kept = rooms(&connection).map_err(sqlite)?;
    Ok((connection, surplus, kept))
}

/// Another process may have been told of another history while this cache was closed.
fn begin_with(connection: &mut Connection, epoch: Option<Epoch>) -> rusqlite::Result<()> {
    let kept = connection
        .query_row("SELECT epoch FROM history", [], |row| row.get(0).map(Epoch))
        .optional()?;
    if kept == epoch {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    clear(&transaction, epoch)?;
    transaction.commit()
}

fn rooms(connection: &Connection) -> rusqlite::Result<Vec<Kept>> {
    let kept: Vec<(Vec<u8>, i64)> = connection
        .prepare("SELECT listing, have FROM rooms ORDER BY room")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut rooms = Vec::new();
    for (listing, have) in kept {
        // A listing of another version's form: the room comes with the next welcome.
        let Ok(listing) = postcard::from_bytes::<RoomListing>(&listing) else {
            continue;
        };
        let preview = preview(connection, listing.room)?;
        rooms.push(Kept { view: RoomView { preview, listing }, have: Seq(have as u64) });
    }
    Ok(rooms)
}

/// What a room list shows of a room: as a rule the newest event says it, and no other is read.
fn preview(
    connection: &Connection,
    room: RoomId,
) -> rusqlite::Result<Option<(String, String, Timestamp)>> {
    let mut query = connection.prepare_cached(NEWEST)?;
    let frames = query.query_map(params![room.0 as i64, i64::MAX, PREVIEW_EVENTS], |row| {
        row.get::<_, Vec<u8>>(0)
    })?;
    for frame in frames {
        let Some(event) = decode(&frame?) else { break };
        if let Some(preview) = item::preview(&[event]) {
            return Ok(Some(preview));
        }
    }
    Ok(None)
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

fn set_aside(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let from = beside(path, suffix);
        match std::fs::rename(&from, beside(&from, ".broken")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    soundness::cleared(path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
