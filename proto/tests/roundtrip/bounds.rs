//! Each bound of `limits` as a peer meets it: the last value that passes, the first that doesn't.
//! Bodies are written as plain tuples, so that they can break what the types would not.

use serde::Serialize;
use tertulia_proto::{Frame, TypingNotice, frame, limits::*};

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
fn a_display_name_over_its_bound_is_refused() {
    let register = |name: &str| accepts(2, &(name, None::<[u8; 16]>));
    let rename = |name: &str| accepts(42, &(1u8, name));
    let added = |name: &str| accepts(262, &(HEAD, (7u8, "ana", name), 1u8));
    for takes in [&register as Takes<'_>, &rename, &added] {
        assert!(takes(&"x".repeat(DISPLAY_NAME_BYTES)));
        assert!(!takes(&"x".repeat(DISPLAY_NAME_BYTES + 1)));
        assert!(!takes(""));
        assert!(!takes("a\nb"));
    }

    let rejected = |text: &str| accepts(129, &(1u8, 4u8, None::<u32>, Some(text)));
    assert!(rejected(&"x".repeat(DISPLAY_NAME_BYTES)));
    assert!(!rejected(&"x".repeat(DISPLAY_NAME_BYTES + 1)));
}

#[test]
fn a_file_name_over_its_bound_is_refused() {
    let takes = |name: &str| accepts(14, &(name, 7u8, [7u8; 32]));
    assert!(takes(&"x".repeat(FILE_NAME_BYTES)));
    assert!(!takes(&"x".repeat(FILE_NAME_BYTES + 1)));
    assert!(!takes(""));
    assert!(!takes("a\nb"));
    let upload = (([255u8; 16], u64::MAX, Some(u64::MAX)), "x".repeat(FILE_NAME_BYTES), u64::MAX);
    assert!(accepts(4, &(&upload, [7u8; 32])));
    assert!(frame::encode(4, &(&upload, [7u8; 32])).len() <= FILE_FRAME_BYTES);
}

#[test]
fn a_handle_over_its_bound_is_refused() {
    let users = |handle: &str| accepts(132, &(1u8, vec![(7u8, handle, "Ana", 1u8, true)], false));
    let open_direct = |handle: &str| accepts(43, &(1u8, handle));
    let set_member = |handle: &str| accepts(44, &(1u8, 5u8, handle, Some(1u8)));
    let remove_member = |handle: &str| accepts(45, &(1u8, 5u8, handle));
    let added = |handle: &str| accepts(262, &(HEAD, (7u8, handle, "Ana"), 1u8));
    let removed = |handle: &str| accepts(263, &(HEAD, (7u8, handle, "Ana")));
    let role_changed = |handle: &str| accepts(264, &(HEAD, (7u8, handle, "Ana"), 1u8));
    let peer = |handle: &str| accepts(134, &(1u8, room("r", "", Some((7u8, handle, "Ana")))));
    let typing = |handle: &str| accepts(12, &(5u8, (7u8, handle, "Ana")));
    let datagram = |handle: &str| {
        // A frame is a length before what a datagram would be, of a type as its kind.
        let frame = frame::encode(3, &(5u8, (7u8, handle, "Ana")));
        let (_, used) = frame::peek_varint(&frame).unwrap().unwrap();
        TypingNotice::decode_datagram(&frame[used..]).is_some()
    };
    for takes in [
        &users as Takes<'_>,
        &open_direct,
        &set_member,
        &remove_member,
        &added,
        &removed,
        &role_changed,
        &peer,
        &typing,
        &datagram,
    ] {
        assert!(takes(&"x".repeat(128)));
        assert!(!takes(&"x".repeat(129)));
        assert!(takes("ꭰꭰ"), "a name that our tables would not make");
        assert!(!takes(""));
    }
}

