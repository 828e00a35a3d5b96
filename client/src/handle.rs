//! The handle: what a program may ask of its client.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tertulia_certs::{KeyChanged, ServerLink};
use tertulia_proto::{
    DisplayName, Env, Event, MessageId, MessageText, Person, Refusal, Role, RoomId, RoomKind,
    RoomListing, RoomName, Seq, Span, Topic,
};
use thiserror::Error;

use crate::model::{Account, ClientEvent, Item, Snapshot, Status, Trouble};

/// How a client is opened.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The profile's folder; made if need be. One profile = one device key, one server.
    pub profile: PathBuf,
    /// Whether room events are wanted (a window, a tail) or only requests are made (a send).
    pub live: bool,
    /// Whether timelines are kept on disk, so that they show before the network answers. One
    /// process per profile at a time.
    pub cache: bool,
    /// The world outside.
    pub env: Arc<dyn Env>,
}

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
    /// The hard stop.
    #[error("{0}")]
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
    #[error("{0}")]
    Refused(Refusal),
    /// The client is closed.
    #[error("closed")]
    Closed,
}

/// How a close ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Messages that still wait in the outbox; they go out next time.
    pub waiting: usize,
}

/// A handle to a running client; clones are the same client.
#[derive(Debug, Clone)]
pub struct Client {}

impl Client {
    /// Opens the profile and starts the client's task on the current tokio runtime. Does not wait
    /// for the network. The receiver is bounded; a reader that is too slow gets
    /// [`ClientEvent::Lagged`].
    pub async fn open(
        config: ClientConfig,
    ) -> Result<(Self, async_channel::Receiver<ClientEvent>), OpenError> {
        todo!()
    }

    /// The same over a given endpoint (a simulated network).
    pub async fn with_endpoint(
        config: ClientConfig,
        endpoint: quinn::Endpoint,
    ) -> Result<(Self, async_channel::Receiver<ClientEvent>), OpenError> {
        todo!()
    }

    /// Registers this profile's device, or updates the address if it is registered there already.
    /// Returns after the server's welcome.
    pub async fn join(&self, link: &ServerLink, name: &DisplayName) -> Result<Account, JoinError> {
        todo!()
    }

    /// Everything to show now.
    pub fn snapshot(&self) -> Snapshot {
        todo!()
    }

    /// Figures of the connection.
    pub fn status(&self) -> Status {
        todo!()
    }

    /// Up to `limit` items with a seq before `before` (the newest if `None`, then with the waiting
    /// ones behind), ascending. From the cache where it has them, else from the server.
    pub async fn timeline(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
    ) -> Result<Vec<Item>, RequestError> {
        todo!()
    }

    /// Puts a message into the outbox, durably, and returns its id; it goes out when it can.
    pub async fn send(
        &self,
        room: RoomId,
        text: MessageText,
        reply_to: Option<Seq>,
    ) -> Result<MessageId, SendError> {
        todo!()
    }

    /// Sends a failed message again under a new id, or wakes a pending one.
    pub async fn retry(&self, message_id: MessageId) -> Result<(), SendError> {
        todo!()
    }

    /// Takes a message out of the outbox. `false`: it was already sent.
    pub async fn cancel(&self, message_id: MessageId) -> Result<bool, SendError> {
        todo!()
    }

    /// One's rooms and the public ones.
    pub async fn rooms(&self) -> Result<Vec<RoomListing>, RequestError> {
        todo!()
    }

    /// Makes a room and enters it.
    pub async fn create_room(
        &self,
        name: RoomName,
        kind: RoomKind,
        topic: Topic,
    ) -> Result<RoomListing, RequestError> {
        todo!()
    }

    /// Enters a public room.
    pub async fn enter_room(&self, name: RoomName) -> Result<RoomListing, RequestError> {
        todo!()
    }

    /// Leaves a room.
    pub async fn leave_room(&self, room: RoomId) -> Result<(), RequestError> {
        todo!()
    }

    /// Everyone connected now.
    pub async fn users(&self) -> Result<Vec<Person>, RequestError> {
        todo!()
    }

    /// A room's members.
    pub async fn members(&self, room: RoomId) -> Result<Vec<Person>, RequestError> {
        todo!()
    }

    /// A piece of a room's history straight from the server, ascending.
    pub async fn history(
        &self,
        room: RoomId,
        span: Span,
        limit: u16,
    ) -> Result<Vec<Event>, RequestError> {
        todo!()
    }

    /// Moves the read marker forward; coalesced, lost without harm.
    pub fn mark_read(&self, room: RoomId, seq: Seq) {
        todo!()
    }

    /// Makes an invite and returns its link.
    pub async fn invite(
        &self,
        role: Role,
        uses: u32,
        expires: Duration,
    ) -> Result<ServerLink, RequestError> {
        todo!()
    }

    /// Changes one's display name.
    pub async fn rename(&self, name: DisplayName) -> Result<(), RequestError> {
        todo!()
    }

    /// Tries to connect now, whatever the backoff says.
    pub fn wake(&self) {
        todo!()
    }

    /// Flushes the outbox for at most `flush`, closes the connection cleanly, ends the task.
    pub async fn close(&self, flush: Duration) -> Closed {
        todo!()
    }
}
