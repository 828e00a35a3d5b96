//! Which frames are sent again, and when: decided without a clock, a socket or a chance.

use std::time::Duration;

use bytes::Bytes;
use tertulia_proto::{DatagramKind, copies};

use crate::{
    budget::Budget,
    due::DueQueue,
    loss::LossEstimate,
    schedule::{offsets, strength},
};

/// A longer frame has no copies: it is no line that somebody waits for.
const FRAME_BYTES: usize = 1_000;
/// Frames written at once; more of them are a backlog, which its stream carries as well.
const AT_ONCE: usize = 16;
/// Between two looks at the path.
const LOOK: Duration = Duration::from_millis(500);

/// A path as its connection sees it. Totals are since the connection began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// Packets sent.
    pub sent: u64,
    /// Packets that are believed to be lost.
    pub lost: u64,
    /// Smoothed (RFC 9002, 5.3).
    pub rtt: Duration,
    /// The congestion window, in bytes.
    pub window: u64,
}

/// The least round trip of late. A path may become a longer one: what was least long ago says
/// nothing.
#[derive(Debug, Clone, Copy)]
struct LeastRtt {
    now: Duration,
    before: Duration,
    turns_at: Duration,
}

impl LeastRtt {
    /// It goes by the last one or two of these.
    const WINDOW: Duration = Duration::from_secs(15);

    fn new() -> Self {
        Self { now: Duration::MAX, before: Duration::MAX, turns_at: Self::WINDOW }
    }

    /// Takes a round trip in. Whether it is so long that packets wait in a queue on the way: then
    /// they are lost because there are too many, and copies would make it worse.
    fn is_exceeded_by(&mut self, rtt: Duration, at: Duration) -> bool {
        const BEYOND_JITTER: Duration = Duration::from_millis(60);
        if at >= self.turns_at {
            (self.before, self.now) = (self.now, rtt);
            self.turns_at = at + Self::WINDOW;
        }
        self.now = self.now.min(rtt);
        rtt > self.now.min(self.before) * 2 + BEYOND_JITTER
    }
}

/// The shield of one direction of one connection. Times are since any one moment.
#[derive(Debug)]
pub struct Shield {
    loss: LossEstimate,
    least_rtt: LeastRtt,
    strength: usize,
    budget: Budget,
    queue: DueQueue,
    look_at: Duration,
}

impl Default for Shield {
    fn default() -> Self {
        Self {
            loss: LossEstimate::default(),
            least_rtt: LeastRtt::new(),
            strength: 0,
            budget: Budget::new(),
            queue: DueQueue::default(),
            look_at: Duration::ZERO,
        }
    }
}

impl Shield {
    /// Whether [`Self::look`] would be news.
    pub fn wants_look(&self, now: Duration) -> bool {
        now >= self.look_at
    }

    /// Looks at the path.
    pub fn look(&mut self, now: Duration, path: &Path) {
        self.look_at = now + LOOK;
        self.loss.update(path.sent, path.lost);
        self.budget.follow(path.window, path.rtt);
        let is_congested = self.least_rtt.is_exceeded_by(path.rtt, now);
        self.strength = if is_congested { 0 } else { strength(self.loss.share()) };
        if self.strength == 0 {
            self.queue.clear();
        }
    }

    /// How many copies follow a frame now.
    pub fn copies(&self) -> usize {
        offsets(self.strength).count()
    }

    /// Frames are about to be written to a stream. `true`: copies of them will be due.
    pub fn offer(&mut self, now: Duration, kind: DatagramKind, frames: &[Bytes]) -> bool {
        if self.strength == 0 || frames.len() > AT_ONCE {
            return false;
        }
        let small = frames.iter().filter(|frame| frame.len() <= FRAME_BYTES);
        let mut any = false;
        for frame in small {
            any = true;
            for offset in offsets(self.strength) {
                self.queue.add(now + offset, kind, frame.clone());
            }
        }
        any
    }

    /// When something is due.
    pub fn due_at(&self) -> Option<Duration> {
        self.queue.at()
    }

