//! Which frames are sent again, and when: decided without a clock, a socket or a chance.

use std::time::Duration;

use bytes::Bytes;
use tertulia_proto::{DatagramKind, Run, copies};

use crate::{
    budget::Budget,
    due::{Copy, DueQueue},
    flying::Flying,
    loss::LossEstimate,
    recent::Recent,
    schedule::{offsets, offsets_of_many, strength, tail},
};

/// A longer frame has no copies: it is no line that somebody waits for.
const FRAME_BYTES: usize = 1_000;
/// Frames written at once; more of them are a backlog, which its stream carries as well.
const AT_ONCE: u64 = 16;
/// Bytes of copies that wait, at most. What is written faster than they go out is a backlog, too.
const QUEUED: usize = 16_000;
/// When what may be lost with a path goes out again: at once, and twice more against loss.
const REPEATS_MS: [u64; 3] = [0, 12, 45];
/// What is due so soon goes along with another, to be fewer packets; a copy that comes late anyway,
/// that part of its time earlier.
const TOGETHER: Duration = Duration::from_millis(3);
const EARLY_PART: u32 = 4;
/// Between two looks at the path.
const LOOK: Duration = Duration::from_millis(500);

/// Whether somebody waits for frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Awaited {
    /// As for what others say.
    #[default]
    BySomebody,
    /// As for commands, which are done in order: whoever waits for one waits for those before it,
    /// too. There are more of them.
    ByAllBehind,
    /// As for what one said oneself: one copy, and what follows if nothing is heard of it, so that
    /// what comes behind it on its stream does not wait long.
    ByNobody,
}

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
    /// What follows if nothing is heard of it.
    tail: DueQueue,
    /// What goes out again whatever the path loses.
    urgent: DueQueue,
    recent: Recent,
    flying: Flying,
    rtt: Duration,
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
            tail: DueQueue::default(),
            urgent: DueQueue::default(),
            recent: Recent::default(),
            flying: Flying::default(),
            rtt: Duration::ZERO,
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
        self.rtt = path.rtt;
        self.loss.update(path.sent, path.lost);
        self.budget.follow(path.window, path.rtt);
        let is_congested = self.least_rtt.is_exceeded_by(path.rtt, now);
        self.strength = if is_congested { 0 } else { strength(self.loss.share()) };
        if self.strength == 0 {
            self.queue.clear();
            self.tail.clear();
        }
    }

    /// What the path is said to have lost so far says nothing: it was not there.
    pub fn forgive(&mut self, path: &Path) {
        self.loss.forgive(path.sent, path.lost);
    }

    /// What was offered since then goes out again, as it may be lost with the path: at most as many
    /// frames as are kept. `true`: there is something.
    pub fn repeat(&mut self, now: Duration, since: Duration) -> bool {
        for (kind, frame) in self.recent.since(since).filter(|(_, frame)| is_small(frame)) {
            for after in REPEATS_MS {
                let frame = frame.clone();
                let copy = Copy {
                    kind,
                    frame,
                    nth: 0,
                    after: Duration::ZERO,
                    early: TOGETHER,
                    unless: None,
                };
                self.urgent.add(now + Duration::from_millis(after), copy);
            }
        }
        self.urgent.at().is_some()
    }

    /// The first that was offered since then, as a datagram of at most so many bytes.
    pub fn first_since(&self, since: Duration, bytes: usize) -> Option<Bytes> {
        let (kind, frame) = self.recent.since(since).find(|(_, frame)| is_small(frame))?;
        let fits = copies::HEAD_BYTES + frame.len() <= bytes;
        fits.then(|| copies::encode(kind, &[frame]))
    }

    /// How many copies follow a frame now, if nothing is heard of it.
    pub fn copies(&self) -> usize {
        offsets(self.strength, self.rtt).count()
    }

    /// Frames are about to be written to a stream. `true`: copies of them will be due.
    pub fn offer(
        &mut self,
        now: Duration,
        kind: DatagramKind,
        runs: &[Run],
        awaited: Awaited,
    ) -> bool {
        runs.iter().for_each(|run| self.recent.add(now, kind, run));
        if self.strength == 0 || runs.iter().map(Run::frames).sum::<u64>() > AT_ONCE {
            return false;
        }
        let offsets: Vec<_> = match awaited {
            Awaited::ByAllBehind => offsets_of_many(self.strength, self.rtt).collect(),
            Awaited::BySomebody => offsets(self.strength, self.rtt).collect(),
            Awaited::ByNobody => offsets(self.strength, self.rtt).take(1).collect(),
        };
        let mut any = false;
        for frame in runs.iter().flat_map(Run::each).filter(is_small) {
            if self.queue.bytes() + frame.len() * offsets.len() > QUEUED {
                break;
            }
            any = true;
            let unless = Some(self.flying.offered(now, frame.len()));
            for (nth, offset) in offsets.iter().copied().enumerate() {
                let early = TOGETHER.max(offset / EARLY_PART);
                let copy = Copy { kind, frame: frame.clone(), nth, after: now, early, unless };
                self.queue.add(now + offset, copy);
            }
            for offset in tail(self.rtt) {
                let (early, frame) = (TOGETHER, frame.clone());
                let copy = Copy { kind, frame, nth: 0, after: now, early, unless };
                self.tail.add(now + offset, copy);
            }
        }
        any
    }

    /// A packet of so many bytes that was sent then is known to have arrived.
    pub fn acknowledged(&mut self, sent_at: Duration, bytes: usize) {
        self.flying.acknowledged(sent_at, bytes);
    }

    /// When something is due.
    pub fn due_at(&self) -> Option<Duration> {
        [&self.urgent, &self.queue, &self.tail].into_iter().filter_map(DueQueue::at).min()
    }

    /// A datagram that is due, of at most so many bytes. What the budget does not pay for is
    /// dropped.
    pub fn take(&mut self, now: Duration, bytes: usize) -> Option<Bytes> {
        loop {
            let taken = self.take_due(now, bytes.saturating_sub(copies::HEAD_BYTES))?;
            let Some(Copy { kind, .. }) = taken.first() else { continue };
            let kind = *kind;
            if let Some(datagram) = self.pay(now, kind, &taken) {
                return Some(datagram);
            }
            // Those that go along are not to cost the first ones their place.
            let first: Vec<_> = taken.into_iter().filter(Copy::is_first).collect();
            if let Some(datagram) = self.pay(now, kind, &first) {
                return Some(datagram);
            }
        }
    }

    /// What is due of the first queue that has something; nothing in it: it was needless.
    fn take_due(&mut self, now: Duration, room: usize) -> Option<Vec<Copy>> {
        let queue = [&mut self.urgent, &mut self.queue, &mut self.tail];
        let mut due = queue.into_iter().filter(|queue| queue.at().is_some_and(|at| at <= now));
        let has_arrived = |copy: &Copy| copy.unless.is_some_and(|id| self.flying.has_arrived(id));
        Some(due.next()?.take(now, room, has_arrived))
    }

    /// The datagram with these, if the budget pays for each of them.
    fn pay(&mut self, now: Duration, kind: DatagramKind, copies: &[Copy]) -> Option<Bytes> {
        let nth = copies.iter().map(|copy| copy.nth).max()?;
        let frames: Vec<_> = copies.iter().map(|copy| copy.frame.clone()).collect();
        let datagram = copies::encode(kind, &frames);
        if !self.budget.pay(now, datagram.len(), nth) {
            return None;
        }
        let ids = copies.iter().filter_map(|copy| copy.unless);
        self.flying.repeated(now, datagram.len(), ids);
        Some(datagram)
    }
}