#[test]
fn a_room_name_over_its_bound_is_refused() {
    let create = |name: &str| accepts(33, &(1u8, name, 0u8, "", 0u8));
    let enter = |name: &str| accepts(34, &(1u8, name));
    let rename = |name: &str| accepts(47, &(1u8, 5u8, name));
    let renamed = |name: &str| accepts(266, &(HEAD, name));
    let info = |name: &str| accepts(134, &(1u8, room(name, "", None)));
    for takes in [&create as Takes<'_>, &enter, &rename, &renamed, &info] {
        assert!(takes(&"x".repeat(128)));
        assert!(!takes(&"x".repeat(129)));
        assert!(!takes(""));
    }
}

#[test]
fn a_topic_over_its_bound_is_refused() {
    let create = |topic: &str| accepts(33, &(1u8, "r", 0u8, topic, 0u8));
    let set = |topic: &str| accepts(46, &(1u8, 5u8, topic));
    let changed = |topic: &str| accepts(265, &(HEAD, topic));
    let info = |topic: &str| accepts(134, &(1u8, room("r", topic, None)));
    for takes in [&create as Takes<'_>, &set, &changed, &info] {
        assert!(takes(&"y".repeat(TOPIC_BYTES)));
        assert!(!takes(&"y".repeat(TOPIC_BYTES + 1)));
        assert!(takes(""));
        assert!(!takes("a\0b"));
    }
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
    let rooms = |n: usize| accepts(131, &(1u8, vec![room("r", "", None); n], false));
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
    assert!(accepts(44, &(1u8, 5u8, "ana", Some(3u8))));
    assert!(!accepts(44, &(1u8, 5u8, "ana", Some(4u8))), "no such role");
    assert!(!accepts(262, &(HEAD, (7u8, "ana", "Ana"), 4u8)), "no such role");
    assert!(!accepts(39, &(1u8, 5u8, 3u8, 50u8)), "no such span");
    assert!(accepts(33, &(1u8, "r", 2u8, "", 1u8)));
    assert!(!accepts(33, &(1u8, "r", 3u8, "", 1u8)), "no such kind");
    assert!(!accepts(33, &(1u8, "r", 2u8, "", 2u8)), "no such history");
    assert!(!accepts(33, &(1u8, "r", 2u8, "")), "a history is not optional");
    assert!(!accepts(11, &(2u8, 0u8, 0u8)), "a flag that is neither no nor yes");
    assert!(!accepts(48, &(1u8, 5u8, 2u8)), "a flag that is neither no nor yes");
    assert!(!accepts(267, &(HEAD, 2u8)), "a flag that is neither no nor yes");
    assert!(accepts(452, &(5u8, u64::MAX, u64::MAX, u32::MAX, u32::MAX)));
    assert!(!accepts(452, &(5u8, 1u8, 1u8, u64::from(u32::MAX) + 1, 0u8)), "over 32 bits");
}

type Takes<'a> = &'a dyn Fn(&str) -> bool;

/// Room, seq, position, time and author of an event.
const HEAD: (u8, u8, u8, u8, (u8, &str, &str)) = (5, 1, 1, 1, (7, "ana", "Ana"));

/// A listing: room, name, kind, topic; members, unread, mentions; role; head, read; archived,
/// history, peer.
fn room<'a>(name: &'a str, topic: &'a str, peer: Option<(u8, &'a str, &'a str)>) -> Room<'a> {
    ((5, name, 0, topic), (1, 0, 0), Some(1), (1, 1), (false, 0, peer))
}

type Room<'a> = (
    (u8, &'a str, u8, &'a str),
    (u8, u8, u8),
    Option<u8>,
    (u8, u8),
    (bool, u8, Option<(u8, &'a str, &'a str)>),
);

/// Whether that body is read as a message of that type.
fn accepts(kind: u64, body: &impl Serialize) -> bool {
    let frame: Frame = only_frame(&frame::encode(kind, body));
    matches!(Message::decode(&frame), Ok(Some(_)))
}
