//! Whether what kept coming has stopped: decided without a clock, a socket or a chance.
//!
//! An end that only listens has nothing outstanding, so nothing tells it that its address became
//! another one (a router forgot it, say) and that what is sent to it gets nowhere. But where
//! packets kept coming and come no more for longer than usual, that is a reason to ask: once for
//! every such lull, a few times if nothing is heard, and never where nothing flowed.

use std::time::Duration;

/// What comes so soon after another counts as the same: copies, the packets of one write.
const TOGETHER: Duration = Duration::from_millis(20);
/// After a longer pause it is a new flow.
const PAUSE: Duration = Duration::from_millis(1_500);
/// It flows after so many gaps without a pause.
const FLOWS: u32 = 8;
/// A lull lasts longer than this, however regularly something came.
const LEAST: Duration = Duration::from_millis(100);
/// How far beyond the mean gap a lull begins, in mean deviations: of packets that come by chance
/// one gap in 200 is as long.
const DEVIATIONS: u32 = 6;
/// How often it is asked.
const ASKS: u32 = 3;

/// See the module. Times are since any one moment.
#[derive(Debug, Default)]
pub(crate) struct Lull {
    /// When something came last, and when that began which it counts as one with.
    last: Option<(Duration, Duration)>,
    gaps: u32,
    /// Between things that came, and how far gaps are from that, on average.
    mean: Duration,
    deviation: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Listening,
    Asked {
        times: u32,
        again_at: Duration,
    },
    /// Answered, or it was asked often enough: nothing to do until something comes.
    Quiet,
}

impl Lull {
    /// Something came that nobody had asked for.
    pub(crate) fn arrived(&mut self, now: Duration) {
        self.state = State::Listening;
        let Some((last, began)) = &mut self.last else {
            self.last = Some((now, now));
            return;
        };
        *last = now;
        let gap = now.saturating_sub(*began);
        if gap < TOGETHER {
            return;
        }
        *began = now;
        if gap > PAUSE {
            self.gaps = 0;
            return;
        }
        match self.gaps {
            0 => (self.mean, self.deviation) = (gap, gap / 2),
            // As round trips are smoothed (RFC 9002, 5.3).
            _ => {
                self.deviation = (self.deviation * 3 + self.mean.abs_diff(gap)) / 4;
                self.mean = (self.mean * 7 + gap) / 8;
            }
        }
        self.gaps = self.gaps.saturating_add(1);
    }

    /// Something came that says no more than that the other end is there, or others ask by now.
    pub(crate) fn answered(&mut self) {
        self.state = State::Quiet;
    }

    /// When to look. It may be later by then.
    pub(crate) fn due_at(&self) -> Option<Duration> {
        match self.state {
            State::Listening if self.gaps >= FLOWS => {
                let (last, _) = self.last?;
                let beyond = self.mean.max(self.deviation * DEVIATIONS);
                Some(last + (self.mean + beyond).max(LEAST))
            }
            State::Asked { again_at, .. } => Some(again_at),
            State::Listening | State::Quiet => None,
        }
    }

    /// Looks. Whether to ask now; `again`: once more after so long.
    pub(crate) fn look(&mut self, now: Duration, again: Duration) -> bool {
        if self.due_at().is_none_or(|at| now < at) {
            return false;
        }
        let times = match self.state {
            State::Asked { times, .. } => times + 1,
            State::Listening | State::Quiet => 1,
        };
        self.state = match times < ASKS {
            true => State::Asked { times, again_at: now + again },
            false => State::Quiet,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const AGAIN: Duration = Duration::from_millis(100);

    /// When it asked, from then on, nothing being heard.
    fn asks(lull: &mut Lull) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some(at) = lull.due_at() {
            assert!(lull.look(at, AGAIN));
            all.push(at.as_millis() as u64);
        }
        all
    }

    fn fed(at: impl IntoIterator<Item = u64>) -> Lull {
        let mut lull = Lull::default();
        at.into_iter().for_each(|ms| lull.arrived(Duration::from_millis(ms)));
        lull
    }

    #[test]
    fn a_steady_flow_that_stops_is_asked_for_at_once_and_three_times() {
        let mut lull = fed((0..40).map(|n| n * 50));
        assert_eq!(asks(&mut lull), [2_050, 2_150, 2_250]);
        assert_eq!(lull.due_at(), None, "others go on from here");
    }

    #[test]
    fn copies_do_not_make_a_flow_look_faster_than_it_is() {
        let mut lull = fed((0..40).flat_map(|n| [n * 50, n * 50 + 2, n * 50 + 9]));
        assert_eq!(asks(&mut lull)[0], 39 * 50 + 9 + 100);
    }

    #[test]
    fn an_answer_ends_it_until_something_comes() {
        let mut lull = fed((0..40).map(|n| n * 50));
        assert!(lull.look(2_050 * MS, AGAIN));
        lull.answered();
        assert_eq!(lull.due_at(), None);
        lull.arrived(2_400 * MS);
        assert!(lull.due_at().is_some_and(|at| at > 2_500 * MS), "it flows less steadily");
    }

    #[test]
    fn where_little_comes_nothing_is_ever_asked() {
        assert_eq!(asks(&mut fed([])), [0; 0]);
        assert_eq!(asks(&mut fed((0..8).map(|n| n * 50))), [0; 0]);
        assert_eq!(asks(&mut fed((0..100).map(|n| n * 2_000))), [0; 0]);
        let bursts = (0..100).flat_map(|n| (0..6).map(move |word| n * 9_000 + word * 200));
        assert_eq!(asks(&mut fed(bursts)), [0; 0]);
    }

    proptest! {
        #[test]
        fn by_chance_as_often_as_not_nothing_is_asked(seed in 1u64..) {
            // Gaps as those of chance alone, 100 ms on average.
            let mut state = seed;
            let (mut now, mut asked) = (Duration::ZERO, 0);
            let mut lull = Lull::default();
            for _ in 0..2_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let share = ((state >> 11) as f64 / (1u64 << 53) as f64).max(1e-9);
                let next = now + Duration::from_secs_f64(-share.ln() * 0.1);
                while let Some(at) = lull.due_at().filter(|at| *at < next) {
                    asked += u32::from(lull.look(at, AGAIN));
                    lull.answered();
                }
                now = next;
                lull.arrived(now);
            }
            prop_assert!(asked <= 60, "{}", asked);
        }

        #[test]
        fn it_asks_three_times_for_one_lull_and_then_is_quiet(
            gaps in proptest::collection::vec(0u64..2_000, 0..60),
        ) {
            let mut now = 0;
            let mut lull = fed(gaps.iter().map(|gap| { now += gap; now }));
            prop_assert!([0, 3].contains(&asks(&mut lull).len()));
        }
    }
}
