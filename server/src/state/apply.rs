//! One entry, one outcome.

use rusqlite::Connection;
use tertulia_proto::{AccountId, Event, Refusal, Role, RoomId, Seq};

use super::{
    accounts::{self, AccountRow},
    entry::{Entry, LogCommand},
    invites, messages, rooms,
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
    Posted {
        room: RoomId,
        seq: Seq,
        position: tertulia_proto::LogPosition,
        time: tertulia_proto::Timestamp,
    },
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
    /// An account with that role is there.
    Registered(Role),
    /// Its display name changed.
    Renamed(AccountRow),
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

/// Applies one entry inside the caller's transaction. An `Err` is the disk's; the caller rolls
/// back what was written, and so it does on `Repeat` and `Refused`.
pub(crate) fn apply(tx: &Connection, entry: &Entry<'_>) -> rusqlite::Result<Outcome> {
    let verdict = match entry.command {
        LogCommand::Register(command) => accounts::register(tx, entry, command),
        LogCommand::Send(command) => messages::send(tx, entry, command),
        LogCommand::CreateRoom(command) => rooms::create(tx, entry, command),
        LogCommand::EnterRoom(command) => rooms::enter(tx, entry, command),
        LogCommand::LeaveRoom(command) => rooms::leave(tx, entry, command),
        LogCommand::MarkRead(command) => rooms::mark_read(tx, entry, command),
        LogCommand::StoreInvite(command) => invites::store(tx, entry, command),
        LogCommand::Rename(command) => accounts::rename(tx, entry, command),
    };
    Ok(match verdict {
        Ok(Verdict::Applied(reply, effects)) => Outcome::Applied(Applied { reply, effects }),
        Ok(Verdict::Repeat(reply)) => Outcome::Repeat(reply),
        Err(Stop::Refused(refusal)) => Outcome::Refused { refusal, proposal: None },
        Err(Stop::NameTaken(proposal)) => {
            Outcome::Refused { refusal: Refusal::NAME_TAKEN, proposal }
        }
        Err(Stop::Sql(error)) => return Err(error),
    })
}
