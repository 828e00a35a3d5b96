//! How long it takes after a time without a network: from the moment at which there is a way again
//! until what waited is read. All at once, over the emulated network.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    Ground, System, Who,
    pair::{EVERY, Pair},
};
use crate::{
    emu::{SelfCheck, World},
    link::Loss,
};

/// Of one cell at once.
const LANES: u32 = 2;
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
    let world = Arc::new(world);
    let (ground, courses) = (ground.clone(), courses.to_vec());
    let played = world.clients().handle().spawn(play(Arc::clone(&world), ground, courses, times));
    world.clients().handle().block_on(played)?
}

async fn play(
    world: Arc<World>,
    ground: Ground,
    courses: Vec<Course>,
    times: u32,
) -> Result<(Vec<Outages>, SelfCheck)> {
    let systems = courses.iter().map(|course| course.system);
    let servers = super::serve(&world, &ground.dir, systems).await?;
    let mut pairs = Vec::new();
    for lane in 0..LANES.min(times) {
        let share = times / LANES + u32::from(lane < times % LANES);
        for (place, course) in courses.iter().enumerate() {
            let number = (pairs.len(), 2);
            let pair = Pair::new(&world, &ground, &servers, course.system, number).await?;
            pairs.push((place, *course, share, pair));
        }
    }
    world.self_check();
    let mut running = JoinSet::new();
    for (place, course, share, pair) in pairs {
        running.spawn(async move { (place, live(pair, course, share).await) });
    }
    let mut found = vec![Outages::default(); courses.len()];
    while let Some(ended) = running.join_next().await {
        let (place, outages) = ended?;
        found[place].add(outages?);
    }
    let check = world.self_check();
    servers.0.stop().await;
    Ok((found, check))
}

async fn live(mut pair: Pair, course: Course, times: u32) -> Result<Outages> {
    let mut found = Outages::default();
    pair.begin(Loss::None).await;
    for _ in 0..times {
        pair.say_some(BEFORE, EVERY).await?;
        sleep(Duration::from_secs(1).mul_f64(1.0 + pair.rng.unit())).await;
        found.add(outage(&mut pair, course).await?);
    }
    pair.leave().await;
    Ok(found)
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

impl Outages {
    fn add(&mut self, other: Self) {
        self.first.extend(other.first);
        self.all.extend(other.all);
        self.first.sort_unstable();
        self.all.sort_unstable();
        self.lost += other.lost;
        self.bytes += other.bytes;
    }
}
