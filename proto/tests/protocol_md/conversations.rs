//! The conversations of PROTOCOL.md's last section.

use std::collections::BTreeMap;

use bytes::BytesMut;
use tertulia_proto::{
    Change, Command, FrameBuffer, LaneMessage, MessageId, Request, Seq, ServerMessage, StreamKind,
    Typing, Unreadable, frame, limits,
};

use crate::{common::Message, text::section};

#[test]
fn the_conversations_are_read_to_the_last_byte_and_written_the_same() {
    let conversations = conversations();
    assert_eq!(conversations.len(), 2);
    for (title, streams) in &conversations {
        for (label, bytes) in streams {
            let (kind, messages) = match label.as_str() {
                "client datagram" => {
                    let typing = Typing::decode_datagram(bytes).unwrap();
                    assert_eq!(&typing.encode_datagram()[..], &bytes[..], "{title}");
                    continue;
                }
                "server control" => (None, read(bytes)),
                _ => {
                    let mut rest = BytesMut::from(&bytes[..]);
                    let kind = StreamKind::take(&mut rest).unwrap().unwrap();
                    (Some(kind), read(&rest))
                }
            };
            match (label.as_str(), kind) {
                ("client control", Some(StreamKind::Control)) | ("server control", None) => {}
                ("server lane", Some(StreamKind::Live(_))) => {}
                ("server page", Some(StreamKind::Page(_))) => {}
                other => panic!("{title}: {other:?}"),
            }
            assert!(!messages.is_empty(), "{title}, {label}");
        }
    }
}

#[test]
fn the_conversations_show_one_message_its_receipt_its_echo_and_its_repeat() {
    let conversations = conversations();
    let of = |i: usize, label: &str| -> Vec<Message> {
        let bytes = &conversations[i].1[label];
        let mut rest = BytesMut::from(&bytes[..]);
        if label != "server control" {
            StreamKind::take(&mut rest).unwrap().unwrap();
        }
        read(&rest)
    };
    let sent = |i| -> MessageId {
        let requests = of(i, "client control").into_iter();
        let mut sends = requests.filter_map(|message| match message {
            Message::Request(Request { command: Ok(Command::Send(send)), .. }) => Some(send),
            _ => None,
        });
        sends.next().unwrap().message_id
    };
    let receipt = |i| -> (MessageId, Seq, bool) {
        let replies = of(i, "server control").into_iter();
        let mut receipts = replies.filter_map(|message| match message {
            Message::Server(ServerMessage::Receipt(receipt)) => Some(receipt),
            _ => None,
        });
        let receipt = receipts.next().unwrap();
        (receipt.message_id, receipt.seq, receipt.duplicate)
    };
    let posted = |label| -> (MessageId, Seq) {
        let lane = of(0, label).into_iter();
        let mut posts = lane.filter_map(|message| match message {
            Message::Lane(LaneMessage::Event(event)) => match event.change {
                Change::Posted(posted) => Some((posted.message_id, event.head.seq)),
                _ => None,
            },
            _ => None,
        });
        posts.next().unwrap()
    };
    let (id, seq, duplicate) = receipt(0);
    assert_eq!((sent(0), duplicate), (id, false));
    assert_eq!((posted("server lane"), posted("server page")), ((id, seq), (id, seq)));
    assert_eq!((sent(1), receipt(1)), (id, (id, seq, true)));
}

/// Each frame, read and written again.
fn read(bytes: &[u8]) -> Vec<Message> {
    let mut buffer = FrameBuffer::new(limits::REPLY_BYTES);
    buffer.extend(bytes);
    let mut messages = Vec::new();
    let mut written = Vec::new();
    while let Some(frame) = buffer.next_frame().unwrap() {
        let message = Message::decode(&frame).unwrap().unwrap();
        match &message {
            // What nobody knows can't be written either.
            Message::Request(Request { req_id, command: Err(Unreadable::Unknown) }) => {
                written.extend(frame::encode(frame.kind, req_id));
            }
            known => written.extend(known.encode()),
        }
        messages.push(message);
    }
    assert!(!buffer.is_partial(), "bytes follow the last frame");
    assert_eq!(written, bytes);
    messages
}

/// Title, and by label what was written on one stream.
fn conversations() -> Vec<(String, BTreeMap<String, Vec<u8>>)> {
    let mut all = Vec::new();
    for part in section("## 15.").split("\n### ").skip(1) {
        let mut streams = BTreeMap::<String, Vec<u8>>::new();
        for block in part.split("```hex ").skip(1) {
            let (label, rest) = block.split_once('\n').unwrap();
            let lines = rest.split("```").next().unwrap().lines();
            let bytes = lines
                .filter_map(|line| line.split('#').next())
                .flat_map(str::split_whitespace)
                .map(|byte| u8::from_str_radix(byte, 16).unwrap());
            streams.entry(label.to_owned()).or_default().extend(bytes);
        }
        all.push((part.lines().next().unwrap().to_owned(), streams));
    }
    all
}