    /// A datagram that is due, of at most so many bytes. What the budget does not pay for is
    /// dropped.
    pub fn take(&mut self, now: Duration, bytes: usize) -> Option<Bytes> {
        loop {
            let room = bytes.saturating_sub(copies::HEAD_BYTES);
            if self.queue.at()? > now {
                return None;
            }
            let Some((kind, frames)) = self.queue.take(now, room) else { continue };
            let datagram = copies::encode(kind, &frames);
            if self.budget.pay(now, datagram.len()) {
                return Some(datagram);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn path(sent: u64, lost: u64) -> Path {
        Path { sent, lost, rtt: 60 * MS, window: 16_000 }
    }

    fn frame() -> Bytes {
        tertulia_proto::frame::encode(400, &"some words of somebody")
    }

    /// Everything that is sent, and when, from `now` on.
    fn sent(shield: &mut Shield) -> Vec<(u64, Bytes)> {
        let mut all = Vec::new();
        while let Some(at) = shield.due_at() {
            let taken = std::iter::from_fn(|| shield.take(at, 1_100));
            all.extend(taken.map(|datagram| (at.as_millis() as u64, datagram)).collect::<Vec<_>>());
        }
        all
    }

    #[test]
    fn on_a_clean_path_nothing_is_sent_again() {
        let mut shield = Shield::default();
        assert!(!shield.offer(MS, DatagramKind::LaneCopy, &[frame()]));
        shield.look(MS, &path(1_000, 0));
        assert!(!shield.offer(2 * MS, DatagramKind::LaneCopy, &[frame()]));
        assert_eq!((shield.copies(), sent(&mut shield)), (0, vec![]));
    }

    #[test]
    fn on_a_path_that_loses_a_frame_follows_a_few_times_spread_in_time() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 6));
        assert!(shield.offer(100 * MS, DatagramKind::LaneCopy, &[frame()]));
        let sent = sent(&mut shield);
        assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [102, 109, 145]);
        for (_, datagram) in sent {
            let found = copies::decode(DatagramKind::LaneCopy, &datagram).unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].kind, 400);
        }
    }

    #[test]
    fn where_packets_queue_on_the_way_copies_stop() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 20));
        assert!(shield.offer(MS, DatagramKind::LaneCopy, &[frame()]));
        shield.look(600 * MS, &Path { rtt: 400 * MS, ..path(300, 40) });
        assert_eq!((shield.copies(), shield.due_at()), (0, None));
    }

    #[test]
    fn a_path_that_became_a_longer_one_is_no_queue_for_ever() {
        let mut shield = Shield::default();
        let mut looks = (0..120).map(|n| {
            let far = Path { rtt: 600 * MS, ..path(200 + n, 20 + n / 10) };
            let path = if n < 10 { path(200, 20) } else { far };
            shield.look(n as u32 * 500 * MS, &path);
            shield.copies() > 0
        });
        assert!(looks.by_ref().take(10).all(|shielded| shielded));
        assert!(!looks.by_ref().take(10).any(|shielded| shielded), "as if it were a queue");
        assert!(looks.skip(60).all(|shielded| shielded));
    }

    #[test]
    fn long_frames_and_backlogs_have_no_copies() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 20));
        let long = Bytes::from(vec![0; FRAME_BYTES + 1]);
        assert!(!shield.offer(MS, DatagramKind::LaneCopy, &[long]));
        assert!(!shield.offer(MS, DatagramKind::LaneCopy, &vec![frame(); AT_ONCE + 1]));
    }

    proptest! {
        /// 256 kbit/s and a burst, whatever is written.
        #[test]
        fn copies_keep_to_their_budget(
            writes in proptest::collection::vec((0u32..40, 1usize..17, 1usize..1_000), 0..300),
            lost in 0u64..200,
        ) {
            let mut shield = Shield::default();
            shield.look(Duration::ZERO, &path(200, lost));
            let (mut now, mut bytes) = (Duration::ZERO, 0);
            for (wait, frames, length) in writes {
                let until = now + wait * MS;
                while let Some(at) = shield.due_at().filter(|at| *at <= until) {
                    while let Some(datagram) = shield.take(at, 1_100) {
                        prop_assert!(datagram.len() <= 1_100);
                        bytes += datagram.len();
                    }
                }
                now = until;
                let frame = tertulia_proto::frame::encode(400, &vec![7u8; length]);
                shield.offer(now, DatagramKind::LaneCopy, &vec![frame; frames]);
            }
            let budget = 16_000 + now.as_millis() as usize * 32;
            prop_assert!(bytes <= budget, "{bytes} of {budget}");
        }
    }
}
