//! What holds for every message, and for every string of bytes that is none.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

mod bounds;
#[path = "../common/mod.rs"]
mod common;
mod datagrams;
mod hostile;
mod largest;
mod names;
mod strategies;

use common::{Message, only_frame};
use proptest::{collection::vec, prelude::*};
use strategies::{event, message};
use tertulia_proto::{
    Change, ClientMessage, ClientNotice, Command, Event, FileReply, FileRequest, Frame,
    FrameBuffer, LaneMessage, LaneNotice, ReqId, Request, ServerMessage, StreamKind, frame, limits,
};

proptest! {
    #[test]
    fn every_message_reads_back(message in message()) {
        let frame = only_frame(&message.encode());
        prop_assert_eq!(Message::decode(&frame), Ok(Some(message)));
    }

    #[test]
    fn the_head_of_an_event_is_told_and_of_anything_else_nothing(
        event in event(),
        message in message(),
        garbage in vec(any::<u8>(), 0..200),
    ) {
        prop_assert_eq!(Event::head_of(&event.encode()), Some(event.head));
        let head = match &message {
            Message::Lane(LaneMessage::Event(event)) => Some(event.head.clone()),
            _ => None,
        };
        prop_assert_eq!(Event::head_of(&message.encode()), head);
        Event::head_of(&garbage.into());
    }

    #[test]
    fn messages_come_out_in_order_whatever_the_cuts(
        messages in vec(message(), 1..6),
        chunk in 1..2_000usize,
    ) {
        let bytes = messages.iter().map(Message::encode).collect::<Vec<_>>().concat();
        let mut buffer = FrameBuffer::new(limits::REPLY_BYTES);
        let mut read = Vec::new();
        for part in bytes.chunks(chunk) {
            buffer.extend(part);
            while let Some(frame) = buffer.next_frame().unwrap() {
                read.push(Message::decode(&frame).unwrap().unwrap());
            }
        }
        prop_assert_eq!(read, messages);
        prop_assert!(!buffer.is_partial());
    }

    #[test]
    fn fields_appended_by_a_newer_peer_are_ignored(
        message in message(),
        more in vec(any::<u8>(), 1..50),
    ) {
        let frame = only_frame(&message.encode());
        let longer = Frame { kind: frame.kind, body: [&frame.body[..], &more].concat().into() };
        prop_assert_eq!(Message::decode(&longer), Ok(Some(message)));
    }

    #[test]
    fn a_type_that_is_no_ones_is_skipped(
        kind in prop_oneof![any::<u64>(), 0..1_000u64].prop_filter("known", |k| !is_readable(*k)),
        body in vec(any::<u8>(), 0..200),
        next in message(),
    ) {
        let mut buffer = FrameBuffer::new(limits::REPLY_BYTES);
        buffer.extend(&raw_frame(kind, &body));
        buffer.extend(&next.encode());
        let skipped = buffer.next_frame().unwrap().unwrap();
        prop_assert_eq!(Message::decode(&skipped), Ok(None));
        let after = buffer.next_frame().unwrap().unwrap();
        prop_assert_eq!(Message::decode(&after), Ok(Some(next)));
    }

    #[test]
    fn an_event_of_an_unknown_type_keeps_its_head(
        event in event(),
        kind in Event::RANGE.prop_filter("known", |kind| !Change::KINDS.contains(kind)),
        rest in vec(any::<u8>(), 0..200),
    ) {
        let head = only_frame(&frame::encode(kind, &event.head)).body;
        let frame = only_frame(&raw_frame(kind, &[&head, &rest[..]].concat()));
        let unknown = Event { head: event.head, change: Change::Unknown(kind) };
        prop_assert_eq!(Event::decode(&frame), Ok(Some(unknown.clone())));
        prop_assert_eq!(Event::decode(&only_frame(&unknown.encode())), Ok(Some(unknown)));
    }

    #[test]
    fn a_request_of_an_unknown_type_keeps_its_number(
        req_id in any::<u64>().prop_map(ReqId),
        kind in Command::RANGE.prop_filter("known", |kind| !Command::KINDS.contains(kind)),
        rest in vec(any::<u8>(), 0..200),
    ) {
        let number = only_frame(&frame::encode(kind, &req_id)).body;
        let frame = only_frame(&raw_frame(kind, &[&number, &rest[..]].concat()));
        let unknown = Request { req_id, command: Err(tertulia_proto::Unreadable::Unknown) };
        prop_assert_eq!(Request::decode(&frame), Ok(Some(unknown.clone())));
        prop_assert_eq!(Request::decode(&only_frame(&unknown.encode())), Ok(Some(unknown)));
    }

    #[test]
    fn every_stream_kind_reads_back(lane in 0..=127u8, req_id in any::<u64>()) {
        for kind in [StreamKind::Control, StreamKind::File, StreamKind::Live(lane), StreamKind::Page(ReqId(req_id))] {
            let mut bytes = kind.encode().to_vec().as_slice().into();
            prop_assert_eq!(StreamKind::take(&mut bytes), Ok(Some(kind)));
            prop_assert!(bytes.is_empty());
        }
    }
}

fn is_readable(kind: u64) -> bool {
    Command::RANGE.contains(&kind)
        || Event::RANGE.contains(&kind)
        || [
            ClientMessage::KINDS,
            ClientNotice::KINDS,
            ServerMessage::KINDS,
            LaneNotice::KINDS,
            FileRequest::KINDS,
            FileReply::KINDS,
        ]
        .iter()
        .any(|kinds| kinds.contains(&kind))
}

/// A frame of that type around bytes of any kind.
fn raw_frame(kind: u64, body: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    frame::put_varint(&mut payload, kind);
    payload.extend_from_slice(body);
    let mut out = Vec::new();
    frame::put_varint(&mut out, payload.len() as u64);
    [out, payload].concat()
}
