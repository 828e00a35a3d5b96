//! How much a path loses.

/// Packets that the estimate remembers, about.
const MEMORY: f64 = 200.0;
/// Packets before which one lost packet is no large share.
const FIRST: f64 = 20.0;

/// The share of packets that a path loses, of late. It forgets by packets, not by time: a quiet
/// path is as bad as it was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LossEstimate {
    sent: u64,
    lost: u64,
    recent_sent: f64,
    recent_lost: f64,
}

impl LossEstimate {
    /// Takes in the totals of a connection. Totals that fell are those of another path, of which
    /// nothing is known yet but what was known of the last one.
    pub(crate) fn update(&mut self, sent: u64, lost: u64) {
        let (new_sent, new_lost) = (sent.saturating_sub(self.sent), lost.saturating_sub(self.lost));
        (self.sent, self.lost) = (sent, lost);
        let kept = (-(new_sent as f64) / MEMORY).exp();
        self.recent_sent = self.recent_sent * kept + new_sent as f64;
        // More cannot be lost than was sent; what was sent may have been before the last look.
        self.recent_lost = (self.recent_lost * kept + new_lost as f64).min(self.recent_sent);
    }

    /// The totals are known, and say nothing of how much the path loses: it was not there.
    pub(crate) fn forgive(&mut self, sent: u64, lost: u64) {
        (self.sent, self.lost) = (sent, lost);
    }

    /// From 0 to 1. What only acknowledges counts on both sides: quinn believes it to be lost where
    /// something later is acknowledged and it is not.
    pub(crate) fn share(&self) -> f64 {
        (self.recent_lost / (self.recent_sent + FIRST)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: impl IntoIterator<Item = (u64, u64)>) -> f64 {
        let mut estimate = LossEstimate::default();
        let (mut sent, mut lost) = (0, 0);
        for (more, of_them) in steps {
            (sent, lost) = (sent + more, lost + of_them);
            estimate.update(sent, lost);
        }
        estimate.share()
    }

    #[test]
    fn it_is_near_the_truth_after_some_hundred_packets_and_nothing_without_loss() {
        assert_eq!(after([(1_000, 0)]), 0.0);
        for percent in [1, 5, 20] {
            let share = after((0..20).map(|_| (100, percent)));
            assert!((share * 100.0 / percent as f64 - 1.0).abs() < 0.35, "{percent} %: {share}");
        }
    }

    #[test]
    fn the_first_lost_packet_counts_and_is_forgotten_in_time() {
        assert!(after([(10, 0), (10, 1)]) > 0.01);
        assert!(after([(10, 1), (300, 0), (300, 0), (300, 0)]) < 0.001);
    }

    #[test]
    fn what_is_forgiven_does_not_count() {
        let mut estimate = LossEstimate::default();
        estimate.update(100, 0);
        estimate.forgive(120, 18);
        estimate.update(220, 18);
        assert_eq!(estimate.share(), 0.0);
    }

    #[test]
    fn it_stays_a_share_whatever_the_totals_do() {
        for steps in [vec![(0, 9)], vec![(5, 900)], vec![(1, 0), (0, 50)]] {
            let share = after(steps);
            assert!((0.0..=1.0).contains(&share), "{share}");
        }
        let mut estimate = LossEstimate::default();
        estimate.update(1_000, 100);
        estimate.update(3, 0);
        assert!((0.0..=1.0).contains(&estimate.share()));
    }
}
