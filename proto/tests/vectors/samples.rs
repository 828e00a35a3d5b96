//! The values behind the vectors: each frame type, each variant, each `Option` both ways.

mod client;
mod files;
mod lanes;
mod server;

use bytes::Bytes;
use tertulia_proto::*;

use crate::common::Message;

const EPOCH: Epoch = Epoch([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]);
const TOKEN: [u8; 16] =
    [160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175];
const ROOM: RoomId = RoomId(5);
const TIME: Timestamp = Timestamp(1_767_225_600_123);
const POSITION: LogPosition = LogPosition(1_234_567_890_123);
const HEAD: Seq = Seq(70_000);

/// `FILE/SECTION` of a vector and its value.
pub(crate) fn samples() -> Vec<(&'static str, Message)> {
    [
        client::session(),
        client::notices(),
        client::requests(),
        client::room_requests(),
        server::messages(),
        lanes::events(),
        lanes::notices(),
        files::words(),
    ]
    .concat()
}

pub(crate) fn streams() -> Vec<(&'static str, StreamKind)> {
    vec![
        ("streams/control", StreamKind::Control),
        ("streams/file", StreamKind::File),
        ("streams/lane 3", StreamKind::Live(3)),
        ("streams/page 300", StreamKind::Page(ReqId(300))),
    ]
}

/// A datagram is read by whom it is for: its kind does not say who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Datagram {
    Typing(Typing),
    TypingNotice(TypingNotice),
}

impl Datagram {
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Typing(typing) => typing.encode_datagram(),
            Self::TypingNotice(notice) => notice.encode_datagram(),
        }
    }

    /// Reads what should be another of this type.
    pub(crate) fn decode_likewise(&self, bytes: &[u8]) -> Option<Self> {
        match self {
            Self::Typing(_) => Typing::decode_datagram(bytes).map(Self::Typing),
            Self::TypingNotice(_) => TypingNotice::decode_datagram(bytes).map(Self::TypingNotice),
        }
    }
}

pub(crate) fn datagrams() -> Vec<(&'static str, Datagram)> {
    let typing = |room| Datagram::Typing(Typing { room });
    let notice = Datagram::TypingNotice(TypingNotice { room: ROOM, person: beto() });
    vec![
        ("datagrams/typing", typing(ROOM)),
        ("datagrams/typing in the last room", typing(RoomId(u64::MAX))),
        ("datagrams/typing notice", notice),
    ]
}

fn from_client(body: impl Into<ClientMessage>) -> Message {
    Message::Client(body.into())
}

fn request(req_id: u64, command: impl Into<Command>) -> Message {
    Message::Request(Request { req_id: ReqId(req_id), command: Ok(command.into()) })
}

fn from_server(body: impl Into<ServerMessage>) -> Message {
    Message::Server(body.into())
}

fn ana() -> Author {
    Author { account: AccountId(7), handle: handle("ana.maría"), display: display("Ana María") }
}

fn beto() -> Author {
    Author { account: AccountId(300), handle: handle("beto-2"), display: display("Beto 🌱") }
}

/// A room of one's own.
fn music() -> RoomListing {
    RoomListing {
        room: ROOM,
        name: room_name("música"),
        kind: RoomKind::Private,
        topic: topic("¿Qué suena hoy? 🎶"),
        members: 129,
        unread: 1_000,
        mentions: 130,
        role: Some(Role::Moderator),
        head: HEAD,
        read: Seq(69_000),
        archived: false,
        history: HistoryPolicy::SinceJoined,
        peer: None,
    }
}

/// The room of oneself and Beto.
fn direct() -> RoomListing {
    RoomListing {
        room: RoomId(600),
        name: room_name("beto-2"),
        kind: RoomKind::Direct,
        topic: topic(""),
        members: 2,
        unread: 1,
        mentions: 0,
        role: Some(Role::Member),
        head: Seq(12),
        read: Seq(11),
        archived: false,
        history: HistoryPolicy::All,
        peer: Some(beto()),
    }
}

/// A closed room that one is not in.
fn lobby() -> RoomListing {
    RoomListing {
        room: RoomId(1),
        name: room_name("lobby"),
        kind: RoomKind::Public,
        topic: topic(""),
        members: 10_000,
        unread: 0,
        mentions: 0,
        role: None,
        head: Seq(80_000),
        read: Seq(0),
        archived: true,
        history: HistoryPolicy::All,
        peer: None,
    }
}

fn message_id() -> MessageId {
    "01938f2b-7c40-7def-8abc-0d1e2f304152".parse().unwrap()
}

fn text() -> Body {
    Body::Text(MessageText::new("¡Hola, 世界! 👋").unwrap())
}

fn opaque() -> Body {
    Body::Opaque { scheme: 258, bytes: vec![0x00, 0xff, 0x80, 0x7f] }
}

fn topic(text: &str) -> Topic {
    Topic::new(text).unwrap()
}

fn display(name: &str) -> DisplayName {
    DisplayName::new(name).unwrap()
}

fn handle(name: &str) -> Handle {
    Handle::new(name).unwrap()
}

fn room_name(name: &str) -> RoomName {
    RoomName::new(name).unwrap()
}
