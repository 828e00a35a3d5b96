//! How long it takes from nothing to the first message that somebody else reads, in virtual time.
//!
//! The writer's device is known to the server, the process is a new one, and the message is there
//! when it starts to dial. The reader sits beside the server, so that the time is that of the
//! writer's link: a round trip for the handshake, and one way for the message.

use std::time::Duration;

use anyhow::{Context, Result};
use tertulia_client::{ClientEvent, Content};
use tokio::{runtime, time};

use super::{
    run::folder,
    scene::{READER, Scene, WRITER},
    world::PATIENCE,
};
use crate::link::Loss;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Of the writer's link.
    pub rtt: Duration,
    /// In each direction of it.
    pub loss: Loss,
    /// How often.
    pub setups: u32,
    /// With all that is done against a bad network, else as QUIC has it.
    pub is_ours: bool,
    /// The writer's router forgets it meanwhile: each time somewhat later, up to two round trips.
    pub is_forgotten: bool,
    /// Chance.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Setups {
    /// From the start to the message shown, in order of size.
    pub sorted: Vec<Duration>,
    /// UDP payload for each, until the client was closed again.
    pub bytes: f64,
}

/// Runs a course on this thread.
pub fn run(course: Course) -> Result<Setups> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(async {
        let mut scene = Scene::open(root.path(), course.seed, course.is_ours).await?;
        scene.leave(WRITER).await;
        let mut found = Setups::default();
        let chance = scene.world.chance("pauses");
        for life in 1..=u64::from(course.setups) {
            scene.set_link(WRITER, course.rtt / 2, course.loss);
            time::sleep(chance.ms(100..500)).await;
            let bytes = scene.world.net.counts().bytes;
            scene.enter(WRITER, life).await?;
            let (number, said_at) = scene.say().await?;
            let forgotten = async {
                if course.is_forgotten {
                    time::sleep(course.rtt.mul_f64(2.0 * life as f64 / f64::from(course.setups)))
                        .await;
                    scene.world.net.rebind(WRITER);
                }
            };
            let shown = async { tokio::join!(shown(&scene, number), forgotten).0 };
            let shown = time::timeout(PATIENCE, shown).await;
            let shown_at = shown.context("never read")?;
            found.sorted.push(shown_at.saturating_sub(said_at));
            scene.set_link(WRITER, Duration::ZERO, Loss::None);
            scene.leave(WRITER).await;
            found.bytes += (scene.world.net.counts().bytes - bytes) as f64;
        }
        found.sorted.sort_unstable();
        found.bytes /= found.sorted.len().max(1) as f64;
        scene.enter(WRITER, u64::from(course.setups) + 1).await?;
        scene.close().await;
        Ok(found)
    })
}

async fn shown(scene: &Scene, number: u32) -> Duration {
    let (_, events) = &scene.processes[READER];
    let start = format!("{number} ");
    while let Ok(event) = events.recv().await {
        let ClientEvent::Items { items, .. } = event else { continue };
        let is_it = |content: &Content| matches!(content, Content::Text(text) if text.as_str().starts_with(&start));
        if items.iter().any(|item| is_it(&item.content)) {
            break;
        }
    }
    scene.world.clock.now()
}
