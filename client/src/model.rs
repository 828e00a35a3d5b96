//! What a client shows: plain data, no behaviour, no transport.

use std::{fmt, net::SocketAddr, time::Duration};

use tertulia_certs::{KeyChanged, KeyFingerprint};
use tertulia_proto::{
    AccountId, Attachment, Author, DisplayName, Handle, MessageId, MessageText, Person, Refusal,
    Role, RoomId, RoomListing, RoomName, Seq, Timestamp, Topic,
};

/// Something changed. Every event is an upsert: applying one twice changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// The way to the server changed.
    Connection(Connection),
    /// The server takes no messages for now, and why; or (`None`) it takes them again. They wait.
    Held(Option<Refusal>),
    /// Who one is on this server: after a welcome, or when the name changed.
    Account(Account),
    /// A room of one's own is there or changed (name, topic, unread, newest message).
    Room(RoomView),
    /// One is no member of this room any more.
    RoomGone(RoomId),
    /// Items of a room's timeline are there or changed. See [`Item::key`] for where they go.
    Items {
        /// The room.
        room: RoomId,
        /// In timeline order.
        items: Vec<Item>,
    },
    /// The timeline jumped: what was shown before is no longer next to what comes. Show
    /// [`Client::timeline`](crate::Client::timeline) afresh.
    TimelineReset(RoomId),
    /// An unsent message was cancelled.
    ItemGone {
        /// The room.
        room: RoomId,
        /// The message.
        message_id: MessageId,
    },
    /// Who is connected changed.
    Presence(PresenceView),
    /// Somebody else is writing in a room; worth showing for some seconds, or until they post.
    Typing {
        /// The room.
        room: RoomId,
        /// Who.
        person: Author,
    },
    /// The reader was too slow and events were dropped: take a
    /// [`Client::snapshot`](crate::Client::snapshot) and timelines afresh.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// The way to the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Connection {
    /// No server was ever joined with this profile.
    Unjoined,
    /// Asking.
    Connecting {
        /// What stands in the way as far as is known by now, where the answer is late. The attempt
        /// goes on: far links take their time.
        doubt: Option<Trouble>,
    },
    /// Welcome; missing events are on their way.
    Syncing,
    /// Up to date.
    Live,
    /// Not connected; comes back by itself.
    Offline {
        /// Why.
        trouble: Trouble,
        /// The next attempt.
        retry_in: Duration,
    },
    /// Not connected; does not come back until a person acts.
    Stopped(Trouble),
}

/// Why there is no connection, told apart as far as can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The name of the server does not resolve.
    NameNotFound {
        /// The name.
        host: String,
    },
    /// No answer in time: wrong port, firewall, server off, no network.
    NoAnswer {
        /// What was tried, as `host:port`.
        tried: String,
    },
    /// The host says that nothing listens there, or there is no way to it.
    Unreachable {
        /// What was tried, as `host:port`.
        tried: String,
    },
    /// The server shows another key than the link says: a hard stop.
    KeyChanged(KeyChanged),
    /// The certificate was refused for another reason.
    Certificate(String),
    /// Server and client have no version in common.
    Version,
    /// The server does not know this device.
    Unregistered,
    /// This device was revoked, or the account banned.
    Barred,
    /// The server stops or restarts.
    GoingAway,
    /// The connection was lost.
    Lost(String),
}

/// Who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// Its unique name.
    pub handle: Handle,
    /// Its name as typed.
    pub display: DisplayName,
    /// Its role on the server.
    pub role: Role,
    /// The server's first address, as `host:port`.
    pub server: String,
}

/// A room of one's own, as a room list shows it. Its `Debug` leaves the preview's text out.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomView {
    /// As the server tells it; `unread` and `head` are kept up to date.
    pub listing: RoomListing,
    /// The newest message: author's display name, text, time.
    pub preview: Option<(String, String, Timestamp)>,
}

