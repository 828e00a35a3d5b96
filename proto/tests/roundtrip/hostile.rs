//! Bytes that no honest peer sends: they may be refused, never panic, never grow.

use std::slice;

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*, sample::Index};
use tertulia_proto::{
    Added, Author, Body, Change, ClientMessage, Command, Event, Frame, FrameBuffer, LaneMessage,
    LaneNotice, Removed, Request, RoleChanged, RoomListing, ServerMessage, StreamKind, Topic,
    frame, frame::FrameError, limits,
};

use crate::{common::Message, common::only_frame, raw_frame, strategies::message};

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_end_in_frames_or_a_refusal(
        pieces in vec(vec(any::<u8>(), 0..300), 0..8),
        limit in 1..400usize,
    ) {
        let mut buffer = FrameBuffer::new(limit);
        'stream: for piece in pieces {
            buffer.extend(&piece);
            loop {
                match buffer.next_frame() {
                    Ok(Some(frame)) => {
                        prop_assert!(frame.body.len() < limit);
                        judge(&frame);
                    }
                    Ok(None) => break,
                    Err(_) => break 'stream,
                }
            }
        }
    }

    #[test]
    fn any_body_under_any_type_is_read_within_bounds_or_refused(
        kind in 0..500u64,
        body in vec(any::<u8>(), 0..600),
    ) {
        judge(&only_frame(&raw_frame(kind, &body)));
    }

    #[test]
    fn a_damaged_frame_is_read_within_bounds_or_refused(
        message in message(),
        damage in vec((any::<Index>(), any::<u8>(), 0..3u8), 1..6),
    ) {
        let frame = only_frame(&message.encode());
        let mut body = frame.body.to_vec();
        for (place, byte, how) in damage {
            match (how, body.len()) {
                (0, _) => body.insert(place.index(body.len() + 1), byte),
                (_, 0) => {}
                (1, len) => drop(body.remove(place.index(len))),
                (_, len) => body[place.index(len)] = byte,
            }
        }
        judge(&Frame { kind: frame.kind, body: body.into() });
    }

    #[test]
    fn a_body_that_ends_early_is_refused(message in message(), cut in any::<Index>()) {
        let frame = only_frame(&message.encode());
        prop_assume!(!frame.body.is_empty());
        let short = Frame {
            kind: frame.kind,
            body: frame.body.slice(..cut.index(frame.body.len())),
        };
        prop_assert!(Message::decode(&short).is_err());
    }

    #[test]
    fn a_stream_that_ends_early_is_partial(message in message(), cut in any::<Index>()) {
        let bytes = message.encode();
        let mut buffer = FrameBuffer::new(limits::REPLY_BYTES);
        buffer.extend(&bytes[..1 + cut.index(bytes.len() - 1)]);
        prop_assert_eq!(buffer.next_frame(), Ok(None));
        prop_assert!(buffer.is_partial());
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_its_bytes(
        limit in 1..limits::FRAME_BYTES,
        over in 1..u64::MAX / 2,
    ) {
        let length = limit as u64 + over;
        let mut header = Vec::new();
        frame::put_varint(&mut header, length);
        let mut buffer = FrameBuffer::new(limit);
        buffer.extend(&header);
        prop_assert_eq!(buffer.next_frame(), Err(FrameError::TooLarge { length, limit }));
    }

    #[test]
    fn any_first_bytes_of_a_stream_are_a_kind_or_refused(bytes in vec(any::<u8>(), 0..30)) {
        let mut rest = BytesMut::from(&bytes[..]);
        if StreamKind::take(&mut rest) == Ok(None) {
            prop_assert_eq!(&rest[..], &bytes[..], "what is incomplete stays");
        }
    }
}

/// A body that counts out more items than it has bytes, or more than the list's bound.
#[test]
fn a_list_that_lies_about_its_length_is_refused() {
    let liars: &[(u64, &[u8])] = &[
        (1, &[0, 0, 0, 0, 0]), // hello: versions, features, lanes, epoch, then the cursors
        (11, &[1, 0]),         // presence: complete, online, then the people
        (131, &[1]),           // rooms: request, then the rooms
        (132, &[1]),           // users
        (133, &[1, 1]),        // members: request, room
    ];
    for (kind, before) in liars {
        for count in [1, 200, 501, 1 << 20, u64::MAX] {
            let mut body = before.to_vec();
            frame::put_varint(&mut body, count);
            let frame = only_frame(&raw_frame(*kind, &body));
            assert!(Message::decode(&frame).is_err(), "type {kind}, count {count}");
        }
    }
}

