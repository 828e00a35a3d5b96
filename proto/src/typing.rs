//! Who is writing: soft state, as a datagram where both ends can, else on the control stream.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Author, DatagramKind, RoomId, datagram, wire_enum::wire_enum};

/// One is writing in a room, from a client. Not answered. Sent at most every
/// [`crate::limits::TYPING_INTERVAL_MS`] a room: a server drops more than a few at once. It counts only on
/// a connection whose lanes carry the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Where.
    pub room: RoomId,
}

/// A member is writing, from a server: to the connections of the others whose lanes carry the
/// room. Shown for twice [`crate::limits::TYPING_INTERVAL_MS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingNotice {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub person: Author,
}

wire_enum! {
    /// What a client says without a question, once it is welcome.
    pub enum ClientNotice {
        /// Where datagrams were not negotiated.
        3 Typing(Typing),
    }
}

impl Typing {
    /// The datagram.
    pub fn encode_datagram(&self) -> Bytes {
        datagram::encode(DatagramKind::Typing, self)
    }

    /// Reads one; `None` for any other kind, and for garbage: a datagram is never an error.
    pub fn decode_datagram(bytes: &[u8]) -> Option<Self> {
        datagram::decode(DatagramKind::Typing, bytes)
    }
}

impl TypingNotice {
    /// The datagram.
    pub fn encode_datagram(&self) -> Bytes {
        datagram::encode(DatagramKind::Typing, self)
    }

    /// Reads one; `None` for any other kind, and for garbage: a datagram is never an error.
    pub fn decode_datagram(bytes: &[u8]) -> Option<Self> {
        datagram::decode(DatagramKind::Typing, bytes)
    }
}
