//! Kinds of runs, by what goes wrong in them.

use std::{fmt, ops::Range, str::FromStr};

use super::chance::Chance;
use crate::link;

/// A kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Preset {
    /// Bad links and nothing else.
    Links,
    /// Links that fall silent, in one direction or both, and addresses that change.
    Partitions,
    /// Servers and clients that stop and start in an orderly way.
    Restarts,
    /// Servers and clients that are killed.
    Crashes,
    /// Disks that are full or slow.
    Disks,
    /// Clocks that jump, and little else.
    Clocks,
    /// Everything at once.
    Storm,
}

/// No preset has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset {0:?}; there are {list}", list = Preset::ALL.map(Preset::name).join(", "))]
pub struct UnknownPreset(String);

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A link becomes another one.
    Link,
    /// A link is cut.
    Cut,
    /// One direction of a link is cut.
    HalfCut,
    /// A router forgets a client.
    Address,
    /// The server is killed.
    ServerCrash,
    /// A client is killed.
    ClientCrash,
    /// The server stops and starts.
    ServerRestart,
    /// A client is closed and opened.
    ClientRestart,
    /// The server's disk is full.
    ServerDiskFull,
    /// A client's disk is full.
    ClientDiskFull,
    /// A disk is slow: a client with one reads slowly.
    SlowDisk,
    /// A clock is set.
    Clock,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Links,
        Self::Partitions,
        Self::Restarts,
        Self::Crashes,
        Self::Disks,
        Self::Clocks,
        Self::Storm,
    ];

    /// As one writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::Partitions => "partitions",
            Self::Restarts => "restarts",
            Self::Crashes => "crashes",
            Self::Disks => "disks",
            Self::Clocks => "clocks",
            Self::Storm => "storm",
        }
    }

    /// That of a seed where none is asked for: every third run is a storm.
    pub fn of_seed(seed: u64) -> Self {
        match seed % 3 {
            0 => Self::Storm,
            _ => Self::ALL[(seed % 6) as usize],
        }
    }

    /// Milliseconds between two faults.
    pub(super) const fn pause_ms(self) -> Range<u64> {
        match self {
            Self::Storm => 50..4_000,
            Self::Links | Self::Clocks => 2_000..15_000,
            _ => 500..10_000,
        }
    }

    /// What goes wrong next.
    pub(super) fn fault(self, chance: &Chance) -> Fault {
        use Fault::*;
        let faults: &[Fault] = match self {
            Self::Links => &[Link, Link, SlowDisk],
            Self::Partitions => &[Link, Cut, Cut, HalfCut, HalfCut, Address],
            Self::Restarts => &[Link, ServerRestart, ClientRestart, ClientRestart],
            Self::Crashes => {
                &[Link, ServerCrash, ServerCrash, ServerCrash, ClientCrash, ClientCrash]
            }
            Self::Disks => &[ServerDiskFull, ServerDiskFull, ClientDiskFull, SlowDisk, ServerCrash],
            Self::Clocks => &[Clock, Clock, Cut, ClientCrash],
            Self::Storm => &[
                Link,
                Cut,
                HalfCut,
                Address,
                ServerCrash,
                ServerCrash,
                ClientCrash,
                ClientCrash,
                ServerRestart,
                ClientRestart,
                ServerDiskFull,
                ClientDiskFull,
                SlowDisk,
                Clock,
            ],
        };
        chance.pick(faults).copied().unwrap_or(Link)
    }

    /// What a client's link is from now on.
    pub(super) fn link(self, chance: &Chance) -> link::Profile {
        let known = *chance.pick(&link::Preset::ALL).unwrap_or(&link::Preset::Lan);
        let mut profile = known.profile();
        for way in [&mut profile.up, &mut profile.down] {
            if chance.happens(0.3) {
                (way.twice, way.overtaken) = (0.05, 0.05);
                way.overtaken_by = chance.ms(1..200);
            }
            if chance.happens(0.2) {
                way.loss = link::Loss::Random { share: chance.below(25) as f64 / 100.0 };
            }
        }
        profile.shifted(chance.ms(0..20_000))
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
