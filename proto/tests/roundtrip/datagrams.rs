//! Datagrams: what is not read is not there. They may be garbage, never an error.

use proptest::{collection::vec, prelude::*, sample::Index};
use tertulia_proto::{DatagramKind, Typing, TypingNotice, frame, limits};

use crate::strategies::{typing, typing_notice};

const TYPING: u64 = DatagramKind::Typing as u64;

proptest! {
    #[test]
    fn every_datagram_reads_back(typing in typing(), notice in typing_notice()) {
        let bytes = typing.encode_datagram();
        prop_assert_eq!(Typing::decode_datagram(&bytes), Some(typing));
        let bytes = notice.encode_datagram();
        prop_assert_eq!(TypingNotice::decode_datagram(&bytes), Some(notice));
    }

    #[test]
    fn a_datagram_that_ends_early_is_none(
        typing in typing(),
        notice in typing_notice(),
        cut in any::<Index>(),
    ) {
        let bytes = typing.encode_datagram();
        prop_assert_eq!(Typing::decode_datagram(&bytes[..cut.index(bytes.len())]), None);
        let bytes = notice.encode_datagram();
        prop_assert_eq!(TypingNotice::decode_datagram(&bytes[..cut.index(bytes.len())]), None);
    }

    #[test]
    fn fields_appended_to_a_datagram_by_a_newer_peer_are_ignored(
        typing in typing(),
        notice in typing_notice(),
        more in vec(any::<u8>(), 1..50),
    ) {
        let longer = [&typing.encode_datagram()[..], &more].concat();
        prop_assert_eq!(Typing::decode_datagram(&longer), Some(typing));
        let longer = [&notice.encode_datagram()[..], &more].concat();
        prop_assert_eq!(TypingNotice::decode_datagram(&longer), Some(notice));
    }

    #[test]
    fn a_datagram_of_another_kind_is_none(
        kind in prop_oneof![any::<u64>(), 0..10u64].prop_filter("ours", |kind| *kind != TYPING),
        notice in typing_notice(),
    ) {
        let mut other = Vec::new();
        frame::put_varint(&mut other, kind);
        other.extend_from_slice(&notice.encode_datagram()[1..]);
        prop_assert_eq!(Typing::decode_datagram(&other), None);
        prop_assert_eq!(TypingNotice::decode_datagram(&other), None);
    }

    #[test]
    fn any_datagram_is_read_within_bounds_or_none(
        kind in prop_oneof![Just(vec![TYPING as u8]), vec(any::<u8>(), 0..11)],
        rest in vec(any::<u8>(), 0..600),
    ) {
        let bytes = [kind, rest].concat();
        if let Some(typing) = Typing::decode_datagram(&bytes) {
            prop_assert_eq!(Typing::decode_datagram(&typing.encode_datagram()), Some(typing));
        }
        if let Some(notice) = TypingNotice::decode_datagram(&bytes) {
            prop_assert!(notice.encode_datagram().len() <= limits::DATAGRAM_BYTES);
            let again = TypingNotice::decode_datagram(&notice.encode_datagram());
            prop_assert_eq!(again, Some(notice));
        }
    }
}

#[test]
fn a_datagram_over_its_bound_is_none() {
    let typing = |bytes: usize| {
        let mut datagram = vec![0; bytes];
        datagram[0] = TYPING as u8;
        Typing::decode_datagram(&datagram)
    };
    assert!(typing(limits::DATAGRAM_BYTES).is_some());
    assert_eq!(typing(limits::DATAGRAM_BYTES + 1), None);
}
