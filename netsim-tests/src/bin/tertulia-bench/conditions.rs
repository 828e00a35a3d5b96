//! The flags that say what the link does.

use clap::{Args, value_parser};
use tertulia_netsim::link::{self, Loss, Outage, Preset, Profile, Rate, TooMuchLoss};
use tokio::time::Duration;

use crate::args::values::{ms, percent, positive_seconds};

/// What waits before a slow link where nobody says: a quarter of a second at 8 Mbit/s.
const QUEUE_KIB: u64 = 256;
/// How much later an overtaken packet comes.
const OVERTAKEN_BY: Duration = Duration::from_millis(10);

/// A preset, and what is to be otherwise. With neither, the link does nothing to a packet.
#[derive(Debug, Args)]
pub(crate) struct Conditions {
    /// lan, wifi, train, satellite or hotspot; other flags change what it does
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,
    /// A packet is under way for so long, each way
    #[arg(long, value_name = "MS", value_parser = ms)]
    delay: Option<Duration>,
    /// And up to so much longer; the order stays
    #[arg(long, value_name = "MS", value_parser = ms)]
    jitter: Option<Duration>,
    /// So many packets are lost, each way; alone unless --burst or --burst-ms says otherwise
    #[arg(long, value_name = "PCT", value_parser = percent)]
    loss: Option<f64>,
    /// Packets are lost so many in a row, on average
    #[arg(long, value_name = "PACKETS", requires = "loss", conflicts_with = "burst_ms",
          value_parser = value_parser!(u32).range(1..=10_000))]
    burst: Option<u32>,
    /// Packets are lost for so long at a time, on average
    #[arg(long, value_name = "MS", requires = "loss", value_parser = ms)]
    burst_ms: Option<Duration>,
    /// So much fits through, each way
    #[arg(long, value_name = "MBIT", value_parser = mbit)]
    rate: Option<u64>,
    /// So much waits where the rate is limited; what finds no room is dropped [default: 256]
    #[arg(long, value_name = "KIB", value_parser = value_parser!(u64).range(2..=65_536))]
    queue: Option<u64>,
    /// From clients to the server instead of --delay
    #[arg(long, value_name = "MS", value_parser = ms)]
    delay_up: Option<Duration>,
    /// From clients to the server instead of --loss
    #[arg(long, value_name = "PCT", value_parser = percent)]
    loss_up: Option<f64>,
    /// From clients to the server instead of --rate
    #[arg(long, value_name = "MBIT", value_parser = mbit)]
    rate_up: Option<u64>,
    /// So many packets come 10 ms late and are overtaken
    #[arg(long, value_name = "PCT", value_parser = percent)]
    reorder: Option<f64>,
    /// So many packets come twice
    #[arg(long, value_name = "PCT", value_parser = percent)]
    duplicate: Option<f64>,
    /// Nothing gets through for so long ...
    #[arg(long, value_name = "SECONDS", value_parser = positive_seconds,
          requires = "outage_every")]
    outage_for: Option<Duration>,
    /// ... so often, at the end of each such time
    #[arg(long, value_name = "SECONDS", value_parser = positive_seconds, requires = "outage_for")]
    outage_every: Option<Duration>,
}

impl Conditions {
    /// What they come to.
    pub(crate) fn profile(&self) -> Result<Profile, TooMuchLoss> {
        let preset = self.preset.map(Preset::profile).unwrap_or_default();
        let up = self.changed(preset.up, self.delay_up, self.loss_up, self.rate_up)?;
        let down = self.changed(preset.down, None, None, None)?;
        Ok(Profile { up, down })
    }

    fn changed(
        &self,
        preset: link::Conditions,
        delay: Option<Duration>,
        loss: Option<f64>,
        rate: Option<u64>,
    ) -> Result<link::Conditions, TooMuchLoss> {
        let overtaken = self.reorder.map(|share| (share, OVERTAKEN_BY));
        let (overtaken, overtaken_by) =
            overtaken.unwrap_or((preset.overtaken, preset.overtaken_by));
        let outage = self.outage_for.zip(self.outage_every).map(|(lasts, every)| Outage {
            first_at: every.saturating_sub(lasts),
            lasts,
            every,
        });
        Ok(link::Conditions {
            delay: delay.or(self.delay).unwrap_or(preset.delay),
            jitter: self.jitter.unwrap_or(preset.jitter),
            loss: match loss.or(self.loss) {
                Some(share) => self.loss_of(share).check()?,
                None => preset.loss,
            },
            rate: self.limited(rate, preset.rate),
            overtaken,
            overtaken_by,
            twice: self.duplicate.unwrap_or(preset.twice),
            outage: outage.or(preset.outage),
        })
    }

