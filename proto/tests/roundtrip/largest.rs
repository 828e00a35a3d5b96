//! The largest of each message, within the frame or datagram that it has to fit.

use tertulia_proto::{
    AccountId, Author, Body, ClientMessage, DisplayName, Epoch, Features, Handle, Hello, MessageId,
    MessageText, ReqId, Request, RoomCursor, RoomId, Send, Seq, TypingNotice, VersionRange, frame,
    limits::*,
};

use crate::common::{Message, only_frame};

#[test]
fn the_largest_of_what_a_client_sends_fits_its_frame() {
    let cursor = RoomCursor { room: RoomId(u64::MAX), seq: Seq(u64::MAX) };
    let hello = Hello {
        versions: VersionRange { min: 0, max: u16::MAX },
        features: Features(u64::MAX),
        lanes: LANES,
        epoch: Some(Epoch([255; 16])),
        cursors: vec![cursor; ROOMS_PER_ACCOUNT],
    };
    assert!(payload(&ClientMessage::Hello(hello).encode()) <= FRAME_BYTES_BEFORE_WELCOME);
    let send = Send {
        message_id: MessageId([255; 16]),
        room: RoomId(u64::MAX),
        reply_to: Some(Seq(u64::MAX)),
        body: Body::Text(MessageText::new(&"x".repeat(TEXT_BYTES)).unwrap()),
    };
    let request = Request { req_id: ReqId(u64::MAX), command: Ok(send.into()) };
    assert!(payload(&request.encode()) <= FRAME_BYTES);
    let (name, topic) = (longest_name(), "y".repeat(TOPIC_BYTES));
    assert!(payload(&frame::encode(33, &(u64::MAX, name, 2u8, topic, 1u8))) <= FRAME_BYTES);
}

#[test]
fn the_largest_of_what_a_server_sends_fits_its_frame() {
    let n = u64::MAX;
    let (name, display) = (longest_name(), "x".repeat(DISPLAY_NAME_BYTES));
    let author = (n, &name, &display);
    let people = vec![(n, &name, &display, 3u8, true); LIST_ENTRIES.max(PRESENCE_PEOPLE)];
    let topic = "y".repeat(TOPIC_BYTES);
    let counts = (u32::MAX, u32::MAX, u32::MAX);
    let room = ((n, &name, 2u8, &topic), counts, Some(3u8), (n, n), (true, 1u8, Some(author)));
    let rooms = vec![&room; LIST_ENTRIES];
    for frame in [
        frame::encode(11, &(true, u32::MAX, &people)),
        frame::encode(12, &(n, author)),
        frame::encode(131, &(n, &rooms, true)),
        frame::encode(132, &(n, &people, true)),
        frame::encode(133, &(n, n, &people, true)),
        frame::encode(134, &(n, room)),
    ] {
        assert!(Message::decode(&only_frame(&frame)).is_ok_and(|message| message.is_some()));
        assert!(payload(&frame) <= REPLY_BYTES, "{}", payload(&frame));
    }
    let head = (n, n, n, n, author);
    let text = (Some(0u8), "z".repeat(TEXT_BYTES));
    for frame in [
        frame::encode(256, &(head, ([7u8; 16], Some(n), text, Some(n)))),
        frame::encode(262, &(head, author, 3u8)),
        frame::encode(265, &(head, &topic)),
        frame::encode(448, &(n, room)),
    ] {
        assert!(Message::decode(&only_frame(&frame)).is_ok_and(|message| message.is_some()));
        assert!(payload(&frame) <= FRAME_BYTES, "{}", payload(&frame));
    }
}

#[test]
fn the_largest_typing_notice_fits_its_datagram() {
    let person = Author {
        account: AccountId(u64::MAX),
        handle: Handle::kept(longest_name()).unwrap(),
        display: DisplayName::kept("x".repeat(DISPLAY_NAME_BYTES)).unwrap(),
    };
    let notice = TypingNotice { room: RoomId(u64::MAX), person };
    let datagram = notice.encode_datagram();
    assert!(datagram.len() <= DATAGRAM_BYTES, "{}", datagram.len());
    assert_eq!(TypingNotice::decode_datagram(&datagram), Some(notice));
}

/// Of a handle or a room: four bytes a letter is the most that UTF-8 takes.
fn longest_name() -> String {
    "\u{20000}".repeat(32)
}

/// The bytes that a frame's limit counts.
fn payload(frame: &[u8]) -> usize {
    let (length, _) = frame::peek_varint(frame).unwrap().unwrap();
    length as usize
}
