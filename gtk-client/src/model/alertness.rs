//! When a way to the server is worth trying at once: the network changed, or the computer slept.
//! Pure: no timers, no clocks.

/// Networks come up in bursts of news; so long it has to be quiet, in microseconds.
pub(crate) const QUIET_US: i64 = 500_000;
/// But not longer than this after the first of a burst.
pub(crate) const PATIENCE_US: i64 = 3_000_000;
/// The wall clock went on this much without the monotonic one: the computer slept.
const SLEPT_US: i64 = 5_000_000;

/// Makes one of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Burst {
    began: Option<i64>,
    newest: i64,
}

impl Burst {
    /// One more. `true`: it is the first, and somebody has to look at [`Self::due_in`].
    pub(crate) fn one_more(&mut self, now_us: i64) -> bool {
        let is_first = self.began.is_none();
        self.began.get_or_insert(now_us);
        self.newest = now_us;
        is_first
    }

    /// How long until it is over, in microseconds; `None`: it is over, and the next one begins anew.
    pub(crate) fn due_in(&mut self, now_us: i64) -> Option<i64> {
        let began = self.began?;
        let due = (self.newest + QUIET_US).min(began + PATIENCE_US);
        if now_us >= due {
            self.began = None;
            return None;
        }
        Some(due - now_us)
    }
}

/// Compares two clocks, one of which stands still while the computer sleeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    before: Option<(i64, i64)>,
}

impl Clocks {
    /// Reads both; whether the computer slept since the last time.
    pub(crate) fn read(&mut self, monotonic_us: i64, wall_us: i64) -> bool {
        let before = self.before.replace((monotonic_us, wall_us));
        before.is_some_and(|(monotonic, wall)| {
            let awake = monotonic_us.saturating_sub(monotonic);
            wall_us.saturating_sub(wall).saturating_sub(awake) >= SLEPT_US
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;

    #[test]
    fn a_burst_is_over_when_it_is_quiet() {
        let mut burst = Burst::default();
        assert!(burst.one_more(10 * S));
        assert_eq!(burst.due_in(10 * S), Some(QUIET_US));
        assert!(!burst.one_more(10 * S + 400_000), "somebody looks already");
        assert_eq!(burst.due_in(10 * S + QUIET_US), Some(400_000));
        assert_eq!(burst.due_in(10 * S + 400_000 + QUIET_US), None);
        assert!(burst.one_more(12 * S), "the next one begins anew");
    }

    #[test]
    fn a_burst_without_end_is_over_all_the_same() {
        let mut burst = Burst::default();
        let mut now = 0;
        burst.one_more(now);
        while let Some(wait) = burst.due_in(now) {
            now += wait.min(100_000);
            burst.one_more(now);
        }
        assert_eq!(now, PATIENCE_US);
    }

    #[test]
    fn sleep_is_what_only_the_wall_clock_counts() {
        let mut clocks = Clocks::default();
        assert!(!clocks.read(S, 1_000 * S), "nothing to compare with");
        assert!(!clocks.read(6 * S, 1_005 * S));
        assert!(clocks.read(7 * S, 1_060 * S), "a minute asleep");
        assert!(!clocks.read(8 * S, 1_061 * S), "told once");
        assert!(!clocks.read(9 * S, 900 * S), "a clock set back is no sleep");
        assert!(!clocks.read(100 * S, 991 * S), "a busy computer is no sleep");
    }
}
