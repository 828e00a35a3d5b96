//! What travels outside of streams: it may be lost, come twice, or come in another order, and
//! nothing may depend on it.

use bytes::{Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::{frame, limits};

/// What a datagram is; its first varint. One of a kind that this end does not know is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum DatagramKind {
    /// Frames of the control stream once more ([`crate::copies`]).
    ControlCopy = 1,
    /// Events of a lane once more ([`crate::copies`]).
    LaneCopy = 2,
    /// [`crate::Typing`] from a client, [`crate::TypingNotice`] from the server.
    Typing = 3,
    /// [`crate::Probe`].
    Probe = 4,
}

/// The kind, then the body.
pub(crate) fn encode(kind: DatagramKind, body: &impl Serialize) -> Bytes {
    let mut out = BytesMut::new();
    frame::put_varint(&mut out, kind as u64);
    // As in `frame::encode`, the types of this crate can all be expressed.
    out.extend_from_slice(&postcard::to_stdvec(body).unwrap_or_default());
    out.freeze()
}

/// The body of a datagram of that kind.
pub(crate) fn decode<T: DeserializeOwned>(kind: DatagramKind, bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(body(kind, bytes)?).ok()
}

/// What follows the kind, in a datagram of that kind.
pub(crate) fn body(kind: DatagramKind, bytes: &[u8]) -> Option<&[u8]> {
    if bytes.len() > limits::DATAGRAM_BYTES {
        return None;
    }
    let (found, used) = frame::peek_varint(bytes).ok()??;
    if found != kind as u64 {
        return None;
    }
    bytes.get(used..)
}
