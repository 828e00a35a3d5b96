//! What one message to many costs a server, and what the many cost it while nobody speaks.
//!
//! The server is a process with a processor of its own, the crowd is this process on another. Its
//! CPU is the kernel's account of the process, its memory the kernel's too.

mod crowd;
mod host;
mod idle;
mod load;
mod raw;
mod receiver;
mod room;
mod row;
mod start;
mod system;
mod tally;
mod theirs;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::time::Duration;

pub use idle::{ConnectRow, MemoryRow};
pub use load::Shape;
pub use raw::send as send_bound;
pub use row::{ClientRow, Row, table};
pub use system::System;

use crowd::Crowd;
use host::Host;
use load::Window;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What carries the messages.
    pub system: System,
    /// The program that has the others as its commands `baseline` and `bound`.
    pub others: PathBuf,
    /// Members, each with one connection.
    pub clients: usize,
    /// Rooms of the same size; each member is in one of them, and all are in the lobby if it is 1.
    pub rooms: usize,
    /// Members who write; at least one a room, one alone where posts are single, and one a room
    /// in bursts.
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
            Shape::Burst(_) => self.rooms,
            _ => self.senders.clamp(self.rooms, self.clients),
        }
    }
}

/// Measures in `dir`, which must be empty.
pub async fn run(plan: &Plan, dir: &Path) -> Result<Row> {
    Ok(Row::of(plan, &measure(plan, dir).await?, host::is_pinned()))
}

/// Measures all plans in turn, each as often as it says, so that what else the machine does is the
/// same for all: those of one call are for comparing. In folders that `folder` makes.
pub async fn run_in_turn<D: AsRef<Path>>(
    plans: &[Plan],
    folder: impl Fn() -> Result<D>,
) -> Result<Vec<Row>> {
    let mut windows = vec![Vec::new(); plans.len()];
    for round in 0..plans.iter().map(|plan| plan.repeats).max().unwrap_or_default() {
        for (plan, windows) in plans.iter().zip(&mut windows) {
            if round < plan.repeats {
                let plan = Plan { repeats: 1, ..plan.clone() };
                windows.extend(measure(&plan, folder()?.as_ref()).await?);
            }
        }
    }
    let row = |(plan, windows): (&Plan, &Vec<_>)| Row::of(plan, windows, host::is_pinned());
    Ok(plans.iter().zip(&windows).map(row).collect())
}

async fn measure(plan: &Plan, dir: &Path) -> Result<Vec<Window>> {
    ensure!((1..=plan.clients).contains(&plan.rooms), "there are fewer members than rooms");
    let host = match plan.system {
        System::Tertulia => Host::start(dir).await?,
        System::TlsTcp => Host::start_baseline(dir, &plan.others).await?,
        System::Raw => return bound(plan).await,
    };
    let crowd = Crowd::gather(&host, plan.system, plan.clients, plan.rooms).await?;
    let windows = load::run(crowd, &host, plan).await.with_context(|| host.last_words())?;
    host.stop().await?;
    Ok(windows)
}

async fn bound(plan: &Plan) -> Result<Vec<Window>> {
    let at_once = plan.shape.at_once().context("the raw bound is one of bursts")?;
    let mut windows = Vec::with_capacity(plan.repeats);
    for _ in 0..plan.repeats {
        windows.push(raw::measure(plan.clients, at_once, plan.time, &plan.others).await?);
    }
    Ok(windows)
}

/// What an idle connection holds of the server's memory.
pub async fn memory(clients: usize, dir: &Path) -> Result<MemoryRow> {
    idle::memory(clients, dir).await
}

/// What a connection costs the server to take, and how long all of them need after a restart.
pub async fn connect(clients: usize, storm: bool, dir: &Path) -> Result<ConnectRow> {
    idle::connect(clients, storm, dir).await
}

/// What the other end takes: `messages` received by a program that prints them, and a client's
/// start with `cached` events on its disk.
pub async fn client(messages: u64, cached: u64, repeats: usize, dir: &Path) -> Result<ClientRow> {
    let (receiving, starting) = (dir.join("receiving"), dir.join("starting"));
    for dir in [&receiving, &starting] {
        std::fs::create_dir(dir)?;
    }
    let received = receiver::received(messages, &receiving).await?;
    let started = start::started(cached, repeats, &starting).await?;
    Ok(ClientRow::of(messages, &received, &started))
}
