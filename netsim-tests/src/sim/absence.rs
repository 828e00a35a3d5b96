//! Who is shown as there, when one's network goes and comes back, in virtual time.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::{runtime, time};

use super::{
    run::folder,
    scene::{READER, Scene, WRITER},
};
use crate::link::Loss;

const LOOK: Duration = Duration::from_millis(50);
/// Nobody is waited for longer.
const LONGEST: Duration = Duration::from_secs(60);

/// What the other one was shown.
#[derive(Debug, Clone, Copy)]
pub struct Absence {
    /// From the network's end until one was gone.
    pub gone: Duration,
    /// From its return until one was back.
    pub back: Duration,
}

/// One goes into a tunnel and comes out of it, with the connection kept. On this thread.
pub fn run(seed: u64) -> Result<Absence> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scene = Scene::open(root.path(), seed, true).await?;
        // Far enough away for the connection to be heard before another one is made.
        scene.set_link(READER, Duration::from_millis(50), Loss::None);
        until(&scene, 2).await?;
        scene.world.net.set_cut(READER, true, true);
        let gone = until(&scene, 1).await?;
        scene.world.net.set_cut(READER, false, false);
        scene.processes[READER].0.client.wake();
        let back = until(&scene, 2).await?;
        scene.close().await;
        Ok(Absence { gone, back })
    })
}

/// How long it takes until so many are shown to the writer.
async fn until(scene: &Scene, online: u32) -> Result<Duration> {
    let (writer, _) = &scene.processes[WRITER];
    let began = scene.world.clock.now();
    let shown = async {
        while writer.client.snapshot().presence.online != online {
            time::sleep(LOOK).await;
        }
    };
    time::timeout(LONGEST, shown).await.with_context(|| format!("never {online} online"))?;
    Ok(scene.world.clock.now().saturating_sub(began))
}
