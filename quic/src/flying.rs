//! Which frames are known to have arrived.
//!
//! QUIC says of each packet when it was sent and that it was acknowledged, not what was in it. A
//! frame is in the packet that goes out when it is offered, and in those of its copies; one of that
//! size that was sent at one of these times and is acknowledged had it. Where much is sent at once
//! that may be wrong, and costs the frame a copy: its stream carries it all the same.

use std::{collections::VecDeque, time::Duration};

/// Frames that are known, at most: the newest. Of older ones nothing is known.
const FRAMES: usize = 128;
/// Times of one frame that are remembered.
const TIMES: usize = 8;
/// A packet goes out so soon after it was asked for.
const SOON: Duration = Duration::from_micros(1_500);

/// Names a frame that was taken note of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameId(u64);

/// Frames that were sent of late. Times are since any one moment.
#[derive(Debug, Default)]
pub(crate) struct Flying {
    frames: VecDeque<Frame>,
    /// Those before were let go.
    first: u64,
}

#[derive(Debug)]
struct Frame {
    length: usize,
    times: [Duration; TIMES],
    sent: usize,
    has_arrived: bool,
}

impl Flying {
    /// A frame is sent now for the first time.
    pub(crate) fn offered(&mut self, now: Duration, length: usize) -> FrameId {
        if self.frames.len() == FRAMES {
            self.frames.pop_front();
            self.first += 1;
        }
        let times = [now; TIMES];
        self.frames.push_back(Frame { length, times, sent: 1, has_arrived: false });
        FrameId(self.first + self.frames.len() as u64 - 1)
    }

    /// A copy of it is sent now.
    pub(crate) fn repeated(&mut self, now: Duration, id: FrameId) {
        if let Some(frame) = self.place(id).and_then(|place| self.frames.get_mut(place))
            && let Some(time) = frame.times.get_mut(frame.sent)
        {
            *time = now;
            frame.sent += 1;
        }
    }

    /// A packet was acknowledged.
    pub(crate) fn acknowledged(&mut self, sent_at: Duration, bytes: usize) {
        for frame in self.frames.iter_mut().filter(|frame| frame.length <= bytes) {
            let mut times = frame.times.iter().take(frame.sent);
            frame.has_arrived |= times.any(|at| (*at..=*at + SOON).contains(&sent_at));
        }
    }

    /// Whether it is known to have arrived.
    pub(crate) fn has_arrived(&self, id: FrameId) -> bool {
        let frame = self.place(id).and_then(|place| self.frames.get(place));
        frame.is_some_and(|frame| frame.has_arrived)
    }

    fn place(&self, id: FrameId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_packet_of_its_size_and_time_says_that_a_frame_arrived() {
        let mut flying = Flying::default();
        let (one, other) = (flying.offered(10 * MS, 200), flying.offered(50 * MS, 200));
        for (at, bytes) in [(10, 40), (9, 900), (12, 900), (49, 900)] {
            flying.acknowledged(at * MS, bytes);
        }
        assert!(!flying.has_arrived(one) && !flying.has_arrived(other));
        flying.acknowledged(11 * MS, 230);
        assert!(flying.has_arrived(one) && !flying.has_arrived(other));
    }

    #[test]
    fn so_does_one_of_a_copy() {
        let mut flying = Flying::default();
        let id = flying.offered(10 * MS, 200);
        flying.acknowledged(20 * MS, 230);
        assert!(!flying.has_arrived(id));
        flying.repeated(20 * MS, id);
        flying.acknowledged(20 * MS, 230);
        assert!(flying.has_arrived(id));
    }

    #[test]
    fn no_more_are_known_than_the_bound() {
        let mut flying = Flying::default();
        let first = flying.offered(MS, 10);
        for _ in 0..1_000 {
            flying.offered(MS, 10);
        }
        assert_eq!(flying.frames.len(), FRAMES);
        flying.acknowledged(MS, 10);
        assert!(!flying.has_arrived(first), "long gone");
        let last = flying.offered(2 * MS, 10);
        (0..99).for_each(|n| flying.repeated((n + 3) * MS, last));
        flying.acknowledged(2 * MS, 10);
        assert!(flying.has_arrived(last));
    }
}
