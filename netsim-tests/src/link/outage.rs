//! Times when nothing gets through: tunnels, handovers, a cable pulled.

use std::time::Duration;

/// The link is down for `lasts` from `first_at` on, then again at every multiple of `every`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The first begins then.
    pub first_at: Duration,
    /// So long.
    pub lasts: Duration,
    /// From one's beginning to the next one's. Zero: there is only one.
    pub every: Duration,
}

impl Outage {
    /// Whether nothing gets through then.
    pub fn is_down(&self, at: Duration) -> bool {
        let Some(since_first) = at.checked_sub(self.first_at) else {
            return false;
        };
        let since = match self.every.as_nanos() {
            0 => since_first.as_nanos(),
            every => since_first.as_nanos() % every,
        };
        since < self.lasts.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn down(outage: Outage) -> Vec<u64> {
        (0..30).filter(|second| outage.is_down(s(*second))).collect()
    }

    #[test]
    fn outages_come_when_they_should_and_end() {
        let tunnels = Outage { first_at: s(3), lasts: s(2), every: s(10) };
        assert_eq!(down(tunnels), [3, 4, 13, 14, 23, 24]);
        assert_eq!(down(Outage { every: s(0), ..tunnels }), [3, 4]);
        assert!(down(Outage { lasts: s(0), ..tunnels }).is_empty());
        assert_eq!(down(Outage { lasts: s(11), ..tunnels }), (3..30).collect::<Vec<_>>());
    }
}
