//! A question whether the other end is there, as a datagram.

use bytes::{Bytes, BytesMut};

use crate::{DatagramKind, datagram, frame, limits};

/// What a probe wants; the sum of its bits. What else a newer peer may want is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe(pub u64);

impl Probe {
    /// Nothing: it is an answer.
    pub const ANSWER: Self = Self(0);
    /// An answer.
    pub const ASK: Self = Self(1);
    /// What was sent of late once more: it may have gone where this end is no longer.
    pub const REPEAT: Self = Self(1 << 1);

    /// Whether all of these are wanted.
    pub const fn wants(self, what: Self) -> bool {
        self.0 & what.0 == what.0
    }

    /// The datagram, of at least so many bytes: what is behind the number says nothing.
    pub fn encode_datagram(self, length: usize) -> Bytes {
        let mut out = BytesMut::new();
        frame::put_varint(&mut out, DatagramKind::Probe as u64);
        frame::put_varint(&mut out, self.0);
        out.resize(length.min(limits::DATAGRAM_BYTES).max(out.len()), 0);
        out.freeze()
    }

    /// Reads one; `None` for any other kind, and for garbage: a datagram is never an error.
    pub fn decode_datagram(bytes: &[u8]) -> Option<Self> {
        let (wants, _) = frame::peek_varint(datagram::body(DatagramKind::Probe, bytes)?).ok()??;
        Some(Self(wants))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_probe_says_what_it_wants_and_nothing_else_counts() {
        let both = Probe(Probe::ASK.0 | Probe::REPEAT.0);
        assert_eq!(both.encode_datagram(0)[..], [4, 3]);
        let padded = both.encode_datagram(9_999);
        assert_eq!(padded.len(), limits::DATAGRAM_BYTES);
        let read = Probe::decode_datagram(&padded).unwrap();
        assert!(read.wants(Probe::ASK) && read.wants(Probe::REPEAT));
        assert!(!Probe::ANSWER.wants(Probe::ASK));
        assert_eq!(Probe::decode_datagram(&[3, 3]), None);
        assert_eq!(Probe::decode_datagram(&[4]), None);
    }

    proptest! {
        #[test]
        fn garbage_is_no_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Probe::decode_datagram(&bytes);
        }
    }
}
