//! Links that people know, in numbers.
//!
//! They are chosen, not measured: each is a bad day of its kind, so that what works here works on
//! most days.

use std::{fmt, str::FromStr, time::Duration};

use super::{Conditions, Loss, Outage, Profile, Rate};

/// A kind of link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// A cable.
    Lan,
    /// A full house, far from the access point.
    Wifi,
    /// Mobile data in a moving train.
    Train,
    /// A geostationary satellite.
    Satellite,
    /// A phone that shares its mobile data.
    Hotspot,
}

/// No preset has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset {0:?}; there are lan, wifi, train, satellite and hotspot")]
pub struct UnknownPreset(String);

impl Preset {
    /// All of them, from good to bad.
    pub const ALL: [Self; 5] = [Self::Lan, Self::Wifi, Self::Train, Self::Satellite, Self::Hotspot];

    /// As one writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Wifi => "wifi",
            Self::Train => "train",
            Self::Satellite => "satellite",
            Self::Hotspot => "hotspot",
        }
    }

    /// What it does, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Lan => "RTT 0.5 ms, 1 Gbit/s, no loss",
            Self::Wifi => {
                "RTT 6 to 36 ms, 1 % lost in bad times of 30 ms, 0.5 % overtaken, 30 Mbit/s"
            }
            Self::Train => {
                "RTT 80 to 140 ms, 5 % lost in bad times of 100 ms, a tunnel of 5 s every 30 s, \
                 10 Mbit/s down, 3 up"
            }
            Self::Satellite => {
                "RTT 600 to 620 ms (geostationary), 1 % lost in bad times of 200 ms, \
                 20 Mbit/s down, 2 up"
            }
            Self::Hotspot => {
                "RTT 120 to 180 ms, 2 % lost one by one, 0.2 % twice, 8 Mbit/s down, 1 up with \
                 two seconds of queue before it"
            }
        }
    }

    /// What it does.
    pub fn profile(self) -> Profile {
        match self {
            Self::Lan => Profile::symmetric(Conditions {
                delay: Duration::from_micros(250),
                rate: mbit(1_000, 1_024),
                ..Conditions::default()
            }),
            Self::Wifi => Profile::symmetric(Conditions {
                delay: ms(3),
                jitter: ms(15),
                loss: Loss::TimeBursts { share: 0.01, mean: ms(30) },
                rate: mbit(30, 256),
                overtaken: 0.005,
                overtaken_by: ms(10),
                ..Conditions::default()
            }),
            Self::Train => asymmetric(
                mbit(3, 128),
                mbit(10, 256),
                Conditions {
                    delay: ms(40),
                    jitter: ms(30),
                    loss: Loss::TimeBursts { share: 0.05, mean: ms(100) },
                    outage: Some(Outage { first_at: s(10), lasts: s(5), every: s(30) }),
                    ..Conditions::default()
                },
            ),
            Self::Satellite => asymmetric(
                mbit(2, 256),
                mbit(20, 1_024),
                Conditions {
                    delay: ms(300),
                    jitter: ms(10),
                    loss: Loss::TimeBursts { share: 0.01, mean: ms(200) },
                    ..Conditions::default()
                },
            ),
            Self::Hotspot => asymmetric(
                mbit(1, 256),
                mbit(8, 512),
                Conditions {
                    delay: ms(60),
                    jitter: ms(30),
                    loss: Loss::Random { share: 0.02 },
                    twice: 0.002,
                    ..Conditions::default()
                },
            ),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| UnknownPreset(name.to_owned()))
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn mbit(mbit: u64, queue_kib: u64) -> Option<Rate> {
    Some(Rate { bits_per_second: mbit * 1_000_000, queue_bytes: queue_kib << 10 })
}

fn asymmetric(up: Option<Rate>, down: Option<Rate>, both: Conditions) -> Profile {
    Profile { up: Conditions { rate: up, ..both }, down: Conditions { rate: down, ..both } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_by_their_names() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        let error = "tram".parse::<Preset>().unwrap_err().to_string();
        assert!(Preset::ALL.iter().all(|preset| error.contains(preset.name())), "{error}");
    }

    #[test]
    fn each_says_its_round_trip_and_its_rate() {
        for preset in Preset::ALL {
            let Profile { up, down } = preset.profile();
            let about = preset.about();
            let shortest = (up.delay + down.delay).as_secs_f64() * 1_000.0;
            assert!(about.starts_with(&format!("RTT {shortest} ")), "{about}");
            let longest = shortest + (up.jitter + down.jitter).as_secs_f64() * 1_000.0;
            assert!(longest == shortest || about.contains(&format!("to {longest} ms")), "{about}");
            for (rate, unit) in [(down.rate, " Mbit/s"), (up.rate, "")] {
                let mbit = rate.unwrap().bits_per_second / 1_000_000;
                let told = [format!("{mbit}{unit}"), format!("{} Gbit/s", mbit / 1_000)];
                assert!(told.iter().any(|told| about.contains(told)), "{about}");
            }
        }
    }
}
