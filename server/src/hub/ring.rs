//! The recent frames of one room, kept once for all its readers.

use std::collections::VecDeque;

use bytes::Bytes;
use tertulia_proto::Seq;

use crate::limits;

/// The newest frames of a room, dense in seq, up to and with the head.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    frames: VecDeque<Bytes>,
    bytes: usize,
    head: Seq,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The next frames, without a gap; at least one.
    Frames(Vec<Bytes>),
    /// The next frame is no longer here: read from the store, up to the head.
    Behind { head: Seq },
    /// There is nothing more yet.
    UpToDate,
}

impl Ring {
    /// An empty ring of a room whose newest event is `head`.
    pub(crate) fn new(head: Seq) -> Self {
        Self { head, ..Self::default() }
    }

    /// Adds the newest frame. A seq that is not next makes the ring start anew: readers go to the
    /// store, and nothing is skipped.
    pub(crate) fn push(&mut self, seq: Seq, frame: Bytes) {
        if seq != self.head.next() {
            self.frames.clear();
            self.bytes = 0;
        }
        self.head = seq;
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.frames.len() > limits::RING_FRAMES || self.bytes > limits::RING_BYTES {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// Goes on behind that event, keeping nothing.
    pub(crate) fn skip_to(&mut self, head: Seq) {
        *self = Self::new(head);
    }

    /// Frames from `next` on: about so many bytes, at least one frame.
    pub(crate) fn read(&self, next: Seq, bytes: usize) -> Read {
        if next > self.head {
            return Read::UpToDate;
        }
        let first = self.head.0 + 1 - self.frames.len() as u64;
        if next.0 < first {
            return Read::Behind { head: self.head };
        }
        let mut room = bytes;
        let skipped = (next.0 - first) as usize;
        let frames = self.frames.iter().skip(skipped).take_while(|frame| {
            let fits = room > 0;
            room = room.saturating_sub(frame.len());
            fits
        });
        Read::Frames(frames.cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(byte: u8, len: usize) -> Bytes {
        Bytes::from(vec![byte; len])
    }

    #[test]
    fn a_reader_gets_every_frame_once_whatever_its_pace() {
        let mut ring = Ring::new(Seq(10));
        assert_eq!(ring.read(Seq(11), 100), Read::UpToDate);
        assert_eq!(ring.read(Seq(10), 100), Read::Behind { head: Seq(10) });
        for n in 11..=15u8 {
            ring.push(Seq(u64::from(n)), frame(n, 40));
        }
        assert_eq!(
            ring.read(Seq(11), 100),
            Read::Frames((11..=13).map(|n| frame(n, 40)).collect())
        );
        assert_eq!(ring.read(Seq(14), 1), Read::Frames(vec![frame(14, 40)]));
        assert_eq!(ring.read(Seq(16), 100), Read::UpToDate);
    }

    #[test]
    fn the_ring_is_bounded_in_frames_and_in_bytes() {
        let mut ring = Ring::new(Seq(0));
        for n in 1..=limits::RING_FRAMES as u64 + 5 {
            ring.push(Seq(n), frame(1, 1));
        }
        assert_eq!(ring.frames.len(), limits::RING_FRAMES);
        assert!(matches!(ring.read(Seq(5), 10), Read::Behind { .. }));
        assert!(matches!(ring.read(Seq(6), 10), Read::Frames(frames) if frames.len() == 10));
        let head = ring.head;
        for n in 1..=4 {
            ring.push(Seq(head.0 + n), frame(2, limits::RING_BYTES / 3));
        }
        assert!(ring.bytes <= limits::RING_BYTES);
        assert_eq!(ring.frames.len(), 3);
    }

    #[test]
    fn a_gap_sends_readers_to_the_store() {
        let mut ring = Ring::new(Seq(3));
        ring.push(Seq(4), frame(4, 1));
        ring.push(Seq(9), frame(9, 1));
        assert_eq!(ring.read(Seq(4), 10), Read::Behind { head: Seq(9) });
        assert_eq!(ring.read(Seq(9), 10), Read::Frames(vec![frame(9, 1)]));
    }
}
