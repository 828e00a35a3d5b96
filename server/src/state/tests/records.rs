//! What the log keeps reads back as what it was, however old it is.

use serde::Serialize;
use tertulia_proto::{
    Body, DisplayName, Handle, HistoryPolicy, MessageId, MessageText, Rename, Role, RoomId,
    RoomKind, RoomName, Send, Seq, Topic,
};

use super::world::*;
use crate::state::{LogCommand, MakeRoom, entry::PostMessage, record::Record};

/// One of each; a kind that is added must be added here.
fn one_of_each() -> Vec<LogCommand> {
    let all = vec![
        register(1, "Ana María", Some(9)),
        send_to(1, 2, "@beto, look", Some(7)),
        make("base", RoomKind::Private, HistoryPolicy::SinceJoined),
        enter("base"),
        leave(2),
        mark(2, 300),
        invite(1, Role::Moderator, 7, Some(DAY_MS)),
        LogCommand::Rename(Rename { name: DisplayName::new("Ana").unwrap() }),
        direct("beto"),
        set_member(2, "beto", Role::Moderator),
        remove(2, "beto"),
        topic(2, "all about it"),
        call(2, "elsewhere"),
        archive(2, true),
        drawn(make("base", RoomKind::Public, HistoryPolicy::All), Some(70_000)),
        drawn(direct("beto"), Some(70_001)),
    ];
    for command in &all {
        match command {
            LogCommand::Register(_)
            | LogCommand::Send(_)
            | LogCommand::CreateRoom(_)
            | LogCommand::EnterRoom(_)
            | LogCommand::LeaveRoom(_)
            | LogCommand::MarkRead(_)
            | LogCommand::StoreInvite(_)
            | LogCommand::Rename(_)
            | LogCommand::OpenDirect(_)
            | LogCommand::SetMember(_)
            | LogCommand::RemoveMember(_)
            | LogCommand::SetTopic(_)
            | LogCommand::RenameRoom(_)
            | LogCommand::ArchiveRoom(_) => {}
        }
    }
    all
}

#[test]
fn every_command_reads_back_and_has_a_kind_of_its_own() {
    let mut kinds = Vec::new();
    for command in one_of_each() {
        let record = command.to_record().unwrap();
        assert_eq!(LogCommand::from_record(&record).unwrap(), command);
        assert_eq!(record.body.is_some(), matches!(command, LogCommand::Send(_)));
        kinds.push(record.kind);
    }
    assert_eq!(kinds, [1, 9, 10, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]);
}

#[test]
fn a_messages_text_is_in_its_body_alone_and_gone_with_it() {
    let Record { kind, payload, body } = send(1, 2, "a secret").to_record().unwrap();
    assert!(!payload.windows(6).any(|bytes| bytes == b"secret"));
    assert!(body.is_some());
    let LogCommand::Send(read) =
        LogCommand::from_record(&Record { kind, payload, body: None }).unwrap()
    else {
        panic!("no message")
    };
    assert_eq!(read.send.body, Body::Opaque { scheme: 0, bytes: Vec::new() });
}

/// As schema 1 wrote them.
pub(super) fn first_send(id: u8, room: u64, reply_to: Option<u64>, text: &str) -> Record {
    let head = (MessageId([id; 16]), RoomId(room), reply_to.map(Seq));
    let body = Body::Text(MessageText::new(text).unwrap());
    Record { kind: 2, payload: bytes(&head), body: Some(bytes(&body)) }
}

pub(super) fn first_room(name: &str) -> Record {
    let name = RoomName::new(name).unwrap();
    let skeleton = tertulia_proto::skeleton(name.as_str());
    let room = (name, skeleton, RoomKind::Public, Topic::new("a topic").unwrap());
    Record { kind: 3, payload: bytes(&room), body: None }
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

#[test]
fn what_schema_1_wrote_names_nobody_and_hides_no_history() {
    let read = LogCommand::from_record(&first_send(3, 2, Some(5), "@beto, look")).unwrap();
    let send = Send {
        message_id: MessageId([3; 16]),
        room: RoomId(2),
        reply_to: Some(Seq(5)),
        body: Body::Text(MessageText::new("@beto, look").unwrap()),
    };
    assert_eq!(
        read,
        LogCommand::Send(PostMessage { send, mentions: Vec::<Handle>::new(), file: None })
    );
    let read = LogCommand::from_record(&first_room("base")).unwrap();
    let topic = Topic::new("a topic").unwrap();
    let name = RoomName::new("base").unwrap();
    let room = MakeRoom::new(None, name, RoomKind::Public, topic, HistoryPolicy::All);
    assert_eq!(read, LogCommand::CreateRoom(room));
}

/// The bytes themselves: what is in somebody's database must not depend on our types' order.
#[test]
fn the_bytes_of_schema_1_are_these() {
    let Record { payload, body, .. } = first_send(3, 2, Some(5), "hi");
    let mut expected = vec![3; 16];
    expected.extend([2, 1, 5]);
    assert_eq!((payload, body.unwrap()), (expected, vec![0, 2, b'h', b'i']));
    let expected = b"\x04base\x04base\x00\x07a topic";
    assert_eq!(first_room("base").payload, expected);
}

/// Of schema 2, too: rooms that got the next number.
#[test]
fn rooms_whose_ids_were_counted_have_these_bytes() {
    let Record { kind, payload, .. } = create("base").to_record().unwrap();
    assert_eq!((kind, payload.as_slice()), (10, &b"\x04base\x04base\x00\x00\x00"[..]));
    let Record { kind, payload, .. } = direct("beto").to_record().unwrap();
    assert_eq!((kind, payload.as_slice()), (11, &b"\x04beto"[..]));
}

#[test]
fn an_unknown_kind_is_an_error_and_no_guess() {
    for kind in [0, 19, -1] {
        let record = Record { kind, payload: vec![0; 64], body: None };
        assert!(LogCommand::from_record(&record).is_err(), "{kind}");
    }
}
