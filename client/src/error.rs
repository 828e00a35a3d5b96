//! What can fail, one type for each operation.

use std::time::Duration;

use tertulia_certs::KeyChanged;
use tertulia_proto::Refusal;
use thiserror::Error;

use crate::model::Trouble;

/// A profile could not be opened. Each text says what, where, and what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The device key or the profile's record does not parse.
    #[error("{0}")]
    Broken(String),
    /// A database of a newer program.
    #[error("{0}")]
    Newer(String),
    /// The disk said no.
    #[error("{0}")]
    Io(String),
}

/// Joining ended without an account.
#[derive(Debug, Error)]
pub enum JoinError {
    /// The server's answer.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// A free name, if the wished one is taken.
        proposal: Option<String>,
    },
    /// No connection came about.
    #[error("no connection")]
    NoConnection(Trouble),
    /// The profile belongs to another server.
    #[error("this profile belongs to {server}")]
    OtherServer {
        /// Which.
        server: String,
    },
    /// The hard stop: the server shows, or the link names, another key than the one known. A profile
    /// never changes the key it trusts.
    #[error(
        "{0}\nThis profile stays with the key it knows: to join a server whose key was changed on \
         purpose, use a new profile (--profile DIR)."
    )]
    KeyChanged(KeyChanged),
    /// The disk said no.
    #[error("{0}")]
    Io(String),
}

/// A message could not be put into the outbox.
#[derive(Debug, Error)]
pub enum SendError {
    /// The disk said no; the message was not taken.
    #[error("the outbox can't be written: {0}")]
    Storage(String),
    /// The client is closed.
    #[error("closed")]
    Closed,
}

/// A request got no result.
#[derive(Debug, Error)]
pub enum RequestError {
    /// Not connected now; nothing was asked.
    #[error("not connected")]
    Offline,
    /// The connection ended before the answer.
    #[error("the connection was lost before the answer came")]
    Lost,
    /// The server's answer.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// When to ask again, where the refusal is not final and the server says it.
        retry_after: Option<Duration>,
    },
    /// The client is closed.
    #[error("closed")]
    Closed,
}
