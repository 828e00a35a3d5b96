//! What one message to many costs a server, and what the many cost it while nobody speaks.
//!
//! The server is a process with a processor of its own, the crowd is this process on another. Its
//! CPU is the kernel's account of the process, its memory the kernel's too.

mod crowd;
mod host;
mod idle;
mod load;
mod room;
mod row;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::time::Duration;

pub use idle::{ConnectRow, MemoryRow};
pub use load::Shape;
pub use row::{Row, table};

use crowd::Crowd;
use host::Host;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Members, each with one connection.
    pub clients: usize,
    /// Rooms of the same size; each member is in one of them, and all are in the lobby if it is 1.
    pub rooms: usize,
    /// Members who write; at least one a room, and one alone where posts are single.
    pub senders: usize,
    /// How they write.
    pub shape: Shape,
    /// Of one measurement.
    pub time: Duration,
    /// How often it is measured; the median counts.
    pub repeats: usize,
}

impl Plan {
    /// Who writes in fact: where posts are single, one.
    fn writers(&self) -> usize {
        match self.shape {
            Shape::Single => 1,
            _ => self.senders.clamp(self.rooms, self.clients),
        }
    }
}

/// Measures in `dir`, which must be empty.
pub async fn run(plan: &Plan, dir: &Path) -> Result<Row> {
    ensure!((1..=plan.clients).contains(&plan.rooms), "there are fewer members than rooms");
    let host = Host::start(dir).await?;
    let crowd = Crowd::gather(&host, plan.clients, plan.rooms).await?;
    let windows = load::run(crowd, &host, plan).await.with_context(|| host.last_words())?;
    host.stop().await?;
    Ok(Row::of(plan, &windows, host::is_pinned()))
}

/// What an idle connection holds of the server's memory.
pub async fn memory(clients: usize, dir: &Path) -> Result<MemoryRow> {
    idle::memory(clients, dir).await
}

/// What a connection costs the server to take, and how long all of them need after a restart.
pub async fn connect(clients: usize, storm: bool, dir: &Path) -> Result<ConnectRow> {
    idle::connect(clients, storm, dir).await
}