impl fmt::Debug for RoomView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let preview = self.preview.as_ref().map(|(author, _, time)| (author, time));
        f.debug_struct("RoomView")
            .field("listing", &self.listing)
            .field("preview", &preview)
            .finish()
    }
}

/// Who is connected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PresenceView {
    /// How many accounts.
    pub online: u32,
    /// Them, by account; empty where too many are connected.
    pub people: Vec<Person>,
    /// Whether this is the present state; otherwise how it was when the connection ended.
    pub current: bool,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its number in the room; `None` until the server has given one.
    pub seq: Option<Seq>,
    /// A posted message's id; `None` for other events.
    pub message_id: Option<MessageId>,
    /// Who.
    pub author: Author,
    /// The server's time; while there is none, the time of writing.
    pub time: Timestamp,
    /// Whether the author is oneself.
    pub mine: bool,
    /// The message of this room that it answers.
    pub reply_to: Option<Seq>,
    /// What.
    pub content: Content,
    /// The file that it brought; its content then says so in words.
    pub file: Option<Attachment>,
    /// How far it got; always [`Delivery::Sent`] for what came from the server.
    pub delivery: Delivery,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A message.
    Text(MessageText),
    /// A message whose content was removed.
    Redacted,
    /// A message this version can't read (encrypted).
    Unreadable,
    /// The author entered.
    Joined,
    /// The author left.
    Left,
    /// The author made somebody a member.
    Added(Author),
    /// The author ended somebody's membership.
    Removed(Author),
    /// Somebody may do more or less in the room.
    RoleChanged(Author, Role),
    /// The author said what the room is about.
    TopicChanged(Topic),
    /// The author gave the room another name.
    RoomRenamed(RoomName),
    /// The author closed the room for writing, or (`false`) opened it again.
    Archived(bool),
    /// Something this version does not know: shown as nothing, but it has its seq.
    Unknown,
}

/// How far one's own message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the outbox.
    Pending,
    /// Durable on the server.
    Sent,
    /// Refused for good.
    Failed(Refusal),
}

/// An item's place: by seq; what has none comes after, in order of writing. An item replaces the
/// one with the same `message_id`, or the same seq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKey {
    /// It has its place.
    Placed(Seq),
    /// Waiting in the outbox; UUIDv7 sorts by time of writing.
    Waiting(MessageId),
}

impl Item {
    /// Where this item goes.
    pub fn key(&self) -> Option<ItemKey> {
        self.seq.map(ItemKey::Placed).or_else(|| self.message_id.map(ItemKey::Waiting))
    }
}

/// Everything to show at once, before events are followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The way to the server.
    pub connection: Connection,
    /// Who one is, if ever welcomed.
    pub account: Option<Account>,
    /// One's rooms, by id.
    pub rooms: Vec<RoomView>,
    /// Who is connected.
    pub presence: PresenceView,
    /// Messages waiting in the outbox.
    pub queued: usize,
    /// Why the server takes none of them for now, if it said so: its disk is full.
    pub held_by: Option<Refusal>,
}

/// Figures of the connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Whether a welcomed connection stands.
    pub connected: bool,
    /// The server's address, as `host:port`, if one was ever joined.
    pub server: Option<String>,
    /// Where the server's packets come from now.
    pub address: Option<SocketAddr>,
    /// The key that the server proved to hold.
    pub key: Option<KeyFingerprint>,
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Packets lost of those sent, in percent, over this connection.
    pub loss_pct: Option<f64>,
    /// Copies that follow each small message now, so that a lost packet costs no round trip.
    pub copies: usize,
    /// Messages waiting in the outbox.
    pub queued: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::listing;

    #[test]
    fn debug_of_a_room_tells_no_text() {
        let preview = Some(("Ana".to_owned(), "a secret".to_owned(), Timestamp(1)));
        let shown = format!("{:?}", RoomView { listing: listing(1, 0, 1), preview });
        assert!(shown.contains("Ana") && !shown.contains("secret"), "{shown}");
    }
}
