//! What copies may cost.

use std::time::Duration;

/// Bytes a second, at most: 256 kbit/s.
const RATE: u64 = 32_000;
/// Bytes at once.
const BURST: u64 = 16_000;
/// Of what the path carries, copies take at most this part.
const PART: u64 = 4;

/// The first copies of a frame may take all that is left; each later one leaves so much to the first
/// ones of the frames to come, so that a tight budget makes copies fewer and leaves no frame alone.
pub(crate) const FIRST: usize = 2;
const KEPT: u64 = BURST / 8;

/// A token bucket that follows the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    rate: u64,
    left: u64,
    filled_at: Duration,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { rate: RATE, left: BURST, filled_at: Duration::ZERO }
    }

    /// The path carries about a window each round trip.
    pub(crate) fn follow(&mut self, window: u64, rtt: Duration) {
        let rtt_ms = (rtt.as_millis() as u64).max(1);
        self.rate = (window.saturating_mul(1_000) / rtt_ms / PART).min(RATE);
    }

    /// Pays for a datagram with the `nth` copies of frames, from 0; `false`: there is not enough
    /// left for those, nothing was paid.
    pub(crate) fn pay(&mut self, now: Duration, bytes: usize, nth: usize) -> bool {
        let passed = now.saturating_sub(self.filled_at);
        let earned = (passed.as_millis() as u64).saturating_mul(self.rate) / 1_000;
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(BURST);
            self.filled_at = now;
        }
        let kept = (nth + 1).saturating_sub(FIRST) as u64 * KEPT;
        match self.left.checked_sub(bytes as u64) {
            Some(left) if left >= kept => {
                self.left = left;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn paid_in_ten_seconds(budget: &mut Budget) -> u64 {
        let at = (0..10_000).map(Duration::from_millis);
        at.filter(|now| budget.pay(*now, 500, 0)).count() as u64 * 500
    }

    #[test]
    fn over_time_no_more_is_paid_than_the_rate() {
        let paid = paid_in_ten_seconds(&mut Budget::new());
        assert!((310_000..=336_500).contains(&paid), "{paid}");
    }

    #[test]
    fn a_thin_path_gives_a_quarter_of_itself() {
        let mut budget = Budget::new();
        budget.follow(16_000, Duration::from_secs(2));
        let paid = paid_in_ten_seconds(&mut budget);
        assert!((19_000..=36_500).contains(&paid), "{paid}");
    }

    #[test]
    fn what_gets_scarce_is_for_the_first_copies() {
        let mut budget = Budget::new();
        let taken = [4, 3, 2, 0].map(|nth| (0..99).filter(|_| budget.pay(MS, 500, nth)).count());
        assert_eq!(taken, [20, 4, 4, 4], "each leaves {KEPT} more to those before it");
    }
}
