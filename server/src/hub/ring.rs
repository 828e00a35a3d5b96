//! The recent frames of one room, kept once for all its readers.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tertulia_proto::{Run, Seq};

use crate::limits;

/// The newest frames of a room, dense in seq, up to and with the head. What was published together
/// lies in one piece of memory, so that a reader who is not behind takes it as one.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    chunks: VecDeque<Chunk>,
    /// What is being published, until it is sealed.
    open: Open,
    frames: usize,
    bytes: usize,
    head: Seq,
}

#[derive(Debug)]
struct Chunk {
    first: Seq,
    bytes: Bytes,
    /// Where each of its frames ends.
    ends: Box<[u32]>,
}

#[derive(Debug, Default)]
struct Open {
    first: Seq,
    bytes: BytesMut,
    ends: Vec<u32>,
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The next frames, without a gap; at least one.
    Runs(Vec<Run>),
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

    /// Adds the newest frame; readers find it once it is sealed. A seq that is not next makes the
    /// ring start anew: readers go to the store, and nothing is skipped.
    pub(crate) fn push(&mut self, seq: Seq, frame: &[u8]) {
        if seq != self.head.next() {
            self.clear();
        }
        let open = &self.open;
        let is_full = open.ends.len() >= limits::CHUNK_FRAMES
            || open.bytes.len() + frame.len() > limits::CHUNK_BYTES;
        if is_full {
            self.seal();
        }
        self.head = seq;
        if self.open.ends.is_empty() {
            self.open.first = seq;
        }
        self.open.bytes.extend_from_slice(frame);
        self.open.ends.push(self.open.bytes.len() as u32);
    }

    /// What was pushed is there from now on.
    pub(crate) fn seal(&mut self) {
        if self.open.ends.is_empty() {
            return;
        }
        let Open { first, bytes, ends } = std::mem::take(&mut self.open);
        self.frames += ends.len();
        self.bytes += bytes.len();
        self.chunks.push_back(Chunk { first, bytes: bytes.freeze(), ends: ends.into() });
        while self.frames > limits::RING_FRAMES || self.bytes > limits::RING_BYTES {
            let Some(oldest) = self.chunks.pop_front() else {
                break;
            };
            self.frames -= oldest.ends.len();
            self.bytes -= oldest.bytes.len();
        }
    }

    /// Nobody was there for the newest event: readers go to the store.
    pub(crate) fn skip_to(&mut self, seq: Seq) {
        self.clear();
        self.head = seq;
    }

    /// Frames from `next` on: as many as begin within so many bytes, nothing behind `last`.
    pub(crate) fn read(&self, next: Seq, bytes: usize, last: Option<Seq>) -> Read {
        let head = last.map_or(self.head, |last| last.min(self.head));
        if next > head {
            return Read::UpToDate;
        }
        let behind = Read::Behind { head: self.head };
        let at = self.chunks.partition_point(|chunk| chunk.first <= next);
        let Some(at) = at.checked_sub(1) else { return behind };
        let (mut runs, mut next, mut left) = (Vec::new(), next, bytes);
        for chunk in self.chunks.range(at..) {
            if next > head || (left == 0 && !runs.is_empty()) {
                break;
            }
            let most = head.0 - next.0 + 1;
            let Some(run) = chunk.run(next, left, most) else { break };
            left = left.saturating_sub(run.bytes().len());
            next = Seq(next.0 + run.frames());
            runs.push(run);
        }
        if runs.is_empty() { behind } else { Read::Runs(runs) }
    }

    fn clear(&mut self) {
        let head = self.head;
        *self = Self::new(head);
    }
}

