//! Each bound of `limits` as a peer meets it: the last value that passes, the first that doesn't.
//! Bodies are written as plain tuples, so that they can break what the types would not.

use serde::Serialize;
use tertulia_proto::{
    Body, ClientMessage, Epoch, Features, Frame, Hello, MessageId, MessageText, ReqId, Request,
    RoomCursor, RoomId, Send, Seq, VersionRange, frame, limits::*,
};

use crate::common::{Message, only_frame};

#[test]
fn a_text_over_its_bound_is_refused() {
    let send = |text: &str| accepts(32, &(1u8, [7u8; 16], 5u8, None::<u64>, 0u8, text));
    assert!(send(&"x".repeat(TEXT_BYTES)));
    assert!(!send(&"x".repeat(TEXT_BYTES + 1)));
    assert!(!send(""));
    assert!(!send("a\0b"));
    let opaque = |bytes: &[u8]| accepts(32, &(1u8, [7u8; 16], 5u8, None::<u64>, 1u8, 9u8, bytes));
    assert!(opaque(&[255; OPAQUE_BYTES]));
    assert!(!opaque(&[255; OPAQUE_BYTES + 1]));
}

#[test]
fn a_text_that_is_not_utf_8_is_refused() {
    let send = |bytes: &[u8]| accepts(32, &(1u8, [7u8; 16], 5u8, None::<u64>, 0u8, bytes));
    assert!(send("é".as_bytes()));
    for broken in [&[0xc3][..], &[0xed, 0xa0, 0x80], &[0xff], &[0xc0, 0x80]] {
        assert!(!send(broken), "{broken:x?}");
    }
}

/// Names are judged by who makes them, not by who reads them: over the wire only bounds count.
#[test]
fn names_and_topics_over_their_bounds_are_refused() {
    let register = |name: &str| accepts(2, &(name, None::<[u8; 16]>));
    assert!(register(&"x".repeat(DISPLAY_NAME_BYTES)));
    assert!(!register(&"x".repeat(DISPLAY_NAME_BYTES + 1)));
    assert!(!register(""));
    assert!(!register("a\nb"));

    let create = |name: &str, topic: &str| accepts(33, &(1u8, name, 0u8, topic));
    let (longest_name, longest_topic) = ("x".repeat(128), "y".repeat(TOPIC_BYTES));
    assert!(create(&longest_name, &longest_topic));
    assert!(!create(&"x".repeat(129), ""));
    assert!(!create("x", &"y".repeat(TOPIC_BYTES + 1)));
    assert!(!create("", ""));

    let users = |handle: &str| accepts(132, &(1u8, vec![(7u8, handle, "Ana", 1u8, true)], false));
    assert!(users(&"x".repeat(128)));
    assert!(!users(&"x".repeat(129)));
    assert!(users("ꭰꭰ"), "a name that our tables would not make");

    let rejected = |text: &str| accepts(129, &(1u8, 4u8, None::<u32>, Some(text)));
    assert!(rejected(&"x".repeat(DISPLAY_NAME_BYTES)));
    assert!(!rejected(&"x".repeat(DISPLAY_NAME_BYTES + 1)));
}

#[test]
fn a_list_over_its_bound_is_refused() {
    let hello = |n: usize| accepts(1, &(0u8, 0u8, 0u8, 0u8, None::<[u8; 16]>, vec![(1u8, 1u8); n]));
    assert!(hello(ROOMS_PER_ACCOUNT));
    assert!(!hello(ROOMS_PER_ACCOUNT + 1));
    let person = (7u8, "ana", "Ana", 1u8, true);
    let presence = |n: usize| accepts(11, &(true, 3u8, vec![person; n]));
    assert!(presence(PRESENCE_PEOPLE));
    assert!(!presence(PRESENCE_PEOPLE + 1));
    let room = (5u8, "r", 0u8, "", 1u8, 0u8, true, 1u8, 1u8);
    let rooms = |n: usize| accepts(131, &(1u8, vec![room; n], false));
    assert!(rooms(LIST_ENTRIES));
    assert!(!rooms(LIST_ENTRIES + 1));
    let users = |n: usize| accepts(132, &(1u8, vec![person; n], false));
    assert!(users(LIST_ENTRIES));
    assert!(!users(LIST_ENTRIES + 1));
    let members = |n: usize| accepts(133, &(1u8, 5u8, vec![person; n], false));
    assert!(members(LIST_ENTRIES));
    assert!(!members(LIST_ENTRIES + 1));
}

#[test]
fn a_number_or_variant_out_of_range_is_refused() {
    assert!(accepts(40, &(1u8, 5u64, u64::MAX)));
    let too_wide: [u8; 12] = [1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 127, 1];
    assert!(!accepts(40, &too_wide), "a varint over 64 bits");
    assert!(accepts(9, &1u8));
    assert!(!accepts(9, &2u8), "no such registration");
    assert!(accepts(41, &(1u8, 3u8, 1u8, 1u8)));
    assert!(!accepts(41, &(1u8, 4u8, 1u8, 1u8)), "no such role");
    assert!(!accepts(39, &(1u8, 5u8, 3u8, 50u8)), "no such span");
    assert!(!accepts(11, &(2u8, 0u8, 0u8)), "a flag that is neither no nor yes");
}

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
}

#[test]
fn the_largest_of_what_a_server_sends_fits_its_frame() {
    let n = u64::MAX;
    // Four bytes a letter is the most that UTF-8 takes.
    let name = "\u{20000}".repeat(32);
    let person = (n, &name, "x".repeat(DISPLAY_NAME_BYTES), 3u8, true);
    let people = vec![person; LIST_ENTRIES.max(PRESENCE_PEOPLE)];
    let topic = "y".repeat(TOPIC_BYTES);
    let room = (n, &name, 2u8, topic, u32::MAX, u32::MAX, true, n, n);
    let rooms = vec![&room; LIST_ENTRIES];
    for frame in [
        frame::encode(11, &(true, u32::MAX, &people)),
        frame::encode(131, &(n, &rooms, true)),
        frame::encode(132, &(n, &people, true)),
        frame::encode(133, &(n, n, &people, true)),
    ] {
        assert!(payload(&frame) <= REPLY_BYTES, "{}", payload(&frame));
    }
    let head = (n, n, n, n, (n, &name, "x".repeat(DISPLAY_NAME_BYTES)));
    let body = (Some(0u8), "z".repeat(TEXT_BYTES));
    let posted = ([7u8; 16], Some(n), body, Some(n));
    assert!(payload(&frame::encode(256, &(head, posted))) <= FRAME_BYTES);
    assert!(payload(&frame::encode(448, &(room, n))) <= FRAME_BYTES);
}

/// Whether that body is read as a message of that type.
fn accepts(kind: u64, body: &impl Serialize) -> bool {
    let frame: Frame = only_frame(&frame::encode(kind, body));
    matches!(Message::decode(&frame), Ok(Some(_)))
}

/// The bytes that a frame's limit counts.
fn payload(frame: &[u8]) -> usize {
    let (length, _) = frame::peek_varint(frame).unwrap().unwrap();
    length as usize
}
