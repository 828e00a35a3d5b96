//! How long to wait before the next attempt.

use std::{ops::RangeInclusive, time::Duration};

const FIRST: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_secs(15);

/// The shortest and the longest wait that a server is granted.
const ASKED: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(300);

/// The wait that the server asks for, within reason: it neither makes a client hammer nor sends it
/// away for good.
pub(crate) fn asked_wait(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms)).clamp(*ASKED.start(), *ASKED.end())
}

/// Exponential, with jitter over the upper half, so that a thousand clients of a restarted server
/// do not come back in the same instant.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `random` is any 64 uniform bits.
    pub(crate) fn next(&mut self, random: u64) -> Duration {
        let factor = 1u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let full = FIRST.saturating_mul(factor).min(CAP);
        self.failures = (self.failures + 1).min(31);
        let half = full / 2;
        let jitter = (half.as_micros() * u128::from(random >> 32)) >> 32;
        // At most half of CAP: the cast can't cut.
        half + Duration::from_micros(jitter as u64)
    }

    /// The next failure counts as the first.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_begin_again_after_a_reset() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(0).as_millis()).collect();
        assert_eq!(waits, [125, 250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
        backoff.reset();
        assert_eq!(backoff.next(0), FIRST / 2);
    }

    #[test]
    fn a_server_is_granted_no_more_and_no_less_than_is_reasonable() {
        for (ms, granted) in [(0, 100), (99, 100), (2_000, 2_000), (u32::MAX, 300_000)] {
            assert_eq!(asked_wait(ms).as_millis(), granted);
        }
    }

    proptest! {
        #[test]
        fn jitter_stays_within_the_upper_half(failures in 0u32..100, random: u64) {
            let (mut low, mut any) = (Backoff::default(), Backoff::default());
            for _ in 0..failures {
                low.next(0);
                any.next(0);
            }
            let (low, any) = (low.next(0), any.next(random));
            prop_assert!(low <= any && any <= low * 2 && any <= CAP);
        }
    }
}
