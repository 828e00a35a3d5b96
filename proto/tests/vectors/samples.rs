//! The values behind the vectors: each frame type, each variant, each `Option` both ways.

mod client;
mod server;

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
    [client::session(), client::requests(), server::replies(), server::events(), server::notices()]
        .concat()
}

pub(crate) fn streams() -> Vec<(&'static str, StreamKind)> {
    vec![
        ("streams/control", StreamKind::Control),
        ("streams/lane 3", StreamKind::Live(3)),
        ("streams/page 300", StreamKind::Page(ReqId(300))),
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

fn notice(body: impl Into<LaneNotice>) -> Message {
    Message::Lane(LaneMessage::Notice(body.into()))
}

fn event(change: Change) -> Message {
    let author = Author {
        account: AccountId(7),
        handle: handle("ana.maría"),
        display: display("Ana María"),
    };
    let head = EventHead { room: ROOM, seq: HEAD, position: POSITION, time: TIME, author };
    Message::Lane(LaneMessage::Event(Event { head, change }))
}

fn people() -> Vec<Person> {
    vec![
        Person {
            account: AccountId(7),
            handle: handle("ana.maría"),
            display: display("Ana María"),
            role: Role::Owner,
            online: true,
        },
        Person {
            account: AccountId(300),
            handle: handle("beto-2"),
            display: display("Beto 🌱"),
            role: Role::Guest,
            online: false,
        },
    ]
}

fn listing() -> RoomListing {
    RoomListing {
        room: ROOM,
        name: room_name("música"),
        kind: RoomKind::Private,
        topic: Topic::new("¿Qué suena hoy? 🎶").unwrap(),
        members: 129,
        unread: 1_000,
        entered: true,
        head: HEAD,
        read: Seq(69_000),
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

fn display(name: &str) -> DisplayName {
    DisplayName::new(name).unwrap()
}

fn handle(name: &str) -> Handle {
    Handle::new(name).unwrap()
}

fn room_name(name: &str) -> RoomName {
    RoomName::new(name).unwrap()
}
