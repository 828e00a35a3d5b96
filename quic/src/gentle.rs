//! A congestion window that goes by delay: what fills the queue before a slow link is what a file
//! does to a chat beside it, and no loss tells of that queue before it is full.
//!
//! Once a round trip the shortest round trip of the round is compared with the shortest of late.
//! What is between them waits in a queue. The window grows until a few milliseconds wait, and
//! shrinks in proportion to what waits beyond. Packets that are lost one by one say nothing; many
//! at once do.

use std::{
    any::Any,
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use quinn::congestion::{Controller, ControllerFactory};
use quinn_proto::RttEstimator;

/// What may wait in the queue.
const QUEUE: Duration = Duration::from_millis(6);
/// The window grows by so much a round once the path is known, and by at least two packets.
const GROWTH: f64 = 0.03;
/// And by so much before: what is found out about the queue is a round trip old, and the window
/// grows meanwhile.
const START_GROWTH: f64 = 0.3;
/// Of so many packets in a row the quickest shows what waits, so that one that was late by itself
/// does not end the start.
const START_SAMPLES: usize = 8;
/// The most that one round takes away.
const SHRINK: f64 = 0.7;
/// A larger share of a round that is lost is congestion.
const LOSS: f64 = 0.2;
/// So many packets at the least: of a few that a chat sends one is soon a large share.
const LOST_PACKETS: f64 = 4.0;
/// The shortest round trip is that of the last one or two of these.
const BASE_KEPT: Duration = Duration::from_secs(15);
/// After so many rounds of a window that small in which more waited, it is not this window that
/// makes it wait: the path is a longer one now, or others keep its queue full.
const ROUNDS_OF_OTHERS: u32 = 8;
/// See [`ROUNDS_OF_OTHERS`].
const SMALL: f64 = 16_384.0;
/// So long after the path was last seen without a queue the window makes room for a look.
const LOOK: Duration = Duration::from_secs(10);

/// Makes such controllers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GentleConfig;

impl ControllerFactory for GentleConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Gentle::new(now, current_mtu))
    }
}

/// See the module.
#[derive(Debug, Clone)]
struct Gentle {
    mtu: f64,
    window: f64,
    base: Base,
    round: Round,
    /// Rounds in a row of others' making.
    of_others: u32,
    /// The newest round trips, while the window grows by every packet.
    start: Option<VecDeque<Duration>>,
}

/// The shortest round trip of late, and when it was seen.
#[derive(Debug, Clone, Copy)]
struct Base {
    now: Duration,
    before: Duration,
    turns_at: Instant,
    seen_at: Instant,
}

/// What is seen between the sending of a packet and the acknowledgement of what was sent after it.
#[derive(Debug, Clone, Copy)]
struct Round {
    began: Instant,
    least: Duration,
    acked: u64,
    lost: u64,
    /// Whether it was this window that kept more from being sent.
    is_filled: bool,
    /// The path itself said that it is congested.
    is_marked: bool,
}

impl Base {
    fn new(now: Instant) -> Self {
        let turns_at = now + BASE_KEPT;
        Self { now: Duration::MAX, before: Duration::MAX, turns_at, seen_at: now }
    }

    fn take(&mut self, rtt: Duration, at: Instant) {
        if at >= self.turns_at {
            (self.before, self.now) = (self.now, rtt);
            self.turns_at = at + BASE_KEPT;
        }
        if rtt <= self.get().saturating_add(QUEUE / 6) {
            self.seen_at = at;
        }
        self.now = self.now.min(rtt);
    }

    fn get(&self) -> Duration {
        self.now.min(self.before)
    }
}

impl Round {
    fn new(began: Instant) -> Self {
        let (least, is_filled, is_marked) = (Duration::MAX, false, false);
        Self { began, least, acked: 0, lost: 0, is_filled, is_marked }
    }
}

impl Gentle {
    /// The initial window of RFC 9002, 7.2.
    const INITIAL: u64 = 14_720;

    fn new(now: Instant, mtu: u16) -> Self {
        Self {
            mtu: mtu.into(),
            window: Self::INITIAL as f64,
            base: Base::new(now),
            round: Round::new(now),
            of_others: 0,
            start: Some(VecDeque::with_capacity(START_SAMPLES)),
        }
    }

