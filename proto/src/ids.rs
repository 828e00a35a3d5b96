//! Newtypes of everything that is numbered or named by bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

macro_rules! number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A person or bot on a server; given by the server, from 1. 0 is the server itself.
    AccountId
);
number!(
    /// A room of a server; given by the server, from 1.
    RoomId
);
number!(
    /// Number of an event within its room: dense, from 1. 0 means "before the first".
    Seq
);
number!(
    /// Place of an entry in the order over the whole server, from 1.
    LogPosition
);
number!(
    /// Number of a request on its connection: 1, 2, 3, ... without gaps.
    ReqId
);
number!(
    /// Milliseconds since the Unix epoch, by the server's clock at commit.
    Timestamp
);

impl RoomId {
    /// The room that everyone enters by registering. It is never archived.
    pub const LOBBY: Self = Self(1);
}

impl Seq {
    /// The seq after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The seq before this one; that of 0 is 0.
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl ReqId {
    /// The number after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Identity of a log's history. It changes when history was replaced (a restore): seqs and
/// positions of another epoch mean nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epoch(pub [u8; 16]);

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({})", uuid::Uuid::from_bytes(self.0))
    }
}

/// The key of exactly-once: made by the author's client (UUIDv7, RFC 9562), unique per account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MessageId(pub [u8; 16]);

impl MessageId {
    /// A UUIDv7 of that millisecond and 80 random bits (some of which give way to the version).
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        Self(*uuid::Builder::from_unix_timestamp_millis(now.0, &random).as_uuid().as_bytes())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// Not the text form of a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a message id")]
pub struct ParseMessageIdError;

impl FromStr for MessageId {
    type Err = ParseMessageIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid = uuid::Uuid::try_parse(text).map_err(|_| ParseMessageIdError)?;
        Ok(Self(*uuid.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_sort_by_time_and_read_back() {
        let early = MessageId::new(Timestamp(1_000), [255; 10]);
        let late = MessageId::new(Timestamp(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(late.to_string().parse(), Ok(late));
        assert_eq!("x".parse::<MessageId>(), Err(ParseMessageIdError));
    }
}
