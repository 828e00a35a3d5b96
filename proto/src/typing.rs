//! Who is writing: soft state, as a datagram where both ends can, else on the control stream.

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Author, RoomId, frame, limits, wire_enum::wire_enum};

/// One is writing in a room, from a client. Not answered. Sent at most every
/// [`limits::TYPING_INTERVAL_MS`] a room: a server drops more than a few at once. It counts only on
/// a connection whose lanes carry the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Where.
    pub room: RoomId,
}

/// A member is writing, from a server: to the connections of the others whose lanes carry the
/// room. Shown for twice [`limits::TYPING_INTERVAL_MS`].
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

/// What a datagram is; its first varint. One of a kind that this end does not know is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DatagramKind {
    /// Reserved: a redundant copy of control frames.
    ControlCopy = 1,
    /// Reserved: a redundant copy of lane frames.
    LaneCopy = 2,
    /// [`Typing`] from a client, [`TypingNotice`] from the server.
    Typing = 3,
}

impl Typing {
    /// The datagram.
    pub fn encode_datagram(&self) -> Bytes {
        encode(DatagramKind::Typing, self)
    }

    /// Reads one; `None` for any other kind, and for garbage: a datagram is never an error.
    pub fn decode_datagram(bytes: &[u8]) -> Option<Self> {
        decode(DatagramKind::Typing, bytes)
    }
}

impl TypingNotice {
    /// The datagram.
    pub fn encode_datagram(&self) -> Bytes {
        encode(DatagramKind::Typing, self)
    }

    /// Reads one; `None` for any other kind, and for garbage: a datagram is never an error.
    pub fn decode_datagram(bytes: &[u8]) -> Option<Self> {
        decode(DatagramKind::Typing, bytes)
    }
}

fn encode(kind: DatagramKind, body: &impl Serialize) -> Bytes {
    let mut out = BytesMut::new();
    frame::put_varint(&mut out, kind as u64);
    // As in `frame::encode`, the types of this crate can all be expressed.
    out.extend_from_slice(&postcard::to_stdvec(body).unwrap_or_default());
    out.freeze()
}

fn decode<T: DeserializeOwned>(kind: DatagramKind, bytes: &[u8]) -> Option<T> {
    if bytes.len() > limits::DATAGRAM_BYTES {
        return None;
    }
    let (found, used) = frame::peek_varint(bytes).ok()??;
    if found != kind as u64 {
        return None;
    }
    postcard::from_bytes(bytes.get(used..)?).ok()
}
