//! The handle: what a program may ask of its client.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tertulia_certs::ServerLink;
use tertulia_proto::{
    Attachment, Change, DisplayName, Env, Event, MessageId, MessageText, Person, Role, RoomId,
    RoomListing, RoomName, Seq, Span,
};
use tertulia_quic::{Congestion, Knocks};
use tokio::sync::{mpsc, oneshot};

use crate::{
    core::search::Pattern,
    driver::{Command, Feed, Question, Shared, open},
    error::{JoinError, OpenError, RequestError, SendError},
    model::{Account, ClientEvent, Connection, Item, Snapshot, Status, Trouble},
    search::Searched,
    sent::Queued,
    transfer::{self, Ground, Transfer, Uploaded, Wanted},
};

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
    /// Whether small messages follow once more while the path loses packets; off to measure what
    /// that is worth.
    pub copies: bool,
    /// What the connection's window goes by; another one only to measure what this is worth.
    pub congestion: Congestion,
    /// The world outside.
    pub env: Arc<dyn Env>,
}

/// How a close ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Messages that still wait in the outbox; they go out next time.
    pub waiting: usize,
}

/// A handle to a running client; clones are the same client. With the last one gone the client
/// ends as by [`Client::close`] without a flush.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) questions: mpsc::Sender<Question>,
    pub(crate) shared: Arc<Shared>,
    ground: Arc<Ground>,
}

impl Client {
    /// Opens the profile and starts the client's task on the current tokio runtime. Does not wait
    /// for the network. The receiver is bounded; a reader that is too slow gets
    /// [`ClientEvent::Lagged`].
    pub async fn open(
        config: ClientConfig,
    ) -> Result<(Self, async_channel::Receiver<ClientEvent>), OpenError> {
        Self::start(config, None).await
    }

    /// The same over a given endpoint (a simulated network), and the knocks of its socket.
    pub async fn with_endpoint(
        config: ClientConfig,
        endpoint: quinn::Endpoint,
        knocks: Arc<Knocks>,
    ) -> Result<(Self, async_channel::Receiver<ClientEvent>), OpenError> {
        Self::start(config, Some((endpoint, knocks))).await
    }

    /// Registers this profile's device, or updates the address if it is registered there already.
    /// Returns after the server's welcome, or after one attempt at each address failed.
    pub async fn join(&self, link: &ServerLink, name: &DisplayName) -> Result<Account, JoinError> {
        let (link, name) = (link.clone(), name.clone());
        let answer = self.call(|reply| Command::Join { link, name, reply }).await;
        let closed = || JoinError::NoConnection(Trouble::Lost("joining was cut short".to_owned()));
        answer.ok_or_else(closed)?
    }

    /// Everything to show now.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Figures of the connection.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Why the newest attempt failed, or the newest connection ended, if ever.
    pub fn last_trouble(&self) -> Option<Trouble> {
        self.shared.trouble()
    }

    /// Waits until a welcomed connection stands, however long that takes. `Err`: none will, until
    /// a person acts; `None` where no server was ever joined.
    pub async fn welcomed(&self) -> Result<(), Option<Trouble>> {
        self.reached(|connection| matches!(connection, Connection::Syncing | Connection::Live))
            .await
    }

    /// As [`Client::welcomed`], and until nothing is missing any more.
    pub async fn live(&self) -> Result<(), Option<Trouble>> {
        self.reached(|connection| *connection == Connection::Live).await
    }

    /// Waits until there is no connection and none will be, until a person acts. The reason; `None`
    /// where no server was ever joined.
    pub async fn stopped(&self) -> Option<Trouble> {
        self.reached(|_| false).await.err().flatten()
    }

    /// Waits until the first attempt since the opening has ended in one way or the other.
    pub async fn tried(&self) {
        // Stopped is one way.
        let _ =
            self.reached(|connection| !matches!(connection, Connection::Connecting { .. })).await;
    }

