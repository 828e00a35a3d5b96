//! Copies that wait for their time.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use bytes::Bytes;
use tertulia_proto::DatagramKind;

/// Copies that wait at once, at most; more are not taken.
const WAITING: usize = 512;
/// What is due so soon goes along.
const TOGETHER: Duration = Duration::from_millis(2);

/// Frames by the time at which they are to be sent again.
#[derive(Debug, Default)]
pub(crate) struct DueQueue {
    waiting: BinaryHeap<Reverse<(Duration, u64, Copy)>>,
    /// Keeps those of one time in order.
    taken: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Copy {
    kind: DatagramKind,
    frame: Bytes,
}

/// By their time alone.
impl Ord for Copy {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl PartialOrd for Copy {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl DueQueue {
    pub(crate) fn add(&mut self, at: Duration, kind: DatagramKind, frame: Bytes) {
        if self.waiting.len() < WAITING {
            self.taken += 1;
            self.waiting.push(Reverse((at, self.taken, Copy { kind, frame })));
        }
    }

    /// When the next one is to be sent.
    pub(crate) fn at(&self) -> Option<Duration> {
        self.waiting.peek().map(|Reverse((at, ..))| *at)
    }

    /// What is due, of one kind, in at most so many bytes; all that is due soon goes along.
    pub(crate) fn take(
        &mut self,
        now: Duration,
        bytes: usize,
    ) -> Option<(DatagramKind, Vec<Bytes>)> {
        if self.at()? > now {
            return None;
        }
        let mut of_kind = None;
        let (mut frames, mut left) = (Vec::new(), bytes);
        while let Some(Reverse((at, _, copy))) = self.waiting.peek() {
            let fits = of_kind.is_none_or(|kind| kind == copy.kind) && copy.frame.len() <= left;
            if *at > now + TOGETHER || !fits {
                break;
            }
            of_kind = Some(copy.kind);
            left -= copy.frame.len();
            frames.extend(self.waiting.pop().map(|Reverse((.., copy))| copy.frame));
        }
        if frames.is_empty() {
            // It never fits.
            self.waiting.pop();
        }
        Some((of_kind?, frames))
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn frame(n: u8) -> Bytes {
        Bytes::from(vec![n; 10])
    }

    #[test]
    fn what_is_due_together_travels_together_in_order_and_by_kind() {
        let mut queue = DueQueue::default();
        for (ms, n) in [(5, 3), (4, 1), (4, 2), (9, 4)] {
            queue.add(ms * MS, DatagramKind::LaneCopy, frame(n));
        }
        queue.add(5 * MS, DatagramKind::ControlCopy, frame(7));
        assert_eq!((queue.at(), queue.take(3 * MS, 100)), (Some(4 * MS), None));
        let lane = |frames: &[u8]| {
            Some((DatagramKind::LaneCopy, frames.iter().map(|n| frame(*n)).collect::<Vec<_>>()))
        };
        assert_eq!(queue.take(4 * MS, 100), lane(&[1, 2, 3]));
        assert_eq!(queue.take(5 * MS, 100), Some((DatagramKind::ControlCopy, vec![frame(7)])));
        assert_eq!((queue.take(8 * MS, 100), queue.take(9 * MS, 100)), (None, lane(&[4])));
        assert_eq!(queue.at(), None);
    }

    #[test]
    fn a_datagram_holds_what_fits_and_what_never_fits_is_dropped() {
        let mut queue = DueQueue::default();
        (0..3).for_each(|n| queue.add(MS, DatagramKind::LaneCopy, frame(n)));
        assert_eq!(queue.take(MS, 25).unwrap().1.len(), 2);
        assert_eq!(queue.take(MS, 25).unwrap().1.len(), 1);
        queue.add(MS, DatagramKind::LaneCopy, frame(9));
        assert_eq!(queue.take(MS, 5), None);
        assert_eq!(queue.at(), None);
    }

    #[test]
    fn no_more_wait_than_the_bound() {
        let mut queue = DueQueue::default();
        (0..2 * WAITING).for_each(|_| queue.add(MS, DatagramKind::LaneCopy, frame(0)));
        assert_eq!(queue.waiting.len(), WAITING);
    }
}
