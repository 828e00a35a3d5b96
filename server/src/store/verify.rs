//! Whether what stands in the database is what was written, a piece at a time.
//!
//! Each entry must read, read back the same, have its body, and, where it is a message, its event;
//! each event must have its number and its entry. What needs the whole database at once (pages that
//! nobody refers to, tables compared with those that the log makes) is `check`'s.

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_proto::{LogPosition, RoomId, Seq, Timestamp};

use super::{
    log_rows::{self, LogRow},
    soundness::Place,
    sql::{column, int},
};
use crate::{
    limits,
    state::{Actor, LogCommand},
};

/// Events of one read; of the log's rows it is [`log_rows::PAGE`].
const PAGE: u64 = 256;

/// What one step of a pass saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Where the next one goes on; `None`: all was looked at.
    pub(crate) next: Option<Place>,
    /// Entries and events that were looked at.
    pub(crate) looked: u64,
    /// A line for each problem.
    pub(crate) problems: Vec<String>,
}

/// Looks at the newest entries, those behind `folded`, but never at more than a bounded number of
/// them, and at the events that they made. The first problem, if there is one.
pub(super) fn newest(
    db: &Connection,
    folded: LogPosition,
    head: LogPosition,
) -> rusqlite::Result<Option<String>> {
    let from = folded.0.max(head.0.saturating_sub(limits::VERIFIED_AT_START));
    let from = LogPosition(from);
    let mut place = Place::Log(from);
    while let Place::Log(_) = place {
        let step = step(db, place, head)?;
        match (step.next, step.problems.into_iter().next()) {
            (_, Some(problem)) => return Ok(Some(problem)),
            (Some(next), None) => place = next,
            (None, None) => break,
        }
    }
    for room in changed_since(db, from)? {
        let mut after = last_event_up_to(db, room, from)?;
        loop {
            let look = room_page(db, room, after, head);
            match (look.next, look.problems.into_iter().next()) {
                (_, Some(problem)) => return Ok(Some(problem)),
                (Some(next), None) => after = next,
                (None, None) => break,
            }
        }
    }
    Ok(None)
}

/// Rooms in which something happened behind that entry, and those whose head is not their newest
/// event.
fn changed_since(db: &Connection, position: LogPosition) -> rusqlite::Result<Vec<RoomId>> {
    db.prepare(
        "SELECT id FROM room LEFT JOIN event ON event.room = id AND seq = head
         WHERE head <> (SELECT coalesce(max(seq), 0) FROM event WHERE room = id) OR position > ?1
         ORDER BY id",
    )?
    .query_map([int(position.0)], |row| column(row, 0))?
    .collect()
}

