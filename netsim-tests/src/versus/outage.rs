//! How long it takes after a time without a network: from the moment at which there is a way again
//! until what waited is read. All at once, over the emulated network.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::{
    Ground, System, Who,
    courses::{self, Found},
    pair::{EVERY, Pair},
};
use crate::{
    emu::{SelfCheck, World},
    link::Loss,
};

/// Messages before it: the path is known by then.
const BEFORE: u32 = 100;
/// Beyond the outage's own length; TCP tries again after as long as it has lasted.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer ones have fewer messages.
const LONG: Duration = Duration::from_secs(60);

/// What happens, to one pair after the other.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// What carries the messages.
    pub system: System,
    /// How long there is no network.
    pub lasts: Duration,
    /// Whose.
    pub who: Who,
    /// Whether the system tells that there is one again.
    pub is_told: bool,
    /// Twenty messages a second meanwhile (one beyond a minute); else one, a second into it.
    pub is_busy: bool,
}

/// What came of a course, in order of size.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    /// Until the first that had waited was read.
    pub first: Vec<Duration>,
    /// Until the last.
    pub all: Vec<Duration>,
    /// Outages of which something never came.
    pub lost: usize,
    /// IP packets on the broken link while it was, of all.
    pub bytes: u64,
}

impl Course {
    /// How far apart messages are while there is no network.
    pub fn every(self) -> Option<Duration> {
        let every = if self.lasts > LONG { Duration::from_secs(1) } else { EVERY };
        self.is_busy.then_some(every)
    }
}

/// Runs courses, all at once, each so many times.
pub fn run(
    world: World,
    ground: &Ground,
    courses: &[Course],
    times: u32,
) -> Result<(Vec<Outages>, SelfCheck)> {
    courses::run(world, ground, courses, times)
}

impl courses::Course for Course {
    const LANES: u32 = 2;

    type Found = Outages;

    fn system(self) -> System {
        self.system
    }

    fn addresses(_: u32) -> usize {
        2
    }

    async fn live(self, mut pair: Pair, times: u32) -> Result<Outages> {
        let mut found = Outages::default();
        pair.begin(Loss::None).await;
        for _ in 0..times {
            pair.say_some(BEFORE, EVERY).await?;
            sleep(Duration::from_secs(1).mul_f64(1.0 + pair.rng.unit())).await;
            found.add(outage(&mut pair, self).await?);
        }
        pair.leave().await;
        Ok(found)
    }
}

async fn outage(pair: &mut Pair, course: Course) -> Result<Outages> {
    let address = pair.address(course.who);
    let carried = |pair: &Pair| {
        let (up, down) = pair.world.counts(address);
        up.bytes + down.bytes
    };
    let first = pair.next();
    let bytes = carried(pair);
    pair.world.set_cut(address, true);
    let back = Instant::now() + course.lasts.mul_f64(1.0 + 0.05 * pair.rng.unit());
    match course.every() {
        None => {
            sleep(Duration::from_secs(1)).await;
            pair.say().await?;
        }
        Some(every) => {
            while Instant::now() + every < back {
                sleep(every).await;
                pair.say().await?;
            }
        }
    }
    tokio::time::sleep_until(back).await;
    let bytes = carried(pair) - bytes;
    pair.world.set_cut(address, false);
    let back = Instant::now();
    if course.is_told {
        pair.tell(course.who).await?;
    }
    let last = pair.next() - 1;
    pair.wait(back + course.lasts + PATIENCE).await;
    let after = |number| Some(pair.shown_at(number)?.saturating_duration_since(back));
    let times = (first..=last).map(after).collect::<Option<Vec<Duration>>>();
    Ok(match times.as_deref() {
        Some([first, ..]) => {
            let all = times.iter().flatten().copied().max();
            Outages { first: vec![*first], all: all.into_iter().collect(), lost: 0, bytes }
        }
        _ => Outages { lost: 1, bytes, ..Outages::default() },
    })
}

impl Found for Outages {
    fn none() -> Self {
        Self::default()
    }

    fn add(&mut self, other: Self) {
        self.first.extend(other.first);
        self.all.extend(other.all);
        self.first.sort_unstable();
        self.all.sort_unstable();
        self.lost += other.lost;
        self.bytes += other.bytes;
    }
}