/// Decodes; what is accepted obeys every bound and survives being written again.
fn judge(frame: &Frame) {
    let Ok(Some(message)) = Message::decode(frame) else {
        return;
    };
    assert!(items(&message) <= frame.body.len(), "more items than bytes");
    assert_bounds(&message);
    let again = Message::decode(&only_frame(&message.encode()));
    assert_eq!(again, Ok(Some(message)));
}

fn items(message: &Message) -> usize {
    match message {
        Message::Client(ClientMessage::Hello(hello)) => hello.cursors.len(),
        Message::Server(ServerMessage::Presence(presence)) => presence.people.len(),
        Message::Server(ServerMessage::Rooms(page)) => page.rooms.len(),
        Message::Server(ServerMessage::Users(page)) => page.people.len(),
        Message::Server(ServerMessage::Members(page)) => page.people.len(),
        _ => 0,
    }
}

fn assert_bounds(message: &Message) {
    let most = match message {
        Message::Client(_) => limits::ROOMS_PER_ACCOUNT,
        _ => limits::LIST_ENTRIES.max(limits::PRESENCE_PEOPLE),
    };
    assert!(items(message) <= most);
    match body(message) {
        Some(Body::Text(text)) => assert!((1..=limits::TEXT_BYTES).contains(&text.as_str().len())),
        Some(Body::Opaque { bytes, .. }) => assert!(bytes.len() <= limits::OPAQUE_BYTES),
        None => {}
    }
    for topic in topics(message) {
        assert!(topic.as_str().len() <= limits::TOPIC_BYTES);
    }
    for Author { handle, display, .. } in authors(message) {
        assert!((1..=4 * *limits::HANDLE_CHARS.end()).contains(&handle.as_str().len()));
        assert!((1..=limits::DISPLAY_NAME_BYTES).contains(&display.as_str().len()));
    }
}

fn body(message: &Message) -> Option<&Body> {
    match message {
        Message::Request(Request { command: Ok(Command::Send(send)), .. }) => Some(&send.body),
        Message::Lane(LaneMessage::Event(Event { change: Change::Posted(posted), .. })) => {
            posted.body.as_ref()
        }
        _ => None,
    }
}

fn topics(message: &Message) -> Vec<&Topic> {
    match message {
        Message::Request(Request { command: Ok(Command::CreateRoom(create)), .. }) => {
            vec![&create.topic]
        }
        Message::Request(Request { command: Ok(Command::SetTopic(set)), .. }) => vec![&set.topic],
        Message::Lane(LaneMessage::Event(Event { change: Change::TopicChanged(to), .. })) => {
            vec![&to.topic]
        }
        _ => listings(message).iter().map(|room| &room.topic).collect(),
    }
}

fn listings(message: &Message) -> &[RoomListing] {
    match message {
        Message::Server(ServerMessage::Rooms(page)) => &page.rooms,
        Message::Server(ServerMessage::Room(info)) => slice::from_ref(&info.room),
        Message::Lane(LaneMessage::Notice(LaneNotice::RoomOpened(opened))) => {
            slice::from_ref(&opened.room)
        }
        _ => &[],
    }
}

/// Everyone it names, but in lists of people.
fn authors(message: &Message) -> Vec<&Author> {
    let mut authors: Vec<&Author> =
        listings(message).iter().filter_map(|room| room.peer.as_ref()).collect();
    match message {
        Message::Server(ServerMessage::Typing(notice)) => authors.push(&notice.person),
        Message::Lane(LaneMessage::Event(event)) => {
            authors.push(&event.head.author);
            authors.extend(match &event.change {
                Change::Added(Added { member, .. })
                | Change::Removed(Removed { member })
                | Change::RoleChanged(RoleChanged { member, .. }) => Some(member),
                _ => None,
            });
        }
        _ => {}
    }
    authors
}