/// The last event of a room that an entry up to `position` made.
fn last_event_up_to(db: &Connection, room: RoomId, position: LogPosition) -> rusqlite::Result<Seq> {
    let found = db
        .prepare_cached(
            "SELECT seq FROM event WHERE room = ?1 AND position <= ?2 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![int(room.0), int(position.0)], |row| column(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Looks at the next few entries or events, none behind `until`, in the caller's transaction.
pub(crate) fn step(db: &Connection, place: Place, until: LogPosition) -> rusqlite::Result<Step> {
    match place {
        Place::Log(after) => Ok(log_page(db, after, until)),
        Place::Room(room, after) => {
            let Some(found) = room_from(db, room)? else {
                return Ok(Step { next: None, looked: 0, problems: Vec::new() });
            };
            let after = if found == room { after } else { Seq(0) };
            let Look { next, looked, problems } = room_page(db, found, after, until);
            let next = match next {
                Some(seq) => Place::Room(found, seq),
                None => Place::Room(RoomId(found.0 + 1), Seq(0)),
            };
            Ok(Step { next: Some(next), looked, problems })
        }
    }
}

/// What a whole pass finds.
#[cfg(test)]
pub(crate) fn whole(db: &Connection, until: LogPosition) -> rusqlite::Result<Vec<String>> {
    let (mut at, mut problems) = (Place::Log(LogPosition(0)), Vec::new());
    loop {
        let seen = step(db, at, until)?;
        assert!(seen.looked <= PAGE, "a step is a small one");
        problems.extend(seen.problems);
        match seen.next {
            Some(next) => at = next,
            None => return Ok(problems),
        }
    }
}

fn room_from(db: &Connection, room: RoomId) -> rusqlite::Result<Option<RoomId>> {
    db.prepare_cached("SELECT id FROM room WHERE id >= ?1 ORDER BY id LIMIT 1")?
        .query_row([int(room.0)], |row| column(row, 0))
        .optional()
}

/// A page of the log. Where it can't be read at once it is read row by row, so that a broken page
/// of the file hides nothing beside it.
fn log_page(db: &Connection, after: LogPosition, until: LogPosition) -> Step {
    let mut seen =
        LogSeen { newest: after, time: time_of(db, after), looked: 0, problems: Vec::new() };
    match log_rows::after(db, after) {
        Ok(rows) => {
            let is_last = rows.len() < log_rows::PAGE;
            for row in rows.iter().take_while(|row| row.position <= until) {
                seen.row(db, row);
            }
            // What is missing at the end has no row behind it to tell.
            if is_last && seen.newest < until {
                seen.missing(LogPosition(until.0 + 1));
                seen.newest = until;
            }
        }
        Err(_) => {
            for position in (after.0 + 1..=until.0).take(log_rows::PAGE).map(LogPosition) {
                match log_rows::at(db, position) {
                    Ok(Some(row)) => seen.row(db, &row),
                    Ok(None) => seen.missing(LogPosition(position.0 + 1)),
                    Err(error) => {
                        seen.problems.push(format!("entry {position}: it can't be read: {error}"));
                    }
                }
                seen.newest = position;
            }
        }
    }
    let next =
        if seen.newest < until { Place::Log(seen.newest) } else { Place::Room(RoomId(0), Seq(0)) };
    Step { next: Some(next), looked: seen.looked, problems: seen.problems }
}

/// No problem if it can't be read: it was looked at before.
fn time_of(db: &Connection, position: LogPosition) -> Timestamp {
    let found = log_rows::at(db, position).ok().flatten();
    found.map(|row| row.time).unwrap_or_default()
}

struct LogSeen {
    newest: LogPosition,
    time: Timestamp,
    looked: u64,
    problems: Vec<String>,
}

impl LogSeen {
    fn row(&mut self, db: &Connection, row: &LogRow) {
        self.missing(row.position);
        let position = row.position;
        if row.time < self.time {
            self.problems.push(format!("entry {position}: it is older than the one before it"));
        }
        (self.newest, self.time) = (position, self.time.max(row.time));
        self.looked += 1;
        let wrong = match row.verified() {
            Ok(command) => event_of(db, row.actor, &command, row).err(),
            Err(why) => Some(why.to_owned()),
        };
        self.problems.extend(wrong.map(|why| format!("entry {position}: {why}")));
    }

    /// Notes what is missing between the newest row and this one.
    fn missing(&mut self, next: LogPosition) {
        let (first, last) = (self.newest.0 + 1, next.0.saturating_sub(1));
        if first <= last {
            self.problems.push(format!("entries {first} to {last}: missing"));
        }
    }
}

/// A message's event, found as a resend finds it.
fn event_of(
    db: &Connection,
    actor: Actor,
    command: &LogCommand,
    row: &LogRow,
) -> Result<(), String> {
    let LogCommand::Send(message) = command else { return Ok(()) };
    let found = db
        .prepare_cached(
            "SELECT room, position, time FROM event WHERE account = ?1 AND message_id = ?2",
        )
        .and_then(|mut statement| {
            let id = params![int(actor.account.0), message.send.message_id.0.as_slice()];
            let place =
                |row: &rusqlite::Row<'_>| Ok((column(row, 0)?, column(row, 1)?, column(row, 2)?));
            statement.query_row(id, place).optional()
        });
    match found {
        Ok(Some(place)) if place == (message.send.room, row.position, row.time) => Ok(()),
        Ok(Some(_)) => Err("its message stands somewhere else".to_owned()),
        Ok(None) => Err("its message is missing".to_owned()),
        Err(error) => Err(format!("its message can't be read: {error}")),
    }
}

/// What a look at a room saw: like [`Step`].
struct Look {
    next: Option<Seq>,
    looked: u64,
    problems: Vec<String>,
}

/// Some events of a room behind `after`, none of which an entry behind `until` made.
fn room_page(db: &Connection, room: RoomId, after: Seq, until: LogPosition) -> Look {
    let mut problems = Vec::new();
    let rows = match events(db, room, Seq(after.0 + 1), Seq(i64::MAX as u64)) {
        Ok(rows) => rows,
        Err(_) => {
            let head = count_of(db, room, &mut problems).unwrap_or_default();
            let mut rows = Vec::new();
            for seq in (after.0 + 1..=head.0).take(PAGE as usize).map(Seq) {
                match events(db, room, seq, seq) {
                    Ok(found) => rows.extend(found),
                    Err(error) => {
                        let told = format!("event {seq} of room {room}: it can't be read: {error}");
                        problems.push(told);
                        rows.push(EventRow::unreadable(seq));
                    }
                }
            }
            rows
        }
    };
    let is_page = rows.len() as u64 >= PAGE;
    let (mut newest, mut looked, mut position) = (after, 0, LogPosition(0));
    for row in rows {
        if row.position > until && row.entry.is_some() {
            return Look { next: None, looked, problems };
        }
        let seq = row.seq;
        if newest.next() < seq {
            let (first, last) = (newest.next(), seq.prev());
            problems.push(format!("events {first} to {last} of room {room}: missing"));
        }
        if let Some(why) = row.problem(position) {
            problems.push(format!("event {seq} of room {room}: {why}"));
        }
        (newest, position) = (seq, position.max(row.position));
        looked += 1;
    }
    if is_page {
        return Look { next: Some(newest), looked, problems };
    }
    if let Some(head) = count_of(db, room, &mut problems)
        && head != newest
    {
        problems.push(format!("room {room}: its events end at {newest}, and not at {head}"));
    }
    Look { next: None, looked, problems }
}

/// A room's head; its members are counted on the way.
fn count_of(db: &Connection, room: RoomId, problems: &mut Vec<String>) -> Option<Seq> {
    let counted = db
        .prepare_cached(
            "SELECT head, members, (SELECT count(*) FROM member WHERE room = id) FROM room
             WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.query_row([int(room.0)], |row| {
                Ok((column(row, 0)?, column::<u32>(row, 1)?, column::<u32>(row, 2)?))
            })
        });
    match counted {
        Ok((head, members, found)) => {
            if members != found {
                problems
                    .push(format!("room {room}: {members} members are counted, {found} are there"));
            }
            Some(head)
        }
        Err(error) => {
            problems.push(format!("room {room} can't be read: {error}"));
            None
        }
    }
}

struct EventRow {
    seq: Seq,
    position: LogPosition,
    time: Timestamp,
    is_message: bool,
    /// Time of its entry.
    entry: Option<Timestamp>,
    has_body: bool,
}

fn events(db: &Connection, room: RoomId, from: Seq, to: Seq) -> rusqlite::Result<Vec<EventRow>> {
    db.prepare_cached(
        "SELECT seq, event.position, event.time, event.kind = 256, log.time, body.position IS NOT NULL
         FROM (SELECT seq, position, time, kind FROM event
               WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4) AS event
         LEFT JOIN log ON log.position = event.position
         LEFT JOIN body ON body.position = event.position
         ORDER BY seq",
    )?
    .query_map(params![int(room.0), int(from.0), int(to.0), PAGE as i64], |row| {
        Ok(EventRow {
            seq: column(row, 0)?,
            position: column(row, 1)?,
            time: column(row, 2)?,
            is_message: row.get(3)?,
            entry: row.get::<_, Option<i64>>(4)?.map(|_| column(row, 4)).transpose()?,
            has_body: row.get(5)?,
        })
    })?
    .collect()
}

impl EventRow {
    /// Stands for one that was told of already.
    fn unreadable(seq: Seq) -> Self {
        let (position, time) = (LogPosition(0), Timestamp(0));
        Self { seq, position, time, is_message: false, entry: Some(time), has_body: false }
    }

    /// What is wrong with it. `before`: the entry of the event before it.
    fn problem(&self, before: LogPosition) -> Option<&'static str> {
        match self.entry {
            None => Some("its log entry is missing"),
            Some(time) if time != self.time => Some("its log entry is of another time"),
            Some(_) if self.is_message && !self.has_body => Some("its body is missing"),
            Some(_) if self.position != LogPosition(0) && self.position < before => {
                Some("its log entry is before that of the one before it")
            }
            Some(_) => None,
        }
    }
}
