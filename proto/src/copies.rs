//! Small frames once more, as datagrams, so that a lost packet costs no round trip.
//!
//! A copy says what its stream says: a receiver takes whichever comes first and drops the other,
//! by the request's number ([`crate::Request`]), by the answer's, or by the event's room and seq.

use bytes::{Bytes, BytesMut};

use crate::{DatagramKind, Frame, FrameBuffer, datagram, frame, limits};

/// What stands before the frames.
pub const HEAD_BYTES: usize = 1;

/// A datagram of that kind: the frames, whole, one after the other.
pub fn encode(kind: DatagramKind, frames: &[Bytes]) -> Bytes {
    let length = frames.iter().map(Bytes::len).sum::<usize>();
    let mut out = BytesMut::with_capacity(HEAD_BYTES + length);
    frame::put_varint(&mut out, kind as u64);
    frames.iter().for_each(|frame| out.extend_from_slice(frame));
    out.freeze()
}

/// The frames of a datagram; `None` for any other kind. A datagram is never an error: what can't
/// be read ends it.
pub fn decode(kind: DatagramKind, bytes: &[u8]) -> Option<Vec<Frame>> {
    let mut buffer = FrameBuffer::new(limits::DATAGRAM_BYTES);
    buffer.extend(datagram::body(kind, bytes)?);
    Some(std::iter::from_fn(|| buffer.next_frame().ok().flatten()).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_read_back_and_other_kinds_are_none() {
        let frames = [frame::encode(40, &7u8), frame::encode(300, &"hello")];
        let datagram = encode(DatagramKind::LaneCopy, &frames);
        assert_eq!(datagram.len(), HEAD_BYTES + frames[0].len() + frames[1].len());
        let read = decode(DatagramKind::LaneCopy, &datagram).unwrap();
        assert_eq!(read.iter().map(|frame| frame.kind).collect::<Vec<_>>(), [40, 300]);
        assert_eq!(read[1].body_as::<String>().unwrap(), "hello");
        assert_eq!(decode(DatagramKind::ControlCopy, &datagram), None);
    }

    #[test]
    fn what_is_cut_off_ends_it_and_what_came_before_counts() {
        let frames = [frame::encode(40, &7u8), frame::encode(300, &"hello")];
        let datagram = encode(DatagramKind::ControlCopy, &frames);
        let read = decode(DatagramKind::ControlCopy, &datagram[..datagram.len() - 1]).unwrap();
        assert_eq!(read.len(), 1);
    }

    proptest! {
        #[test]
        fn garbage_is_no_error(bytes in proptest::collection::vec(any::<u8>(), 0..1_300)) {
            for kind in [DatagramKind::ControlCopy, DatagramKind::LaneCopy] {
                let frames = decode(kind, &bytes).unwrap_or_default();
                prop_assert!(frames.iter().map(|frame| frame.body.len()).sum::<usize>() <= bytes.len());
            }
        }
    }
}
