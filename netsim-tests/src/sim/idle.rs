//! What a client that only is there sends and is sent, in virtual time.

use std::time::Duration;

use anyhow::Result;
use tokio::{runtime, time};

use super::{
    run::folder,
    scene::{READER, Scene, WRITER},
};
use crate::link::{Counts, Loss};

/// Until what a beginning needs is over.
const SETTLED: Duration = Duration::from_secs(30);

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// There and back.
    pub rtt: Duration,
    /// In each direction.
    pub loss: Loss,
    /// How long it is looked at.
    pub lasts: Duration,
    /// Chance.
    pub seed: u64,
}

/// The packets of one client in that time, both ways. Bytes are those of UDP.
pub fn run(course: Course) -> Result<Counts> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scene = Scene::open(root.path(), course.seed, true).await?;
        scene.leave(WRITER).await;
        scene.set_link(0, course.rtt / 2, course.loss);
        scene.set_link(READER, course.rtt / 2, course.loss);
        time::sleep(SETTLED).await;
        let before = scene.world.net.counts();
        time::sleep(course.lasts).await;
        let after = scene.world.net.counts();
        scene.close().await;
        Ok(Counts {
            packets: after.packets - before.packets,
            bytes: after.bytes - before.bytes,
            lost: after.lost - before.lost,
            ..Counts::default()
        })
    })
}
