//! How long messages take while somebody's address changes. At one moment the old address is dead,
//! for what is under way to it, too. All at once, over the emulated network.
//!
//! Who is told comes from another address of the kernel's, with a fresh socket (ours) or by a new
//! connection (TCP). Who is not told has a router that gives them another address.

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

/// Messages before the first: the connection has learned by then what the path loses.
const FIRST: u32 = 200;
/// Messages before each change, and after it.
const AROUND: [u32; 2] = [60, 40];
/// Messages that are written so long before the change are looked at, and so long after.
const LOOK_BEFORE: Duration = Duration::from_millis(200);
const LOOK_AFTER: Duration = Duration::from_secs(2);
/// What was not shown by then is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens, to one pair after the other.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// What carries the messages.
    pub system: System,
    /// In each direction of each link.
    pub loss: Loss,
    /// Who moves.
    pub who: Who,
    /// Whether the system tells of it.
    pub is_told: bool,
}

/// What came of a course.
#[derive(Debug, Clone)]
pub struct Moves {
    /// The slowest message of each change, in order of size.
    pub worst: Vec<Duration>,
    /// Changes of which a message never came.
    pub lost: usize,
    /// Whether every session was kept all the time.
    pub is_kept: bool,
}

/// Runs courses, all at once, each so many times.
pub fn run(
    world: World,
    ground: &Ground,
    courses: &[Course],
    moves: u32,
) -> Result<(Vec<Moves>, SelfCheck)> {
    courses::run(world, ground, courses, moves)
}

impl courses::Course for Course {
    const LANES: u32 = 3;

    type Found = Moves;

    fn system(self) -> System {
        self.system
    }

    fn addresses(moves: u32) -> usize {
        2 + moves as usize
    }

    async fn live(self, mut pair: Pair, moves: u32) -> Result<Moves> {
        let Self { loss, who, is_told, .. } = self;
        let mut found = Moves::none();
        pair.begin(loss).await;
        pair.say_some(FIRST, EVERY).await?;
        for _ in 0..moves {
            let [before, after] = AROUND;
            pair.say_some(before, EVERY).await?;
            let pause = EVERY.mul_f64(pair.rng.unit());
            sleep(pause).await;
            let moved = Instant::now();
            match is_told {
                true => pair.move_on(who).await?,
                false => pair.forget(who),
            }
            sleep(EVERY.saturating_sub(pause)).await;
            pair.say_some(after, EVERY).await?;
            pair.wait(Instant::now() + PATIENCE).await;
            match worst(&pair.took(moved - LOOK_BEFORE, moved + LOOK_AFTER)) {
                Some(worst) => found.worst.push(worst),
                None => found.lost += 1,
            }
        }
        found.is_kept = pair.is_kept(who);
        pair.leave().await;
        Ok(found)
    }
}

/// The slowest, if all came.
fn worst(took: &[Option<Duration>]) -> Option<Duration> {
    took.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().max()
}

impl Found for Moves {
    fn none() -> Self {
        Self { worst: Vec::new(), lost: 0, is_kept: true }
    }

    fn add(&mut self, other: Self) {
        self.worst.extend(other.worst);
        self.worst.sort_unstable();
        self.lost += other.lost;
        self.is_kept &= other.is_kept;
    }
}
