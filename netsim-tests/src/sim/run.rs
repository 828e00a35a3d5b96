//! One run of one seed.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc, time::Duration};

use tokio::{runtime, task::JoinSet, time};

use super::{
    chaos,
    facts::Facts,
    inspection::{self, REST},
    keeper, panics, person,
    preset::{Fault, Preset},
    verdict,
    world::{Phase, World},
};
use crate::{link::Counts, power::contents};

/// Set, the files of all machines are kept, those from before every crash, too.
pub const KEEP: &str = "SIM_KEEP";

/// What a run came to.
#[derive(Debug)]
pub struct Report {
    /// What decided it.
    pub seed: u64,
    /// What kind of run it was.
    pub preset: Preset,
    /// Two runs of a seed have one.
    pub digest: u64,
    /// Time that passed in it.
    pub lasted: Duration,
    /// What happened to packets.
    pub packets: Counts,
    /// What else went wrong, how often.
    pub faults: BTreeMap<Fault, u64>,
    /// Messages that people wrote.
    pub messages: usize,
    /// Events that all rooms had in the end.
    pub events: usize,
    /// What never may happen and did.
    pub violations: Vec<String>,
}

impl Report {
    /// The command that shows the same run again.
    pub fn replay(&self) -> String {
        format!(
            "SIM_SEED={} SIM_PRESET={} cargo test -p tertulia-netsim --test simulation",
            self.seed, self.preset
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} ({}), digest {:016x}:", self.seed, self.preset, self.digest)?;
        for violation in &self.violations {
            writeln!(f, "  {violation}")?;
        }
        write!(f, "  again: {}", self.replay())
    }
}

/// Runs a seed. Everything happens on this thread, in as little real time as it takes.
pub fn run(seed: u64, preset: Preset) -> anyhow::Result<Report> {
    panics::begin();
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let mut report = runtime.block_on(live(seed, preset, root.path()))?;
    drop(runtime);
    if std::env::var_os(KEEP).is_some() {
        eprintln!("kept: {}", root.keep().display());
    }
    report.violations.extend(panics::found());
    Ok(report)
}

/// In memory where there is such a place: power cuts are no part of a run.
pub(super) fn folder() -> anyhow::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("tertulia-sim");
    Ok(builder.tempdir_in(memory).or_else(|_| builder.tempdir())?)
}

async fn live(seed: u64, preset: Preset, root: &Path) -> anyhow::Result<Report> {
    let chance = super::chance::Chance::of(seed, 0);
    let (people, lasts) = (chance.of_range(2..5) as usize, chance.ms(20_000..90_000));
    let world = Arc::new(World::new(seed, preset, people, root));
    let mut carrier = JoinSet::new();
    carrier.spawn(Arc::clone(&world.net).carry());
    let mut keeper = JoinSet::new();
    keeper.spawn(keeper::keep(Arc::clone(&world)));
    let mut persons = JoinSet::new();
    for person in 0..people {
        persons.spawn(person::live(Arc::clone(&world), person));
    }
    chaos::reign(Arc::clone(&world), lasts).await;
    world.phase.set(Phase::Settling);
    let mut residents = Vec::new();
    while let Some(resident) = persons.join_next().await {
        residents.extend(resident.ok().flatten());
    }
    // What the last to settle wrote reaches the others.
    time::sleep(REST).await;
    residents.sort_by_key(|resident| resident.process.person);
    for resident in &residents {
        resident.see_all().await;
    }
    world.phase.set(Phase::Over);
    let mut events = 0;
    if let Some(Ok(Some(host))) = keeper.join_next().await {
        let facts = Facts::read(&host.machine.dir().join("tertulia.db"))?;
        events = facts.rooms.values().map(|room| room.events.len()).sum();
        verdict::judge(&world.ledger, &facts);
        for trouble in contents::troubles(host.machine.dir(), &facts) {
            world.ledger.violated(trouble);
        }
        for resident in &residents {
            inspection::inspect(resident, &facts).await;
        }
        host.server.shutdown().await;
        // The log applied anew gives what stands there: by the operator's own command.
        let problems = match tertulia_server::check(host.machine.dir()) {
            Ok(report) => report.problems,
            Err(error) => vec![error.to_string()],
        };
        for problem in problems {
            world.ledger.violated(format!("check: {problem}"));
        }
    }
    let faults = world.faults().clone();
    Ok(Report {
        seed,
        preset,
        digest: world.trace.digest(),
        lasted: world.clock.now(),
        packets: world.net.counts(),
        faults,
        messages: world.ledger.written().len(),
        events,
        violations: world.ledger.violations(),
    })
}
