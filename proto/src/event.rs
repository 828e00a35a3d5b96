//! What happened in a room: the frames of lanes and pages.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Body, DecodeError, DisplayName, Frame, Handle, LogPosition, MessageId, RoomId, Seq,
    Timestamp, frame,
};

/// One event of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where, when and by whom.
    pub head: EventHead,
    /// What.
    pub change: Change,
}

/// What every event begins with, whatever its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventHead {
    /// The room.
    pub room: RoomId,
    /// Its number there.
    pub seq: Seq,
    /// Its place in the server's log.
    pub position: LogPosition,
    /// The server's commit time: the time shown.
    pub time: Timestamp,
    /// Who did it.
    pub author: Author,
}

/// A person as shown beside what they did.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Author {
    /// The account.
    pub account: AccountId,
    /// Its unique name.
    pub handle: Handle,
    /// Its name as typed.
    pub display: DisplayName,
}

/// A message was posted. Read later it carries its newest state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The id its author's client gave it.
    pub message_id: MessageId,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// The content; `None` once redacted.
    pub body: Option<Body>,
    /// When the content was last changed, if it was.
    pub edited: Option<Timestamp>,
}

/// The author became a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {}

/// The author ended their membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {}

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Type 256.
    Posted(Posted),
    /// Type 260.
    Joined(Joined),
    /// Type 261.
    Left(Left),
    /// Any other type of [`Event::RANGE`]: it counts its seq and shows nothing.
    Unknown(u64),
}

impl Event {
    /// Frame types of events, known or not. 257 to 259 are reserved for edited, redacted and
    /// reacted.
    pub const RANGE: std::ops::RangeInclusive<u64> = 256..=447;

    /// The frame type.
    pub const fn kind(&self) -> u64 {
        match self.change {
            Change::Posted(_) => 256,
            Change::Joined(_) => 260,
            Change::Left(_) => 261,
            Change::Unknown(kind) => kind,
        }
    }

    /// The word that commands and JSON use; `None` for an unknown type.
    pub const fn kind_name(&self) -> Option<&'static str> {
        match self.change {
            Change::Posted(_) => Some("posted"),
            Change::Joined(_) => Some("joined"),
            Change::Left(_) => Some("left"),
            Change::Unknown(_) => None,
        }
    }

    /// The whole frame.
    pub fn encode(&self) -> Bytes {
        let (kind, head) = (self.kind(), &self.head);
        match &self.change {
            Change::Posted(body) => frame::encode(kind, &(head, body)),
            Change::Joined(body) => frame::encode(kind, &(head, body)),
            Change::Left(body) => frame::encode(kind, &(head, body)),
            Change::Unknown(_) => frame::encode(kind, head),
        }
    }

    /// Reads any frame of an event type. `Ok(None)`: the type is not an event's.
    pub fn decode(frame: &Frame) -> Result<Option<Self>, DecodeError> {
        if !Self::RANGE.contains(&frame.kind) {
            return Ok(None);
        }
        let malformed = |_| DecodeError { kind: frame.kind };
        let (head, rest) = postcard::take_from_bytes(&frame.body).map_err(malformed)?;
        let change = match frame.kind {
            256 => Change::Posted(postcard::from_bytes(rest).map_err(malformed)?),
            260 => Change::Joined(postcard::from_bytes(rest).map_err(malformed)?),
            261 => Change::Left(postcard::from_bytes(rest).map_err(malformed)?),
            unknown => Change::Unknown(unknown),
        };
        Ok(Some(Self { head, change }))
    }
}
