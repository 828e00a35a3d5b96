//! Numbers that stand in no frame, or that a frame only passes on.

use tertulia_proto::{
    ALPN, Command, DatagramKind, Event, Features, Refusal, ReqId, StreamKind, VERSION,
    close::{self, CloseCode},
};

#[test]
fn numbers_outside_of_frames_stay() {
    assert_eq!((ALPN, VERSION), (&b"tertulia/1"[..], 0));
    let codes = [
        CloseCode::OK,
        CloseCode::GO_AWAY,
        CloseCode::PROTOCOL,
        CloseCode::FRAME_TOO_LARGE,
        CloseCode::TIMEOUT,
        CloseCode::AUTH,
        CloseCode::REVOKED,
        CloseCode::BANNED,
        CloseCode::RATE,
        CloseCode::SLOW_CONSUMER,
        CloseCode::VERSION,
        CloseCode::INTERNAL,
        CloseCode::REPLACED,
    ];
    assert!(codes.iter().map(|code| code.0).eq(0..=12));
    assert_eq!(close::STREAM_CANCELLED, 0x101);
    assert_eq!(close::STREAM_UNKNOWN_KIND, 0x102);
    let refusals = [
        Refusal::UNSUPPORTED,
        Refusal::NO_SUCH_ROOM,
        Refusal::FORBIDDEN,
        Refusal::NAME_TAKEN,
        Refusal::NAME_UNUSABLE,
        Refusal::INVITE_NEEDED,
        Refusal::INVITE_UNKNOWN,
        Refusal::INVITE_USED_UP,
        Refusal::INVITE_EXPIRED,
        Refusal::RATE,
        Refusal::STORAGE,
        Refusal::INVALID,
        Refusal::LIMIT,
        Refusal::NO_SUCH_ACCOUNT,
        Refusal::ARCHIVED,
        Refusal::NO_SUCH_FILE,
        Refusal::FILE_TOO_LARGE,
        Refusal::QUOTA,
        Refusal::FILE_DIFFERS,
    ];
    assert!(refusals.iter().map(|refusal| refusal.0).eq(1..=19));
}

#[test]
fn feature_bits_and_kinds_of_streams_and_datagrams_stay() {
    let bits = [
        Features::TYPING_DATAGRAMS,
        Features::COPIES,
        Features::OPAQUE_BODIES,
        Features::FILES,
        Features::EARLY_REQUESTS,
    ];
    assert!(bits.iter().map(|bit| bit.0).eq([1, 2, 4, 8, 16]));
    let streams =
        [StreamKind::Control, StreamKind::File, StreamKind::Live(0), StreamKind::Page(ReqId(0))];
    assert!(streams.iter().map(|kind| kind.encode()[0]).eq([0x01, 0x02, 0x10, 0x11]));
    let datagrams = [
        DatagramKind::ControlCopy,
        DatagramKind::LaneCopy,
        DatagramKind::Typing,
        DatagramKind::Probe,
    ];
    assert!(datagrams.iter().map(|kind| *kind as u8).eq([1, 2, 3, 4]));
}

#[test]
fn ranges_of_frame_types_stay() {
    assert_eq!(Command::RANGE, 32..=127);
    assert_eq!(Event::RANGE, 256..=447);
}

#[test]
fn a_feature_is_used_where_both_ends_have_its_bit() {
    let both = Features(0b101).common(Features(0b011));
    assert_eq!(both, Features::TYPING_DATAGRAMS);
    assert!(both.has(Features::TYPING_DATAGRAMS));
    assert!(!both.has(Features(0b011)), "all of them, not any");
    assert!(both.has(Features(0)));
}