    fn limited(&self, rate: Option<u64>, preset: Option<Rate>) -> Option<Rate> {
        let mut found = preset.unwrap_or(Rate { bits_per_second: 0, queue_bytes: QUEUE_KIB << 10 });
        if let Some(bits_per_second) = rate.or(self.rate) {
            found.bits_per_second = bits_per_second;
        }
        if let Some(kib) = self.queue {
            found.queue_bytes = kib << 10;
        }
        // Nobody asked for a limit.
        (found.bits_per_second > 0).then_some(found)
    }

    fn loss_of(&self, share: f64) -> Loss {
        match (self.burst, self.burst_ms) {
            (Some(mean), _) => Loss::PacketBursts { share, mean: f64::from(mean) },
            (None, Some(mean)) => Loss::TimeBursts { share, mean },
            (None, None) => Loss::Random { share },
        }
    }
}

/// Megabits, as bits a second.
fn mbit(text: &str) -> Result<u64, String> {
    let mbit = text.parse::<f64>().ok().filter(|mbit| (0.001..=100_000.0).contains(mbit));
    mbit.map(|mbit| (mbit * 1e6) as u64).ok_or_else(|| "it is 0.001 to 100000".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        conditions: Conditions,
    }

    fn profile(flags: &str) -> Result<Profile, String> {
        let line = Line::try_parse_from(format!("link {flags}").split_whitespace());
        let conditions = line.map_err(|error| error.to_string())?.conditions;
        conditions.profile().map_err(|error| error.to_string())
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn without_flags_the_link_does_nothing_and_a_preset_is_itself() {
        assert_eq!(profile(""), Ok(Profile::default()));
        for preset in Preset::ALL {
            assert_eq!(profile(&format!("--preset {preset}")), Ok(preset.profile()));
        }
    }

    #[test]
    fn flags_change_a_preset_and_up_may_differ() {
        let train = Preset::Train.profile();
        let found = profile("--preset train --delay 7 --delay-up 0.5 --rate-up 0.25").unwrap();
        assert_eq!((found.down.delay, found.up.delay), (ms(7), Duration::from_micros(500)));
        let up = Rate { bits_per_second: 250_000, ..train.up.rate.unwrap() };
        assert_eq!((found.down.rate, found.up.rate), (train.down.rate, Some(up)));
        assert_eq!((found.down.loss, found.up.outage), (train.down.loss, train.up.outage));
        let found = profile("--loss 5 --loss-up 10 --burst 3 --rate 2 --queue 8").unwrap();
        assert_eq!(found.down.loss, Loss::PacketBursts { share: 0.05, mean: 3.0 });
        assert_eq!(found.up.loss, Loss::PacketBursts { share: 0.1, mean: 3.0 });
        let rate = Rate { bits_per_second: 2_000_000, queue_bytes: 8 << 10 };
        assert_eq!((found.up.rate, found.down.rate), (Some(rate), Some(rate)));
        let found = profile("--preset lan --loss-up 10").unwrap();
        assert_eq!((found.down.loss, found.up.loss), (Loss::None, Loss::Random { share: 0.1 }));
        let found = profile("--outage-for 2 --outage-every 12 --loss 1 --burst-ms 20").unwrap();
        let outage = Outage { first_at: ms(10_000), lasts: ms(2_000), every: ms(12_000) };
        assert_eq!((found.up.outage, found.down.outage), (Some(outage), Some(outage)));
        assert_eq!(found.up.loss, Loss::TimeBursts { share: 0.01, mean: ms(20) });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for flags in [
            "--preset tram",
            "--loss 101",
            "--loss -1",
            "--loss NaN",
            "--burst 3",
            "--loss 1 --burst 3 --burst-ms 4",
            "--loss 60 --burst 1",
            "--delay 1e9",
            "--rate 0",
            "--rate inf",
            "--outage-for 3",
            "--outage-for 0 --outage-every 9",
        ] {
            assert!(profile(flags).is_err(), "{flags}");
        }
    }
}
