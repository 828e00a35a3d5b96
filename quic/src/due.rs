//! Copies that wait for their time.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use bytes::Bytes;
use tertulia_proto::DatagramKind;

use crate::{budget, flying::FrameId};

/// Copies that wait at once, at most; more are not taken.
const WAITING: usize = 512;
/// No copy goes along so soon after its frame.
const APART: Duration = Duration::from_millis(1);

/// Frames by the time at which they are to be sent again.
#[derive(Debug, Default)]
pub(crate) struct DueQueue {
    waiting: BinaryHeap<Reverse<(Duration, u64, Copy)>>,
    /// Keeps those of one time in order.
    taken: u64,
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) kind: DatagramKind,
    pub(crate) frame: Bytes,
    /// How many others of this frame are due before.
    pub(crate) nth: usize,
    /// It is not to share a packet with the frame itself, which goes out at this time.
    pub(crate) after: Duration,
    /// It may go along with another so much earlier.
    pub(crate) early: Duration,
    /// It is sent for as long as this one is not known to have arrived.
    pub(crate) unless: Option<FrameId>,
}

impl Copy {
    /// The budget keeps a part for such.
    pub(crate) fn is_first(&self) -> bool {
        self.nth < budget::FIRST
    }
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
    pub(crate) fn add(&mut self, at: Duration, copy: Copy) {
        if self.waiting.len() < WAITING {
            self.taken += 1;
            self.bytes += copy.frame.len();
            self.waiting.push(Reverse((at, self.taken, copy)));
        }
    }

    /// Of all that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the next one is to be sent.
    pub(crate) fn at(&self) -> Option<Duration> {
        self.waiting.peek().map(|Reverse((at, ..))| *at)
    }

    /// What is due, of one kind, in at most so many bytes; all that is due soon goes along, and
    /// what is `needless` is let go. Nothing: there is nothing due any more.
    pub(crate) fn take(
        &mut self,
        now: Duration,
        bytes: usize,
        needless: impl Fn(&Copy) -> bool,
    ) -> Vec<Copy> {
        let (mut copies, mut left) = (Vec::<Copy>::new(), bytes);
        while let Some(Reverse((at, _, copy))) = self.waiting.peek() {
            let until = if copies.is_empty() { now } else { now + copy.early };
            // The same frame twice in one packet would be one copy less.
            let is_twice = |other: &Copy| copy.unless.is_some() && other.unless == copy.unless;
            let shares = copies.last().is_none_or(|last| last.kind == copy.kind)
                && !copies.iter().any(is_twice);
            let is_apart = *at <= now || copy.after + APART <= now;
            if *at > until || !shares || !is_apart {
                break;
            }
            let fits = copy.frame.len() <= left;
            if !fits && !copies.is_empty() {
                break;
            }
            let Some(copy) = self.pop() else { break };
            // Where it does not fit into an empty one it never does.
            if fits && !needless(&copy) {
                left -= copy.frame.len();
                copies.push(copy);
            }
        }
        copies
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }

    fn pop(&mut self) -> Option<Copy> {
        let Reverse((.., copy)) = self.waiting.pop()?;
        self.bytes -= copy.frame.len();
        Some(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn frame(n: u8) -> Bytes {
        Bytes::from(vec![n; 10])
    }

    fn copy(kind: DatagramKind, n: u8) -> Copy {
        Copy { kind, frame: frame(n), nth: 0, after: Duration::ZERO, early: 3 * MS, unless: None }
    }

    fn taken(queue: &mut DueQueue, now: Duration, bytes: usize) -> Vec<u8> {
        queue.take(now, bytes, |_| false).iter().map(|copy| copy.frame[0]).collect()
    }

    #[test]
    fn what_is_due_together_travels_together_in_order_and_by_kind() {
        let mut queue = DueQueue::default();
        for (ms, n) in [(5, 3), (4, 1), (4, 2), (9, 4)] {
            queue.add(ms * MS, copy(DatagramKind::LaneCopy, n));
        }
        queue.add(5 * MS, copy(DatagramKind::ControlCopy, 7));
        assert_eq!(queue.at(), Some(4 * MS));
        assert_eq!(taken(&mut queue, 3 * MS, 100), [0; 0]);
        assert_eq!(taken(&mut queue, 4 * MS, 100), [1, 2, 3]);
        assert_eq!(taken(&mut queue, 5 * MS, 100), [7]);
        assert_eq!(taken(&mut queue, 8 * MS, 100), [0; 0]);
        assert_eq!(taken(&mut queue, 9 * MS, 100), [4]);
        assert_eq!((queue.at(), queue.bytes()), (None, 0));
    }

    #[test]
    fn nothing_goes_along_with_the_frame_that_it_is_a_copy_of() {
        let mut queue = DueQueue::default();
        queue.add(4 * MS, copy(DatagramKind::LaneCopy, 1));
        queue.add(5 * MS, Copy { after: 4 * MS, ..copy(DatagramKind::LaneCopy, 2) });
        assert_eq!(taken(&mut queue, 4 * MS, 100), [1]);
        assert_eq!(taken(&mut queue, 5 * MS, 100), [2]);
    }

    #[test]
    fn a_datagram_holds_what_fits_and_what_never_fits_is_dropped() {
        let mut queue = DueQueue::default();
        (0..3).for_each(|n| queue.add(MS, copy(DatagramKind::LaneCopy, n)));
        assert_eq!(taken(&mut queue, MS, 25).len(), 2);
        assert_eq!(taken(&mut queue, MS, 25).len(), 1);
        queue.add(MS, copy(DatagramKind::LaneCopy, 9));
        assert_eq!(taken(&mut queue, MS, 5), [0; 0]);
        assert_eq!(queue.at(), None);
    }

    #[test]
    fn what_is_needless_by_then_is_let_go() {
        let mut queue = DueQueue::default();
        (0..3).for_each(|n| queue.add(MS, copy(DatagramKind::LaneCopy, n)));
        let rest = queue.take(MS, 100, |copy| copy.frame[0] != 1);
        assert_eq!(rest.iter().map(|copy| copy.frame[0]).collect::<Vec<_>>(), [1]);
        assert_eq!(queue.at(), None);
    }

    #[test]
    fn no_more_wait_than_the_bound() {
        let mut queue = DueQueue::default();
        (0..2 * WAITING).for_each(|_| queue.add(MS, copy(DatagramKind::LaneCopy, 0)));
        assert_eq!(queue.waiting.len(), WAITING);
    }
}
