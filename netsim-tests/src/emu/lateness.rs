//! How late packets were let go: the emulator's own error.

use std::{fmt, time::Duration};

/// One step of the histogram.
const STEP: Duration = Duration::from_micros(10);
/// Up to 100 ms; what is later counts as that, and its true value as the maximum.
const STEPS: usize = 10_000;
/// More than this at the 99th percentile, and no figure can be trusted.
pub const WORST_P99: Duration = Duration::from_millis(1);

/// A histogram of delays beyond what was asked for.
#[derive(Clone)]
pub struct Lateness {
    steps: Vec<u64>,
    count: u64,
    max: Duration,
}

impl Default for Lateness {
    fn default() -> Self {
        Self { steps: vec![0; STEPS], count: 0, max: Duration::ZERO }
    }
}

impl fmt::Debug for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lateness({self})")
    }
}

impl Lateness {
    /// One packet more.
    pub fn add(&mut self, late: Duration) {
        let step = (late.as_nanos() / STEP.as_nanos()) as usize;
        self.steps[step.min(STEPS - 1)] += 1;
        self.count += 1;
        self.max = self.max.max(late);
    }

    /// Of so many packets.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The latest.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// So many of a thousand packets were at most that late, to 10 µs.
    pub fn per_mille(&self, share: u64) -> Duration {
        let wanted = (self.count * share).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (step, count) in (1u32..).zip(&self.steps) {
            seen += count;
            if seen >= wanted {
                return (STEP * step).min(self.max);
            }
        }
        self.max
    }

    /// Whether what was measured meanwhile can be trusted.
    pub fn is_good(&self) -> bool {
        self.per_mille(990) <= WORST_P99
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let at = |share| ms(self.per_mille(share));
        write!(
            f,
            "{} packets let go late by p50 {:.2} ms, p99 {:.2}, p99.9 {:.2}, max {:.2}",
            self.count,
            at(500),
            at(990),
            at(999),
            ms(self.max)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn percentiles_are_those_of_the_packets_to_one_step() {
        let mut lateness = Lateness::default();
        (1..=1_000).for_each(|n| lateness.add(us(n)));
        assert_eq!(lateness.per_mille(500), us(510));
        assert_eq!((lateness.per_mille(1_000), lateness.count()), (us(1_000), 1_000));
        assert!(lateness.to_string().contains("p50 0.51 ms"), "{lateness}");
    }

    #[test]
    fn one_packet_in_a_hundred_may_be_late_and_two_may_not() {
        let mut lateness = Lateness::default();
        (0..99).for_each(|_| lateness.add(us(5)));
        lateness.add(us(400_000));
        assert!(lateness.is_good());
        assert_eq!(lateness.max(), us(400_000), "none is forgotten");
        lateness.add(us(1_011));
        lateness.add(us(1_011));
        assert!(!lateness.is_good());
    }

    #[test]
    fn without_packets_nothing_was_late() {
        assert_eq!(Lateness::default().per_mille(999), Duration::ZERO);
        assert!(Lateness::default().is_good());
    }
}
