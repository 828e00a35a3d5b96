//! How long it takes after a time without a network, in virtual time: from the moment at which
//! there is a way again until what waited is read.

use std::time::Duration;

use anyhow::Result;
use tokio::{runtime, time};

use super::{
    run::folder,
    scene::{READER, Scene, WRITER},
};
use crate::link::Loss;

/// Whose link breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Theirs who writes.
    Sender,
    /// Theirs who reads.
    Receiver,
}

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// From the writer to the reader.
    pub rtt: Duration,
    /// How long there is no network.
    pub lasts: Duration,
    /// Whose.
    pub who: Who,
    /// Whether the system tells that there is one again.
    pub is_told: bool,
    /// A message every so long meanwhile; else one, a second into it.
    pub every: Option<Duration>,
    /// How often.
    pub times: u32,
    /// With all that is done against a bad network, else as QUIC has it.
    pub is_ours: bool,
    /// Chance.
    pub seed: u64,
}

/// What came of it, in order of size.
#[derive(Debug, Clone, Default)]
pub struct Outages {
    /// Until the first that had waited was read.
    pub first: Vec<Duration>,
    /// Until the last.
    pub all: Vec<Duration>,
    /// UDP payload on the broken link while it was.
    pub bytes: f64,
}

/// Runs a course on this thread.
pub fn run(course: Course) -> Result<Outages> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scene = Scene::open(root.path(), course.seed, course.is_ours).await?;
        for person in [WRITER, READER] {
            scene.set_link(person, course.rtt / 2, Loss::None);
        }
        let reader = scene.reader();
        let broken = match course.who {
            Who::Sender => WRITER,
            Who::Receiver => READER,
        };
        let chance = scene.world.chance("pauses");
        let mut spans = Vec::new();
        let mut found = Outages::default();
        for _ in 0..course.times {
            // The path is known by then, and nothing of the time before is left.
            for _ in 0..200 {
                scene.say().await?;
                time::sleep(Duration::from_millis(50)).await;
            }
            time::sleep(Duration::from_secs(2) + chance.ms(0..1_000)).await;
            let begin = scene.world.clock.now();
            let bytes = scene.world.net.counts().bytes;
            scene.world.net.set_cut(broken, true, true);
            let first = scene.last() + 1;
            let back = begin + course.lasts + chance.ms(0..1_000);
            match course.every {
                None => {
                    time::sleep(Duration::from_secs(1)).await;
                    scene.say().await?;
                }
                Some(every) => {
                    while scene.world.clock.now() + every < back {
                        time::sleep(every).await;
                        scene.say().await?;
                    }
                }
            }
            time::sleep_until(scene.world.clock.at(back)).await;
            found.bytes += (scene.world.net.counts().bytes - bytes) as f64;
            scene.world.net.set_cut(broken, false, false);
            if course.is_told {
                scene.processes[broken].0.client.wake();
            }
            spans.push((first..=scene.last(), back));
            time::sleep(Duration::from_secs(30).max(course.lasts)).await;
        }
        let shown = reader.until(&scene).await?;
        for (span, back) in spans {
            let mut after = shown.range(span).map(|(_, at)| at.saturating_sub(back));
            found.first.extend(after.next());
            found.all.extend(after.next_back().or_else(|| found.first.last().copied()));
        }
        found.first.sort_unstable();
        found.all.sort_unstable();
        found.bytes /= f64::from(course.times.max(1));
        scene.close().await;
        Ok(found)
    })
}
