//! What the rules answer: to the one who asked, to everybody else, to the log.

use tertulia_proto::{
    AccountId, Author, Event, LogPosition, Refusal, Role, RoomId, Seq, Timestamp,
};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It changed something and takes its place in the log.
    Applied(Applied),
    /// It was applied before, or there was nothing left to do; it takes no place.
    Repeat(Reply),
    /// The rules say no; it takes no place.
    Refused { refusal: Refusal, proposal: Option<String> },
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) reply: Reply,
    pub(crate) effects: Vec<Effect>,
}

/// What the one who asked is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Done,
    Registered(AccountId),
    Room(RoomId),
    Posted { room: RoomId, seq: Seq, position: LogPosition, time: Timestamp },
}

/// What others must hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Something happened in a room.
    Happened(Event),
    /// That account's connections carry the room from now on.
    Entered { account: AccountId, room: RoomId },
    /// They no longer do, after that event.
    Left { account: AccountId, room: RoomId, after: Seq },
    /// That account has read further in the room.
    Read { account: AccountId, room: RoomId },
    /// An account with that role is there.
    Registered(Role),
    /// Its display name changed.
    Renamed(Author),
}

/// Why applying stopped: the rules, or the disk. Refusals never come from the disk.
#[derive(Debug)]
pub(crate) enum Stop {
    Refused(Refusal),
    NameTaken(Option<String>),
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a rule returns.
pub(crate) enum Verdict {
    Applied(Reply, Vec<Effect>),
    Repeat(Reply),
}
