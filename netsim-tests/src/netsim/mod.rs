//! Messages through links of every kind, counted: the real server, the real command-line client,
//! no rights needed.
//!
//! Each preset has a server, two who write and two who read, and each of these a link of their
//! own. Everything runs on one machine by one clock: a message's time is from the moment its line
//! is handed to `tertulia-cli send` until `tertulia-cli tail` has printed it.

mod person;
mod row;
mod scene;
mod tally;

use tokio::{
    task::JoinSet,
    time::{Duration, Instant},
};

use crate::link::Preset;

pub use row::{Row, table};
pub use tally::{Message, Tally};

/// Who writes, by preset.
pub const WRITERS: usize = 2;
/// Who reads.
pub const READERS: usize = 2;

/// What is to be sent. The programs are those of [`crate::process::programs`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// The links, all at once.
    pub presets: Vec<Preset>,
    /// How many messages each writer sends.
    pub messages: u32,
    /// One every so long.
    pub every: Duration,
    /// What has not arrived by so long after the start is lost.
    pub patience: Duration,
    /// Chance of the links.
    pub seed: u64,
}

/// Sends it all; a row for each preset, in their order.
pub async fn run(plan: &Plan) -> Vec<Row> {
    let ends_at = Instant::now() + plan.patience;
    let mut scenes = JoinSet::new();
    for (place, preset) in plan.presets.iter().copied().enumerate() {
        let plan = plan.clone();
        scenes.spawn(async move { (place, scene::play(preset, &plan, ends_at).await) });
    }
    let mut rows = scenes.join_all().await;
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}