    fn least(&self) -> f64 {
        2.0 * self.mtu
    }

    fn acked(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool) {
        let rtt = now.saturating_duration_since(sent);
        self.base.take(rtt, now);
        self.round.least = self.round.least.min(rtt);
        self.round.acked += bytes;
        self.round.is_filled |= !app_limited;
        self.start(rtt, bytes, app_limited);
        if sent >= self.round.began {
            self.end_round(now);
        }
    }

    fn lost(&mut self, bytes: u64, is_persistent: bool) {
        self.round.lost += bytes;
        // By ECN, which loses nothing.
        self.round.is_marked |= bytes == 0;
        if is_persistent {
            self.start = None;
            self.window = self.least();
        }
    }

    /// Grows by what arrived, until the newest packets all waited.
    fn start(&mut self, rtt: Duration, bytes: u64, app_limited: bool) {
        let Some(newest) = &mut self.start else { return };
        if newest.len() == START_SAMPLES {
            newest.pop_front();
        }
        newest.push_back(rtt);
        let least = newest.iter().min().copied().unwrap_or_default();
        let waits = least.saturating_sub(self.base.get());
        if newest.len() == START_SAMPLES && waits > QUEUE {
            // What waits now, and what was sent since.
            let share = self.base.get().as_secs_f64() / least.as_secs_f64();
            self.window = (self.window * share / (1.0 + START_GROWTH / 2.0)).max(self.least());
            self.start = None;
        } else if !app_limited {
            self.window += bytes as f64 * START_GROWTH;
        }
    }

    fn end_round(&mut self, now: Instant) {
        let round = std::mem::replace(&mut self.round, Round::new(now));
        let sent = (round.acked + round.lost).max(1);
        let is_much = round.lost as f64 > (LOSS * sent as f64).max(LOST_PACKETS * self.mtu);
        if round.is_marked || is_much {
            self.start = None;
            self.window = (self.window * SHRINK).max(self.least());
            return;
        }
        if self.start.is_some() || !round.is_filled {
            return;
        }
        let base = self.base.get();
        let waits = round.least.saturating_sub(base);
        self.of_others = match waits > QUEUE && self.window <= SMALL {
            true => self.of_others + 1,
            false => 0,
        };
        if self.of_others >= ROUNDS_OF_OTHERS {
            self.of_others = 0;
            self.base = Base::new(now);
            self.base.take(round.least, now);
        } else if waits > QUEUE {
            let beyond = (waits - QUEUE).as_secs_f64() / round.least.as_secs_f64();
            self.window *= (1.0 - beyond).max(SHRINK);
        } else if now.saturating_duration_since(self.base.seen_at) > LOOK {
            // Its own queue may be all that it has seen for long.
            self.base.seen_at = now;
            self.window *= SHRINK;
        } else {
            self.window += (self.window * GROWTH).max(2.0 * self.mtu);
        }
        self.window = self.window.max(self.least());
    }
}

