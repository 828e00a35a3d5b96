//! How much of a history is known to be sound, kept in `meta` beside the history.
//!
//! The writer alone writes there, and does so with its commits; [`Marks`] is where others leave
//! what it is to write. A mark that was not written yet only means that something is looked at
//! again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use tertulia_proto::{LogPosition, RoomId, Seq};

use super::sql::{column, int};

/// Steps of a pass between two that are written down.
const STEPS_UNWRITTEN: u32 = 64;
/// Entries behind the last count that is written down: what who asks has to count.
const ENTRIES_UNCOUNTED: u64 = 8_192;

/// What is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Soundness {
    /// Entries up to here are in the database's file, and not only in its write-ahead log.
    pub(crate) folded: LogPosition,
    /// Messages, as of an entry.
    pub(crate) counted: Counted,
    /// The pass that is under way.
    pub(crate) pass: Option<Pass>,
    /// What the last pass that came to its end found.
    pub(crate) found: Found,
}

/// How many messages there are up to an entry, so that nobody counts them all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) at: LogPosition,
    pub(crate) messages: u64,
}

/// A look at the whole history, in small steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// Where it goes on.
    pub(crate) at: Place,
    /// The newest entry that it looks at.
    pub(crate) until: LogPosition,
    /// Entries and events that it has looked at.
    pub(crate) looked: u64,
    /// What it found so far.
    pub(crate) found: Found,
}

/// How far a pass came: first through the log, then through the rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Behind that entry.
    Log(LogPosition),
    /// Behind that event.
    Room(RoomId, Seq),
}

/// Damage: how many problems, and the first in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) problems: u64,
    pub(crate) first: Option<String>,
}

impl Pass {
    pub(crate) fn new(until: LogPosition) -> Self {
        Self { at: Place::Log(LogPosition(0)), until, looked: 0, found: Found::default() }
    }

    /// Entries and events yet to be looked at, about: most entries make one event.
    fn left(&self) -> u64 {
        (2 * self.until.0).saturating_sub(self.looked).max(1)
    }
}

impl Counted {
    /// The same as of the newest entry. What a program of before left is counted from the first.
    pub(crate) fn up_to_date(self, db: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT coalesce(max(position), ?1), count(*) FILTER (WHERE kind IN (2, 9))
                   FROM log WHERE position > ?1";
        let (at, more): (LogPosition, i64) =
            db.query_row(sql, [int(self.at.0)], |row| Ok((column(row, 0)?, row.get(1)?)))?;
        Ok(Self { at, messages: self.messages + more.cast_unsigned() })
    }
}

impl Found {
    fn add(&mut self, problems: Vec<String>) {
        self.problems += problems.len() as u64;
        if self.first.is_none() {
            self.first = problems.into_iter().next();
        }
    }
}

impl Soundness {
    /// What the database says; nothing where a program of before wrote it.
    pub(crate) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT value FROM meta WHERE key = 'soundness'";
        let value: Option<Vec<u8>> = db.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(value.and_then(|value| serde_json::from_slice(&value).ok()).unwrap_or_default())
    }

    fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let value = serde_json::to_vec(self)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('soundness', ?1)";
        db.prepare_cached(sql)?.execute([value]).map(drop)
    }

    /// What the pass under way has yet to look at; 0 where there is none.
    pub(crate) fn left(&self) -> u64 {
        self.pass.as_ref().map_or(0, Pass::left)
    }

    /// The damage that is known of: what the last whole pass found, and more if the present one has.
    pub(crate) fn damage(&self) -> &Found {
        match &self.pass {
            Some(pass) if pass.found.problems >= self.found.problems => &pass.found,
            _ => &self.found,
        }
    }
}

/// What is known by now, and what of it stands in the database. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: Soundness,
    written: Soundness,
    steps: u32,
}

/// What a commit writes.
pub(super) struct Due(Soundness);

impl Marks {
    pub(super) fn new(written: Soundness) -> Self {
        Self(Arc::new(Mutex::new(State { now: written.clone(), written, steps: 0 })))
    }

    /// What is known by now.
    pub(crate) fn now(&self) -> Soundness {
        self.state().now.clone()
    }

    /// All entries up to there are in the database's file.
    pub(super) fn folded(&self, head: LogPosition) {
        let mut state = self.state();
        state.now.folded = state.now.folded.max(head);
    }

    /// So many messages up to there.
    pub(super) fn counted(&self, counted: Counted) {
        self.state().now.counted = counted;
    }

