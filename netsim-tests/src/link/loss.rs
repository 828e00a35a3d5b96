//! Which packets are lost on the way.

use std::time::Duration;

use super::rng::Rng;

/// After such a silence it is drawn anew whether a burst of packets goes on. Without it a flow
/// that backs off to one packet every few seconds would stay in the same burst for a minute.
const FORGOTTEN_AFTER: Duration = Duration::from_millis(200);

/// How packets are lost. A `share` is at least 0 and at most 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Loss {
    /// None is.
    #[default]
    None,
    /// Each by itself.
    Random {
        /// Of all packets.
        share: f64,
    },
    /// In bursts of packets (Gilbert and Elliott): what a full queue or a bad radio frame does.
    PacketBursts {
        /// Of all packets.
        share: f64,
        /// How many in a row, on average; at least 1.
        mean: f64,
    },
    /// For as long as a bad time lasts (the same in continuous time): what fading does, however
    /// little is sent.
    TimeBursts {
        /// Of all time.
        share: f64,
        /// How long a bad time lasts, on average.
        mean: Duration,
    },
}

/// That much can't be lost in bursts so short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("so much loss needs longer bursts: bursts of N packets lose at most N of N + 1")]
pub struct TooMuchLoss;

impl Loss {
    /// Whether a link can do it: between two bursts there is at least one packet.
    pub fn check(self) -> Result<Self, TooMuchLoss> {
        match self {
            Self::PacketBursts { share, mean } if share > mean / (mean + 1.0) && share < 1.0 => {
                Err(TooMuchLoss)
            }
            loss => Ok(loss),
        }
    }
}

#[derive(Debug)]
pub(super) struct Losses {
    loss: Loss,
    rng: Rng,
    /// Of the packet before: when it left, and whether in a burst.
    before: Option<(Duration, bool)>,
}

impl Losses {
    pub(super) fn new(loss: Loss, rng: Rng) -> Self {
        Self { loss, rng, before: None }
    }

    pub(super) fn set(&mut self, loss: Loss) {
        self.loss = loss;
    }

    /// Whether the packet that leaves then is lost.
    pub(super) fn take(&mut self, at: Duration) -> bool {
        let before = self.before.map(|(then, is_bad)| (at.saturating_sub(then), is_bad));
        let share_now = match self.loss {
            Loss::None => 0.0,
            Loss::Random { share } => share,
            Loss::PacketBursts { share, mean } => in_packet_burst(share, mean, before),
            Loss::TimeBursts { share, mean } => in_bad_time(share, mean, before),
        };
        let is_bad = self.rng.chance(share_now);
        self.before = Some((at, is_bad));
        is_bad
    }
}

/// How likely the next packet is in a burst, by the pause since the last and whether that was.
fn in_packet_burst(share: f64, mean: f64, before: Option<(Duration, bool)>) -> f64 {
    match before {
        _ if share >= 1.0 => 1.0,
        Some((pause, is_bad)) if pause < FORGOTTEN_AFTER => {
            let leave = 1.0 / mean.max(1.0);
            match is_bad {
                true => 1.0 - leave,
                false => leave * share / (1.0 - share),
            }
        }
        _ => share,
    }
}

/// How likely it is bad now. Exact for bad and good times of exponential length, whatever the
/// pause: the memory of what was fades.
fn in_bad_time(share: f64, mean: Duration, before: Option<(Duration, bool)>) -> f64 {
    let (Some((pause, is_bad)), true) = (before, share < 1.0) else {
        return share;
    };
    let mean = mean.as_secs_f64().max(f64::MIN_POSITIVE);
    // Bad times end at the rate 1 / mean and begin at share / (1 - share) of that.
    let memory = (-pause.as_secs_f64() / (mean * (1.0 - share))).exp();
    let was = f64::from(u8::from(is_bad));
    share + (was - share) * memory
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn lost(loss: Loss, every: Duration, packets: u32, seed: u64) -> Vec<bool> {
        let mut losses = Losses::new(loss, Rng::of(seed, 1));
        (0..packets).map(|n| losses.take(every * n)).collect()
    }

    fn share_of(lost: &[bool]) -> f64 {
        lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64
    }

    fn mean_burst(lost: &[bool]) -> f64 {
        let bursts = lost.chunk_by(|a, b| a == b).filter(|run| run[0]);
        let (count, packets) = bursts.fold((0, 0), |(n, sum), run| (n + 1, sum + run.len()));
        f64::from(u32::try_from(packets).unwrap()) / f64::from(count)
    }

    #[test]
    fn random_losses_are_as_many_as_asked_and_come_alone() {
        let lost = lost(Loss::Random { share: 0.05 }, ms(1), 200_000, 1);
        assert!((share_of(&lost) - 0.05).abs() < 0.002);
        assert!((mean_burst(&lost) - 1.0 / 0.95).abs() < 0.02);
    }

    #[test]
    fn bursts_of_packets_are_as_long_and_as_many_as_asked() {
        let lost = lost(Loss::PacketBursts { share: 0.05, mean: 4.0 }, ms(1), 400_000, 2);
        assert!((share_of(&lost) - 0.05).abs() < 0.004, "{}", share_of(&lost));
        assert!((mean_burst(&lost) - 4.0).abs() < 0.15, "{}", mean_burst(&lost));
    }

    #[test]
    fn a_burst_of_packets_is_forgotten_after_a_silence() {
        let bursts = Loss::PacketBursts { share: 0.05, mean: 1_000.0 };
        assert!(mean_burst(&lost(bursts, ms(199), 400_000, 3)) > 500.0);
        assert!(mean_burst(&lost(bursts, ms(200), 400_000, 3)) < 1.1);
    }

    #[test]
    fn bad_times_last_as_long_however_often_one_looks() {
        let bad = Loss::TimeBursts { share: 0.05, mean: ms(20) };
        for every in [1, 2, 4] {
            let lost = lost(bad, ms(every), 800_000, 4);
            assert!((share_of(&lost) - 0.05).abs() < 0.006, "{}", share_of(&lost));
            // Seen in steps, an exponential time has 1 / (1 - e^(-step / mean of what is left)).
            let stay = 0.05 + 0.95 * (-(every as f64) / (20.0 * 0.95)).exp();
            let expected = 1.0 / (1.0 - stay);
            let found = mean_burst(&lost);
            assert!((found / expected - 1.0).abs() < 0.06, "{found} of {expected}");
        }
        let seldom = lost(bad, ms(2_000), 100_000, 4);
        assert!((mean_burst(&seldom) - 1.0 / 0.95).abs() < 0.02, "nothing is remembered so long");
    }

    #[test]
    fn what_no_link_can_do_is_refused() {
        let bursts = |share, mean| Loss::PacketBursts { share, mean }.check().is_ok();
        assert!(bursts(0.5, 1.0) && !bursts(0.51, 1.0) && bursts(0.9, 9.0) && bursts(1.0, 1.0));
    }

    proptest! {
        #[test]
        fn everything_and_nothing_are_shares_too(seed: u64, pause in 0u64..500) {
            for (share, all) in [(0.0, false), (1.0, true)] {
                for loss in [
                    Loss::Random { share },
                    Loss::PacketBursts { share, mean: 3.0 },
                    Loss::TimeBursts { share, mean: ms(20) },
                ] {
                    prop_assert!(lost(loss, ms(pause), 50, seed).iter().all(|lost| *lost == all));
                }
            }
        }
    }
}
