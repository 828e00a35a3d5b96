//! What a measurement over the emulated network begins and ends with.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tertulia_netsim::{
    emu::{SelfCheck, World},
    versus::{self, System},
};
use tokio::time::{Duration, Instant};

use crate::{args::Emulated, output::say, rerun};

/// In memory: what a disk takes is the same for all, and not what is measured.
const MEMORY: &str = "/dev/shm";

/// A world, a place for files, and what is measured.
#[derive(Debug)]
pub(crate) struct Stage {
    world: World,
    dir: TempDir,
    systems: Vec<System>,
}

impl Stage {
    /// Makes it; the program is run again where it lacks rights that can be had.
    pub(crate) fn set(args: &Emulated) -> Result<Self> {
        rerun::with_rights()?;
        let world = World::new()?;
        let systems = systems(args, &world)?;
        let dir = match &args.dir {
            Some(dir) => tempfile::tempdir_in(dir),
            None => tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir()),
        };
        Ok(Self { world, dir: dir.context("no temporary folder")?, systems })
    }

    pub(crate) fn systems(&self) -> &[System] {
        &self.systems
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs it, and says how well the emulator did: by how much it was late. Where that was too
    /// much nothing was measured.
    pub(crate) fn play<T>(
        self,
        what: &str,
        run: impl FnOnce(World) -> Result<(T, SelfCheck)>,
    ) -> Result<(T, Duration)> {
        say(&format!(
            "{what}, through {}, files in {}; the machine's load before was {}\n",
            self.world.device(),
            self.dir.path().parent().unwrap_or_else(|| self.dir.path()).display(),
            load(),
        ));
        let began = Instant::now();
        let (found, check) = run(self.world)?;
        let seconds = began.elapsed().as_secs();
        say(&format!("{seconds} s; the emulator itself: {}\n", check.lateness));
        match check.trouble() {
            Some(trouble) => bail!("no figures: {trouble}"),
            None => Ok((found, check.lateness.per_mille(990))),
        }
    }
}

/// Ours is always the first. What the kernel lacks is said, and left out.
fn systems(args: &Emulated, world: &World) -> Result<Vec<System>> {
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