    /// So many more messages, up to there.
    pub(super) fn posted(&self, messages: u64, head: LogPosition) {
        let counted = &mut self.state().now.counted;
        *counted = Counted { at: head, messages: counted.messages + messages };
    }

    /// A pass is wanted, up to there. One that is under way goes on, and further.
    pub(super) fn begin_pass(&self, until: LogPosition) {
        let mut state = self.state();
        let pass = state.now.pass.get_or_insert_with(|| Pass::new(until));
        if matches!(pass.at, Place::Log(_)) {
            pass.until = until;
        }
    }

    /// The pass came further, or to its end (`None`), and found that.
    pub(crate) fn advance(&self, to: Option<Place>, looked: u64, problems: Vec<String>) {
        let mut state = self.state();
        let Some(mut pass) = state.now.pass.take() else { return };
        state.steps += 1;
        pass.looked += looked;
        pass.found.add(problems);
        match to {
            Some(place) => state.now.pass = Some(Pass { at: place, ..pass }),
            None => state.now.found = pass.found,
        }
    }

    /// What there is to write with the next commit, if that is worth it.
    pub(super) fn due(&self) -> Option<Due> {
        let state = self.state();
        let (now, written) = (&state.now, &state.written);
        let is_due = now.folded != written.folded
            || now.pass.is_some() != written.pass.is_some()
            || now.damage() != written.damage()
            || now.counted.at.0 >= written.counted.at.0 + ENTRIES_UNCOUNTED
            || state.steps >= STEPS_UNWRITTEN;
        is_due.then(|| Due(now.clone()))
    }

    /// All that is not written yet.
    pub(super) fn unwritten(&self) -> Option<Due> {
        let state = self.state();
        (state.now != state.written).then(|| Due(state.now.clone()))
    }

    /// It was committed.
    pub(super) fn written(&self, due: Due) {
        let mut state = self.state();
        state.written = due.0;
        state.steps = 0;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Due {
    /// Within the commit's transaction.
    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        self.0.write(db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_written_now_and_then_and_damage_at_once() {
        let marks = Marks::default();
        marks.begin_pass(LogPosition(100_000));
        let begun = marks.due().expect("a pass that begins is written");
        marks.written(begun);
        for step in 1..STEPS_UNWRITTEN {
            marks.advance(Some(Place::Log(LogPosition(step.into()))), 1, Vec::new());
            assert!(marks.due().is_none(), "step {step}");
        }
        marks.advance(Some(Place::Log(LogPosition(64))), 1, Vec::new());
        let written = marks.due().unwrap();
        marks.written(written);
        marks.advance(Some(Place::Log(LogPosition(65))), 1, vec!["entry 65".to_owned()]);
        assert!(marks.due().is_some());
        assert_eq!(marks.now().damage().first.as_deref(), Some("entry 65"));
    }

    #[test]
    fn a_count_is_written_before_it_is_far_behind() {
        let marks = Marks::default();
        marks.posted(3, LogPosition(ENTRIES_UNCOUNTED - 1));
        assert!(marks.due().is_none());
        marks.posted(1, LogPosition(ENTRIES_UNCOUNTED));
        let due = marks.due().unwrap();
        assert_eq!(due.0.counted, Counted { at: LogPosition(ENTRIES_UNCOUNTED), messages: 4 });
        marks.written(due);
        assert!(marks.due().is_none());
    }

    #[test]
    fn known_damage_stands_until_a_whole_pass_finds_none() {
        let marks = Marks::default();
        marks.begin_pass(LogPosition(9));
        marks.advance(None, 9, vec!["one".to_owned(), "two".to_owned()]);
        assert_eq!((marks.now().damage().problems, marks.now().left()), (2, 0));
        marks.begin_pass(LogPosition(9));
        assert_eq!(marks.now().damage().problems, 2, "not looked at again yet");
        marks.advance(None, 9, Vec::new());
        assert_eq!(marks.now().damage(), &Found::default());
    }

    #[test]
    fn an_unclean_stop_within_a_pass_does_not_begin_it_anew() {
        let marks = Marks::default();
        marks.begin_pass(LogPosition(9));
        marks.advance(Some(Place::Log(LogPosition(5))), 5, Vec::new());
        marks.begin_pass(LogPosition(20));
        let pass = marks.now().pass.unwrap();
        assert_eq!((pass.at, pass.until), (Place::Log(LogPosition(5)), LogPosition(20)));
    }
}