fn is_small(frame: &Bytes) -> bool {
    frame.len() <= FRAME_BYTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const AWAITED: Awaited = Awaited::BySomebody;

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
        assert!(!shield.offer(MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED));
        shield.look(MS, &path(1_000, 0));
        assert!(!shield.offer(2 * MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED));
        assert_eq!((shield.copies(), sent(&mut shield)), (0, vec![]));
    }

    #[test]
    fn on_a_path_that_loses_a_frame_follows_a_few_times_spread_in_time() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 6));
        assert!(shield.offer(100 * MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED));
        let sent = sent(&mut shield);
        assert_eq!(
            sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
            [101, 105, 175, 185, 205, 255]
        );
        for (_, datagram) in sent {
            let found = copies::decode(DatagramKind::LaneCopy, &datagram).unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].kind, 400);
        }
    }

    #[test]
    fn no_datagram_holds_a_frame_twice() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 60));
        shield.offer(100 * MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED);
        let sent = sent(&mut shield);
        assert_eq!(
            sent.iter().map(|(at, _)| *at).take(4).collect::<Vec<_>>(),
            [101, 104, 112, 124]
        );
        for (_, datagram) in sent {
            assert_eq!(copies::decode(DatagramKind::LaneCopy, &datagram).unwrap().len(), 1);
        }
    }

    #[test]
    fn what_is_known_to_have_arrived_follows_no_more() {
        for (at, expected) in [(100, vec![]), (110, vec![175, 185, 205, 255])] {
            let mut shield = Shield::default();
            shield.look(Duration::ZERO, &path(200, 6));
            shield.offer(100 * MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED);
            for due in [101, 110] {
                assert!(shield.take(due * MS, 1_100).is_some());
            }
            shield.acknowledged(at * MS, if at == 100 { 99 } else { 5 });
            let sent = sent(&mut shield);
            assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn what_nobody_waits_for_follows_once_and_then_only_if_nothing_is_heard_of_it() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 60));
        let runs = [frame().into()];
        assert!(shield.offer(100 * MS, DatagramKind::LaneCopy, &runs, Awaited::ByNobody));
        assert!(shield.take(101 * MS, 1_100).is_some());
        assert_eq!(shield.due_at().map(|at| at.as_millis()), Some(175));
        shield.acknowledged(101 * MS, 60);
        assert_eq!(sent(&mut shield), vec![]);
    }

    #[test]
    fn what_all_behind_it_wait_for_follows_once_more_than_others() {
        for lost in [6, 20, 60] {
            let mut shield = Shield::default();
            shield.look(Duration::ZERO, &path(200, lost));
            let mut followed = |kind, awaited| {
                assert!(shield.offer(100 * MS, kind, &[frame().into()], awaited));
                let due = std::iter::from_fn(|| shield.queue.take(999 * MS, 60, |_| false).pop());
                due.count()
            };
            let usual = followed(DatagramKind::LaneCopy, Awaited::BySomebody);
            assert_eq!(followed(DatagramKind::ControlCopy, Awaited::ByAllBehind), usual + 1);
        }
    }

    #[test]
    fn what_was_offered_of_late_goes_out_again_where_a_path_was_lost() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 0));
        for at in [100, 200, 300] {
            assert!(!shield.offer(at * MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED));
        }
        assert!(!shield.repeat(400 * MS, 301 * MS));
        assert!(shield.repeat(400 * MS, 200 * MS));
        shield.look(401 * MS, &path(300, 0));
        let sent = sent(&mut shield);
        assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [400, 412, 445]);
        for (_, datagram) in sent {
            assert_eq!(copies::decode(DatagramKind::LaneCopy, &datagram).unwrap().len(), 2);
        }
        let first = shield.first_since(250 * MS, 400).unwrap();
        assert_eq!(copies::decode(DatagramKind::LaneCopy, &first).unwrap().len(), 1);
        assert_eq!(shield.first_since(250 * MS, 10), None);
    }

    #[test]
    fn where_packets_queue_on_the_way_copies_stop() {
        let mut shield = Shield::default();
        shield.look(Duration::ZERO, &path(200, 20));
        assert!(shield.offer(MS, DatagramKind::LaneCopy, &[frame().into()], AWAITED));
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
        let long = tertulia_proto::frame::encode(400, &vec![0u8; FRAME_BYTES]);
        assert!(!shield.offer(MS, DatagramKind::LaneCopy, &[long.into()], AWAITED));
        assert!(!shield.offer(
            MS,
            DatagramKind::LaneCopy,
            &vec![frame().into(); AT_ONCE as usize + 1],
            AWAITED,
        ));
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
                shield.offer(now, DatagramKind::LaneCopy, &vec![frame.into(); frames], AWAITED);
            }
            let budget = 16_000 + now.as_millis() as usize * 32;
            prop_assert!(bytes <= budget, "{bytes} of {budget}");
        }
    }
}