impl Chunk {
    /// Its frames from `next` on, if it is one of them: those that begin within so many bytes, at
    /// least one, and no more than so many.
    fn run(&self, next: Seq, bytes: usize, most: u64) -> Option<Run> {
        let skipped = usize::try_from(next.0.checked_sub(self.first.0)?).ok()?;
        let begin = match skipped.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)? as usize,
        };
        let rest = self.ends.get(skipped..)?;
        let most = rest.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let fits = 1 + rest.partition_point(|end| (*end as usize - begin) < bytes);
        let frames = fits.min(most);
        let end = *rest.get(frames.checked_sub(1)?)? as usize;
        Some(Run::new(self.bytes.slice(begin..end), frames as u64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(byte: u8, len: usize) -> Bytes {
        tertulia_proto::frame::encode(u64::from(byte), &vec![byte; len])
    }

    fn found(read: Read) -> Vec<Bytes> {
        match read {
            Read::Runs(runs) => runs.iter().flat_map(Run::each).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn push(ring: &mut Ring, seqs: std::ops::RangeInclusive<u64>, len: usize) {
        for seq in seqs {
            ring.push(Seq(seq), &frame(seq as u8, len));
        }
        ring.seal();
    }

    fn frames(seqs: std::ops::RangeInclusive<u64>, len: usize) -> Vec<Bytes> {
        seqs.map(|seq| frame(seq as u8, len)).collect()
    }

    #[test]
    fn a_reader_gets_every_frame_once_whatever_its_pace() {
        let mut ring = Ring::new(Seq(10));
        let read = |ring: &Ring, next, bytes| ring.read(Seq(next), bytes, None);
        assert_eq!(read(&ring, 11, 100), Read::UpToDate);
        assert_eq!(read(&ring, 10, 100), Read::Behind { head: Seq(10) });
        push(&mut ring, 11..=13, 40);
        push(&mut ring, 14..=15, 40);
        assert_eq!(found(read(&ring, 11, 100)), frames(11..=13, 40));
        assert_eq!(found(read(&ring, 14, 1)), frames(14..=14, 40));
        assert_eq!(found(read(&ring, 12, 100_000)), frames(12..=15, 40));
        assert_eq!(found(ring.read(Seq(12), 100_000, Some(Seq(14)))), frames(12..=14, 40));
        assert_eq!(ring.read(Seq(15), 100, Some(Seq(14))), Read::UpToDate);
        assert_eq!(read(&ring, 16, 100), Read::UpToDate);
    }

    #[test]
    fn what_was_published_together_is_one_piece_of_memory() {
        let mut ring = Ring::new(Seq(0));
        push(&mut ring, 1..=20, 40);
        assert!(matches!(ring.read(Seq(3), 100_000, None), Read::Runs(runs) if runs.len() == 1));
    }

    #[test]
    fn the_ring_is_bounded_in_frames_and_in_bytes() {
        let mut ring = Ring::new(Seq(0));
        let many = limits::RING_FRAMES as u64 + 5;
        push(&mut ring, 1..=many, 1);
        assert!(ring.frames <= limits::RING_FRAMES);
        assert!(ring.frames + limits::CHUNK_FRAMES > limits::RING_FRAMES);
        assert!(matches!(ring.read(Seq(5), 10, None), Read::Behind { .. }));
        assert_eq!(found(ring.read(Seq(many - 9), 1_000, None)).len(), 10);
        push(&mut ring, many + 1..=many + 4, limits::RING_BYTES / 3);
        assert!(ring.bytes <= limits::RING_BYTES);
        assert_eq!(ring.frames, 2);
    }

    #[test]
    fn a_gap_sends_readers_to_the_store() {
        let mut ring = Ring::new(Seq(3));
        push(&mut ring, 4..=4, 1);
        push(&mut ring, 9..=9, 1);
        assert_eq!(ring.read(Seq(4), 10, None), Read::Behind { head: Seq(9) });
        assert_eq!(found(ring.read(Seq(9), 10, None)), frames(9..=9, 1));
        ring.skip_to(Seq(12));
        assert_eq!(ring.read(Seq(12), 10, None), Read::Behind { head: Seq(12) });
    }

    proptest! {
        #[test]
        fn any_reader_is_given_what_is_next_and_in_order(
            batches in proptest::collection::vec((1u64..90, 1usize..600), 1..30),
            next in 1u64..900, bytes in 0usize..100_000, last in 1u64..900,
        ) {
            let mut ring = Ring::new(Seq(0));
            let mut all = Vec::new();
            for (count, len) in batches {
                for _ in 0..count {
                    let seq = all.len() as u64 + 1;
                    all.push(frame(seq as u8, len));
                    ring.push(Seq(seq), &all[seq as usize - 1]);
                }
                ring.seal();
            }
            let head = last.min(all.len() as u64);
            match ring.read(Seq(next), bytes, Some(Seq(last))) {
                Read::UpToDate => prop_assert!(next > head),
                Read::Behind { .. } => {
                    prop_assert!(next + ring.frames as u64 <= all.len() as u64);
                }
                Read::Runs(runs) => {
                    let count = runs.iter().map(Run::frames).sum::<u64>();
                    let read: Vec<_> = runs.iter().flat_map(Run::each).collect();
                    prop_assert!(count >= 1 && next + count - 1 <= head);
                    prop_assert_eq!(&read[..], &all[next as usize - 1..(next + count) as usize - 1]);
                    let size: usize = read[..read.len() - 1].iter().map(Bytes::len).sum();
                    prop_assert!(size < bytes.max(1));
                }
            }
        }
    }
}
