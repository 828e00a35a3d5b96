//! The reference: what people wrote, what they were told of it, and what they saw. It knows nothing
//! of how any of it works.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tertulia_proto::{Attachment, MessageId, RoomId, Seq};

use super::trace::Trace;

/// Violations told of one run; there are more where one is.
const VIOLATIONS: usize = 20;

/// A message's number in the order of writing, over all people.
pub type Number = usize;

/// A message that somebody wrote.
#[derive(Debug, Clone)]
pub struct Written {
    /// Who.
    pub person: usize,
    /// Where.
    pub room: RoomId,
    /// What: no two are the same.
    pub text: String,
    /// The file that it is to bring; then the text is the server's, by the file's name and size.
    pub file: Option<Attachment>,
    /// Its id, as far as the author was told.
    pub id: Option<MessageId>,
    /// What the author was told of it.
    pub told: Told,
    /// Whether the author ever wanted it back.
    pub is_unwanted: bool,
}

/// What an author was told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing: the client was killed, or closed, before it answered.
    Nothing,
    /// It is in the outbox, durably.
    Stored,
    /// It is not in the outbox.
    NotStored,
    /// Nothing yet of whether it could be taken back.
    BeingCancelled,
    /// It was taken back before it was sent.
    Cancelled,
    /// It is durable on the server, with that number in its room.
    Receipted(Seq),
    /// The server will not have it.
    Refused,
}

/// What somebody saw of one event of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whose message it is; `None`: it is no message.
    pub message_id: Option<MessageId>,
    /// Its text.
    pub text: Option<String>,
}

/// See the module.
#[derive(Debug)]
pub struct Ledger {
    trace: Arc<Trace>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    written: Vec<Written>,
    by_id: BTreeMap<MessageId, Number>,
    seen: BTreeMap<(RoomId, Seq), Seen>,
    violations: Vec<String>,
    violations_untold: usize,
}

impl Ledger {
    /// An empty one.
    pub fn new(trace: Arc<Trace>) -> Self {
        Self { trace, state: Mutex::default() }
    }

    /// Somebody hands a message to their client.
    pub fn wrote(&self, person: usize, room: RoomId, text: String) -> Number {
        self.add(person, room, text, None)
    }

    /// Somebody wants to send a file.
    pub fn wants_to_send(&self, person: usize, room: RoomId, file: Attachment) -> Number {
        self.add(person, room, file.as_text(), Some(file))
    }

    fn add(&self, person: usize, room: RoomId, text: String, file: Option<Attachment>) -> Number {
        let mut state = self.state();
        self.trace.note(format_args!("{person} writes {} to {room}", state.written.len()));
        state.written.push(Written {
            person,
            room,
            text,
            file,
            id: None,
            told: Told::Nothing,
            is_unwanted: false,
        });
        state.written.len() - 1
    }

    /// The author learns a message's id.
    pub fn named(&self, number: Number, id: MessageId) {
        let mut state = self.state();
        state.written[number].id = Some(id);
        state.by_id.insert(id, number);
    }

    /// The author is told what became of a message.
    pub fn told(&self, number: Number, told: Told) {
        self.trace.note(format_args!("{number} is {told:?}"));
        let mut state = self.state();
        let before = state.written[number].told;
        state.written[number].is_unwanted |= told == Told::BeingCancelled;
        match (before, told) {
            // Whoever has more already learns nothing.
            (Told::Receipted(_) | Told::Refused, Told::Stored | Told::BeingCancelled) => return,
            // One that failed may be put away.
            (Told::Refused, Told::Cancelled) => return,
            (Told::Nothing | Told::Stored | Told::BeingCancelled, _) => {}
            (before, now) if before == now => {}
            (before, now) => {
                state.violated(format!("message {number} is {before:?}, and then {now:?}"));
            }
        }
        state.written[number].told = told;
    }

    /// The same, by the message's id; one that nobody was told of counts nothing.
    pub fn told_by_id(&self, id: MessageId, told: Told) {
        let number = self.state().by_id.get(&id).copied();
        if let Some(number) = number {
            self.told(number, told);
        }
    }

    /// Somebody saw an event: everybody else saw the same in its place.
    pub fn saw(&self, person: usize, room: RoomId, seq: Seq, seen: Seen) {
        let mut state = self.state();
        self.trace.note(format_args!("{person} sees {seq} of {room}"));
        let first = state.seen.entry((room, seq)).or_insert_with(|| seen.clone());
        if *first != seen {
            let text = format!("{person} saw another event {seq} of room {room} than others");
            state.violated(text);
        }
    }

    /// Something happened that never may.
    pub fn violated(&self, what: impl fmt::Display) {
        self.trace.note(format_args!("VIOLATION {what}"));
        self.state().violated(what.to_string());
    }

    /// What was written, in order.
    pub fn written(&self) -> Vec<Written> {
        self.state().written.clone()
    }

    /// What was seen.
    pub fn seen(&self) -> BTreeMap<(RoomId, Seq), Seen> {
        self.state().seen.clone()
    }

    /// What never may happen and did.
    pub fn violations(&self) -> Vec<String> {
        let state = self.state();
        let more =
            (state.violations_untold > 0).then(|| format!("and {} more", state.violations_untold));
        state.violations.iter().cloned().chain(more).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn violated(&mut self, what: String) {
        match self.violations.len() < VIOLATIONS {
            true => self.violations.push(what),
            false => self.violations_untold += 1,
        }
    }
}