impl Controller for Gentle {
    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        // Smoothed over many packets, which hides what is looked for here.
        _rtt: &RttEstimator,
    ) {
        self.acked(now, sent, bytes, app_limited);
    }

    fn on_congestion_event(
        &mut self,
        _now: Instant,
        _sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.lost(lost_bytes, is_persistent_congestion);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = new_mtu.into();
        self.window = self.window.max(self.least());
    }

    fn window(&self) -> u64 {
        self.window as u64
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        Self::INITIAL
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const MTU: u16 = 1_200;

    /// A link that takes so many bytes a millisecond, 60 ms there and back, and what waits before
    /// it, in time.
    struct Path {
        now: Instant,
        controller: Gentle,
        rate: u64,
        /// When each packet under way was sent, and when its acknowledgement comes.
        under_way: VecDeque<(Instant, Instant)>,
        free_at: Instant,
        longest: Duration,
        lost_one_in: usize,
        sent: usize,
        delay: Duration,
    }

    impl Path {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        fn new(rate: u64, lost_one_in: usize) -> Self {
            let now = Instant::now();
            let (under_way, longest) = (VecDeque::new(), Duration::ZERO);
            let controller = Gentle::new(now, MTU);
            Self {
                now,
                controller,
                rate,
                under_way,
                free_at: now,
                longest,
                lost_one_in,
                sent: 0,
                delay: 60 * MS,
            }
        }

        /// Sends as much as the window allows for so long; the bytes that arrived.
        fn run(&mut self, time: Duration) -> u64 {
            let (end, mut arrived) = (self.now + time, 0);
            while self.now < end {
                self.now += MS;
                while self.under_way.front().is_some_and(|(_, back)| *back <= self.now) {
                    let Some((sent, _)) = self.under_way.pop_front() else { break };
                    self.sent += 1;
                    if self.lost_one_in > 0 && self.sent.is_multiple_of(self.lost_one_in) {
                        self.controller.lost(MTU.into(), false);
                        continue;
                    }
                    arrived += u64::from(MTU);
                    self.controller.acked(self.now, sent, MTU.into(), false);
                }
                // Paced, as quinn does.
                let mut burst = self.controller.window() / 48;
                let in_flight = |path: &Self| path.under_way.len() as u64 * u64::from(MTU);
                while in_flight(self) + u64::from(MTU) <= self.controller.window() {
                    let takes = Duration::from_micros(u64::from(MTU) * 1_000 / self.rate);
                    self.free_at = self.free_at.max(self.now) + takes;
                    self.longest = self.longest.max(self.free_at - self.now);
                    self.under_way.push_back((self.now, self.free_at + self.delay));
                    match burst.checked_sub(MTU.into()) {
                        Some(rest) => burst = rest,
                        None => break,
                    }
                }
            }
            arrived
        }
    }

    /// 10 Mbit/s.
    const RATE: u64 = 1_250;

    #[test]
    fn a_link_is_filled_and_little_waits_before_it() {
        for lost_one_in in [0, 100, 20] {
            let mut path = Path::new(RATE, lost_one_in);
            path.run(1_500 * MS);
            let at_the_start = path.longest;
            assert!(at_the_start < 45 * MS, "{at_the_start:?}");
            path.longest = Duration::ZERO;
            let arrived = path.run(20_000 * MS);
            assert!(arrived > RATE * 20_000 * 88 / 100, "{arrived} with one in {lost_one_in} lost");
            assert!(path.longest < 20 * MS, "{:?} with one in {lost_one_in} lost", path.longest);
        }
    }

    #[test]
    fn a_link_that_becomes_slower_is_noticed_and_a_faster_one_too() {
        let mut path = Path::new(RATE, 0);
        path.run(3_000 * MS);
        path.rate = RATE / 4;
        path.run(3_000 * MS);
        path.longest = Duration::ZERO;
        path.run(3_000 * MS);
        assert!(path.longest < 40 * MS, "{:?}", path.longest);
        path.rate = RATE;
        path.run(5_000 * MS);
        let arrived = path.run(5_000 * MS);
        assert!(arrived > RATE * 5_000 * 85 / 100, "{arrived}");
    }

    #[test]
    fn a_path_that_becomes_a_longer_one_is_no_queue_for_ever() {
        let mut path = Path::new(RATE, 0);
        path.run(3_000 * MS);
        path.delay = 160 * MS;
        path.run(12_000 * MS);
        let arrived = path.run(5_000 * MS);
        assert!(arrived > RATE * 5_000 * 80 / 100, "{arrived}");
    }

    #[test]
    fn where_much_is_lost_at_once_the_window_shrinks() {
        let mut path = Path::new(RATE, 0);
        path.run(3_000 * MS);
        let before = path.controller.window();
        path.lost_one_in = 3;
        path.run(2_000 * MS);
        assert!(path.controller.window() < before / 4);
        assert!(path.controller.window() >= 2 * u64::from(MTU));
    }

    #[test]
    fn what_is_sent_now_and_then_tells_nothing_of_the_window() {
        let mut path = Path::new(RATE, 0);
        path.run(3_000 * MS);
        let mut windows = Vec::new();
        for wait in [60, 90, 61, 150, 80] {
            let (sent, now) = (path.now, path.now + wait * MS);
            path.controller.acked(now, sent, MTU.into(), true);
            windows.push(path.controller.window());
            path.now = now;
        }
        // The first one ends a round that was filled.
        assert!(windows[1..].iter().all(|window| *window == windows[0]), "{windows:?}");
    }
}
