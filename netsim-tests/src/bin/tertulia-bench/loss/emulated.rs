//! Over the emulated network: real kernels, real time.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};
use tertulia_netsim::{
    emu::World,
    versus::{self, Cell, Plan, System},
};
use tokio::time::{Duration, Instant};

use super::{Conditions, Row, rerun};
use crate::{args::Loss, output::say};

/// What is not there so long after the last message is given up.
const PATIENCE: Duration = Duration::from_secs(90);
/// In memory: what a disk takes is the same for all, and not what is measured.
const MEMORY: &str = "/dev/shm";

/// A row for each link and system, in one run.
pub(super) fn measured(args: &Loss, conditions: &[Conditions]) -> Result<Vec<Row>> {
    rerun::with_rights()?;
    let world = World::new()?;
    let systems = systems(args, &world)?;
    let cells: Vec<(&Conditions, System)> = conditions
        .iter()
        .flat_map(|conditions| systems.iter().copied().map(move |system| (conditions, system)))
        .collect();
    let memory = || PathBuf::from(MEMORY);
    let dir = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir_in(memory()).or_else(|_| tempfile::tempdir()),
    };
    let dir = dir.context("no temporary folder")?;
    let plan = Plan {
        cells: cells
            .iter()
            .map(|(conditions, system)| Cell { system: *system, loss: conditions.loss })
            .collect(),
        rtt: args.rtt,
        messages: args.messages,
        patience: PATIENCE,
        seed: args.seed,
        dir: dir.path().to_owned(),
    };
    let load = load();
    say(&format!(
        "{} groups at once, through {}, files in {}; the machine's load before was {load}\n",
        cells.len(),
        world.device(),
        dir.path().parent().unwrap_or_else(|| dir.path()).display(),
    ));
    let began = Instant::now();
    let outcome = versus::run(world, &plan)?;
    say(&format!(
        "{} s; the emulator itself: {}\n",
        began.elapsed().as_secs(),
        outcome.check.lateness
    ));
    if let Some(trouble) = outcome.check.trouble() {
        bail!("no figures: {trouble}");
    }
    let late = outcome.check.lateness.per_mille(990);
    let row = |((conditions, system), found): (&(&Conditions, System), _)| {
        Row::new(*system, args.rtt, conditions, found).beside(late)
    };
    Ok(cells.iter().zip(&outcome.latencies).map(row).collect())
}

/// Ours is always the first. What the kernel lacks is said, and left out.
fn systems(args: &Loss, world: &World) -> Result<Vec<System>> {
    let mut systems = Vec::new();
    let is_asked = |system| args.system.is_empty() || args.system.contains(&system);
    for system in System::ALL.into_iter().filter(|system| is_asked(*system)) {
        match versus::can(world, system)? {
            Ok(()) => systems.push(system),
            Err(error) => say(&format!("{} is left out: {error}\n", system.name())),
        }
    }
    Ok(systems)
}

/// How many programs were running, on average over the last minute.
fn load() -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}