    /// Waits until an attempt has been without an answer long enough to say so, and says why that
    /// may be. The attempt goes on. Never, where none is made, or all goes well.
    pub async fn doubted(&self) -> Trouble {
        let mut watch = self.shared.watch();
        loop {
            if let Connection::Connecting { doubt: Some(doubt) } = &*watch.borrow_and_update() {
                return doubt.clone();
            }
            if watch.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Waits until there is no connection and the next attempt is some time away, and says why.
    pub async fn interrupted(&self) -> Trouble {
        let mut watch = self.shared.watch();
        loop {
            if let Connection::Offline { trouble, .. } = &*watch.borrow_and_update() {
                return trouble.clone();
            }
            if watch.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Up to `limit` items with a seq before `before` (the newest if `None`, then with the waiting
    /// ones behind), ascending. From the cache where it has them, else from the server; what the
    /// cache has is better than an error.
    pub async fn timeline(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: u16,
    ) -> Result<Vec<Item>, RequestError> {
        crate::timeline::timeline(self, room, before, limit).await
    }

    /// What is on this disk of the newest `limit` items, ascending, the waiting ones behind. `None`:
    /// nothing is. Never waits for the server.
    pub async fn kept(&self, room: RoomId, limit: u16) -> Option<Vec<Item>> {
        crate::timeline::kept(self, room, limit).await
    }

    /// One step of a search in a room, through what is before `before` (all, if `None`): the next
    /// few hundred events that this disk has, or, where it has none and `asks_server`, the
    /// server's next page. Whoever wants more goes on from [`Searched::looked_to`].
    pub async fn search(
        &self,
        room: RoomId,
        pattern: &Pattern,
        before: Option<Seq>,
        asks_server: bool,
    ) -> Result<Searched, RequestError> {
        crate::search::search(self, room, pattern, before, asks_server).await
    }

    /// Puts a message into the outbox, durably, and returns its id; it goes out when it can.
    pub async fn send(
        &self,
        room: RoomId,
        text: MessageText,
        reply_to: Option<Seq>,
    ) -> Result<MessageId, SendError> {
        let message = |stored| Command::Queue { room, text, reply_to, stored, outcome: None };
        self.call(message).await.ok_or(SendError::Closed)?
    }

    /// Hands a message to the client without waiting for the disk. Messages go out in the order
    /// of these calls; what becomes of each is told by what is returned.
    pub async fn queue(
        &self,
        room: RoomId,
        text: MessageText,
        reply_to: Option<Seq>,
    ) -> Result<Queued, SendError> {
        let (stored, stored_rx) = oneshot::channel();
        let (outcome, outcome_rx) = oneshot::channel();
        let outcome = Some(outcome);
        let command = Command::Queue { room, text, reply_to, stored, outcome };
        self.commands.send(command).await.map_err(|_| SendError::Closed)?;
        Ok(Queued::new(stored_rx, outcome_rx))
    }

    /// Sends a failed message again under a new id, or wakes a pending one.
    pub async fn retry(&self, message_id: MessageId) -> Result<(), SendError> {
        self.call(|reply| Command::Retry { message_id, reply }).await.ok_or(SendError::Closed)?
    }

    /// Takes a message out of the outbox. `false`: it was already sent, or may have been, by this
    /// process or by another before it.
    pub async fn cancel(&self, message_id: MessageId) -> Result<bool, SendError> {
        self.call(|reply| Command::Cancel { message_id, reply }).await.ok_or(SendError::Closed)?
    }

    /// Reads a room from after a seq on, without gaps, across reconnects, without end. Takes a
    /// client that is `live`, and a room that one is a member of. One reader a room.
    pub async fn follow(&self, room: RoomId, after: Seq) -> Result<Follow, RequestError> {
        let feed = self.call(|reply| Command::Follow { room, after, reply }).await;
        let feed = feed.ok_or(RequestError::Closed)?;
        Ok(Follow { client: self.clone(), room, feed })
    }

    /// One's rooms and the public ones: the lobby, then by kind and address.
    pub async fn rooms(&self) -> Result<Vec<RoomListing>, RequestError> {
        crate::lists::rooms(self).await
    }

    /// The room of that address ([`RoomListing::address`]) when rooms were last listed: good for
    /// sending to it while there is no connection.
    pub async fn known_room(&self, name: RoomName) -> Option<RoomId> {
        self.call(|reply| Command::Known(name, reply)).await?
    }

    /// Messages of the outbox that this client is to send, failed ones too, in order of writing.
    pub async fn waiting(&self) -> Vec<(RoomId, Item)> {
        self.call(Command::Waiting).await.unwrap_or_default()
    }

    /// Everyone connected now.
    pub async fn users(&self) -> Result<Vec<Person>, RequestError> {
        crate::lists::users(self).await
    }

    /// A room's members.
    pub async fn members(&self, room: RoomId) -> Result<Vec<Person>, RequestError> {
        crate::lists::members(self, room).await
    }

    /// A piece of a room's history straight from the server, ascending. A page is bounded in bytes
    /// too: fewer than `limit` does not say that there are no more.
    pub async fn history(
        &self,
        room: RoomId,
        span: Span,
        limit: u16,
    ) -> Result<Vec<Event>, RequestError> {
        crate::lists::history(self, room, span, limit).await
    }

    /// Sends a file to a room, beside everything else, and over as many connections as it takes;
    /// it becomes a message when it is there. A public room is entered if need be. The same file
    /// to the same room after an interruption, by whichever process, goes on where it was, and is
    /// the same message, until [`Transfer::settle`] was called.
    pub fn upload(&self, room: RoomId, reply_to: Option<Seq>, path: PathBuf) -> Transfer<Uploaded> {
        transfer::upload(Arc::clone(&self.ground), room, reply_to, path)
    }

    /// The file that a message brought; `None` where it brought none, or there is no such message.
    pub async fn file(&self, room: RoomId, seq: Seq) -> Result<Option<Attachment>, RequestError> {
        let events = self.history(room, Span::After(seq.prev()), 1).await?;
        let event = events.into_iter().find(|event| event.head.seq == seq);
        Ok(match event.map(|event| event.change) {
            Some(Change::Posted(posted)) => posted.file,
            _ => None,
        })
    }

    /// Fetches the file of a message to that place, likewise; what is there is replaced only where
    /// that is said. The file is there whole or not at all, and what came of it lies beside.
    pub fn download(
        &self,
        (room, seq): (RoomId, Seq),
        file: Attachment,
        target: PathBuf,
        overwrite: bool,
    ) -> Transfer<PathBuf> {
        let wanted = Wanted { room, seq, file, target, overwrite };
        transfer::download(Arc::clone(&self.ground), wanted)
    }

    /// Where a file would be within a folder: what its sender calls it names no other place.
    pub fn place_in(folder: &Path, file: &Attachment) -> PathBuf {
        transfer::place_in(folder, file)
    }

    /// Moves the read marker forward; coalesced, lost without harm.
    pub fn mark_read(&self, room: RoomId, seq: Seq) {
        // A client that is that busy, or closed, hears of it another time.
        let _ = self.commands.try_send(Command::MarkRead(room, seq));
    }

    /// Says that one is writing in a room: told at most every few seconds, and only while there is
    /// a connection.
    pub fn typing(&self, room: RoomId) {
        // A client that is that busy has better things to tell.
        let _ = self.commands.try_send(Command::Typing(room));
    }

    /// What was typed in a room and not sent, as it was kept.
    pub fn draft(&self, room: RoomId) -> Option<String> {
        self.shared.with_drafts(|drafts| drafts.all().get(&room).cloned())
    }

    /// Keeps what was typed in a room and not sent; empty: nothing was. On disk within about a
    /// second, and before [`Client::close`] returns, by a client that has the timelines
    /// ([`ClientConfig::cache`]). One longer than four messages is not kept.
    pub fn set_draft(&self, room: RoomId, text: String) {
        self.shared.with_drafts(|drafts| drafts.set(room, text));
        // Only to wake the task: with that many commands it is awake.
        let _ = self.commands.try_send(Command::Drafted);
    }

    /// Makes an invite and returns its link.
    pub async fn invite(
        &self,
        role: Role,
        uses: u32,
        expires: Duration,
    ) -> Result<ServerLink, RequestError> {
        crate::lists::invite(self, role, uses, expires).await
    }

    /// Changes one's display name.
    pub async fn rename(&self, name: DisplayName) -> Result<(), RequestError> {
        crate::lists::rename(self, name).await
    }

    /// Tries to connect now, whatever the backoff says. A connection that stands is asked for a sign of
    /// life, and one that gives none within seconds is made anew: after a sleep or on another network
    /// it may be one of before.
    pub fn wake(&self) {
        // A client that is that busy is connected, or awake already.
        let _ = self.commands.try_send(Command::Wake);
    }

    /// Flushes the outbox for at most `flush`, closes the connection cleanly, ends the task.
    pub async fn close(&self, flush: Duration) -> Closed {
        let closed = self.call(|reply| Command::Close { flush, reply }).await;
        // Closed before: what waited then still waits.
        closed.unwrap_or_else(|| Closed { waiting: self.snapshot().queued })
    }

    async fn start(
        config: ClientConfig,
        endpoint: Option<(quinn::Endpoint, Arc<Knocks>)>,
    ) -> Result<(Self, async_channel::Receiver<ClientEvent>), OpenError> {
        let started = open::start(config, endpoint).await?;
        let open::Started { commands, questions, shared, ground, events } = started;
        Ok((Self { commands, questions, shared, ground }, events))
    }

    async fn reached(&self, goal: impl Fn(&Connection) -> bool) -> Result<(), Option<Trouble>> {
        let mut watch = self.shared.watch();
        let is_over = |connection: &Connection| {
            goal(connection) || matches!(connection, Connection::Unjoined | Connection::Stopped(_))
        };
        let reached = watch.wait_for(is_over).await;
        match reached.as_deref() {
            Ok(Connection::Unjoined) => Err(None),
            Ok(Connection::Stopped(trouble)) => Err(Some(trouble.clone())),
            Ok(_) => Ok(()),
            Err(_) => Err(Some(Trouble::Lost("closed".to_owned()))),
        }
    }

    /// `None`: the client is closed.
    pub(crate) async fn call<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Option<T> {
        let (tx, rx) = oneshot::channel();
        self.commands.send(command(tx)).await.ok()?;
        rx.await.ok()
    }
}

/// Reads one room in order; see [`Client::follow`].
#[derive(Debug)]
pub struct Follow {
    client: Client,
    room: RoomId,
    feed: Feed,
}

impl Follow {
    /// The next event. `None`: one is no member of the room any more, or the client is closed.
    ///
    /// Cancel safe: an event that was not returned is returned by the next call.
    pub async fn next(&mut self) -> Option<Event> {
        // Closed: what is there already is all that comes. What is taken off the feed's mind is
        // sent at once: dropped in between, this would leave the feed starved.
        if self.feed.may_want_more()
            && let Ok(permit) = self.client.commands.reserve().await
            && self.feed.wants_more()
        {
            permit.send(Command::Refill(self.room));
        }
        self.feed.events.recv().await.ok()
    }

    /// The next event, if it is there already. Between two calls of [`Follow::next`] there are
    /// only so many: that one asks for more.
    pub fn ready(&mut self) -> Option<Event> {
        self.feed.events.try_recv().ok()
    }
}
