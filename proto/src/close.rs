//! Application codes of CONNECTION_CLOSE, RESET_STREAM and STOP_SENDING (RFC 9000, 19).

use std::fmt;

/// Why a connection was closed, and what the client does on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u32);

impl CloseCode {
    /// Done; nothing to do.
    pub const OK: Self = Self(0);
    /// The server stops or restarts; come back with backoff.
    pub const GO_AWAY: Self = Self(1);
    /// A frame that breaks the protocol; come back with backoff, report it.
    pub const PROTOCOL: Self = Self(2);
    /// A frame over its limit; as PROTOCOL.
    pub const FRAME_TOO_LARGE: Self = Self(3);
    /// A step took too long (hello, a frame); come back with backoff.
    pub const TIMEOUT: Self = Self(4);
    /// Who you are was not accepted (registration refused); stop until a person acts.
    pub const AUTH: Self = Self(5);
    /// This device was revoked; stop.
    pub const REVOKED: Self = Self(6);
    /// This account was banned; stop.
    pub const BANNED: Self = Self(7);
    /// Too many connections or attempts; come back with backoff.
    pub const RATE: Self = Self(8);
    /// You did not read what you were sent; come back and resume.
    pub const SLOW_CONSUMER: Self = Self(9);
    /// No common version; stop and update the older end.
    pub const VERSION: Self = Self(10);
    /// The server failed; come back with backoff.
    pub const INTERNAL: Self = Self(11);
    /// Another connection of this device took this one's place; stop.
    pub const REPLACED: Self = Self(12);

    /// Whether coming back by itself can help.
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::AUTH | Self::REVOKED | Self::BANNED | Self::VERSION | Self::REPLACED)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::OK => "OK",
            Self::GO_AWAY => "GO_AWAY",
            Self::PROTOCOL => "PROTOCOL",
            Self::FRAME_TOO_LARGE => "FRAME_TOO_LARGE",
            Self::TIMEOUT => "TIMEOUT",
            Self::AUTH => "AUTH",
            Self::REVOKED => "REVOKED",
            Self::BANNED => "BANNED",
            Self::RATE => "RATE",
            Self::SLOW_CONSUMER => "SLOW_CONSUMER",
            Self::VERSION => "VERSION",
            Self::INTERNAL => "INTERNAL",
            Self::REPLACED => "REPLACED",
            Self(other) => return write!(f, "code {other}"),
        };
        f.write_str(name)
    }
}

/// RESET_STREAM, STOP_SENDING: the other end no longer wants this stream's data.
pub const STREAM_CANCELLED: u32 = 0x101;
/// STOP_SENDING: a stream of a kind this end does not know; the connection lives on.
pub const STREAM_UNKNOWN_KIND: u32 = 0x102;
