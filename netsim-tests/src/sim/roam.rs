//! How long messages take while somebody's address changes, in virtual time. At one moment the old
//! address is dead, for what is under way to it, too, and the client is told.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use tokio::{runtime, time};

use super::{
    outage::Who,
    run::folder,
    scene::{READER, Scene, WRITER},
};
use crate::link::Loss;

/// Messages that are written so long before the change are looked at, and so long after.
const BEFORE: Duration = Duration::from_millis(200);
const AFTER: Duration = Duration::from_secs(2);
/// A message every so long.
const EVERY: Duration = Duration::from_millis(50);
/// Messages between two changes.
const BETWEEN: u32 = 200;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// From the writer to the reader.
    pub rtt: Duration,
    /// In each direction of each link.
    pub loss: Loss,
    /// Who moves.
    pub who: Who,
    /// Whether the system tells of it.
    pub is_told: bool,
    /// How often.
    pub moves: u32,
    /// With all that is done against a bad network, else as QUIC has it.
    pub is_ours: bool,
    /// Chance.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// The slowest message of each change, in order of size.
    pub worst: Vec<Duration>,
    /// Whether the session was kept all the time.
    pub is_kept: bool,
}

/// Runs a course on this thread.
pub fn run(course: Course) -> Result<Moves> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scene = Scene::open(root.path(), course.seed, course.is_ours).await?;
        for person in [WRITER, READER] {
            scene.set_link(person, course.rtt / 2, course.loss);
        }
        let mover = match course.who {
            Who::Sender => WRITER,
            Who::Receiver => READER,
        };
        let reader = scene.reader();
        let (mut said, mut moved) = (BTreeMap::new(), Vec::new());
        let chance = scene.world.chance("pauses");
        for _ in 0..course.moves {
            for n in 0..BETWEEN {
                said.extend([scene.say().await?]);
                if n == BETWEEN / 2 {
                    let wait = chance.ms(0..EVERY.as_millis() as u64);
                    time::sleep(wait).await;
                    scene.world.net.rebind(mover);
                    moved.push(scene.world.clock.now());
                    if course.is_told {
                        scene.processes[mover].0.client.wake();
                    }
                    time::sleep(EVERY.saturating_sub(wait)).await;
                } else {
                    time::sleep(EVERY).await;
                }
            }
        }
        time::sleep(AFTER).await;
        let is_kept = scene.processes[mover].0.client.last_trouble().is_none();
        let shown = reader.until(&scene).await?;
        let mut worst: Vec<_> = moved
            .iter()
            .filter_map(|moved| {
                let near = moved.saturating_sub(BEFORE)..*moved + AFTER;
                let near = said.iter().filter(|(_, at)| near.contains::<Duration>(*at));
                near.filter_map(|(n, at)| Some(shown.get(n)?.saturating_sub(*at))).max()
            })
            .collect();
        worst.sort_unstable();
        scene.close().await;
        Ok(Moves { worst, is_kept })
    })
}
