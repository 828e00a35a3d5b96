//! What everybody in a run shares.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tertulia_certs::ServerLink;
use tokio::sync::Notify;

use super::{
    chance::Chance,
    clock::Clock,
    ledger::Ledger,
    machine::Machine,
    net::Net,
    preset::{Fault, Preset},
    trace::Trace,
};

/// Nothing that is asked takes longer, whatever goes wrong.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The server starts.
    Opening,
    /// People do things, and things go wrong.
    Busy,
    /// Nothing goes wrong any more, and nothing new is done.
    Settling,
    /// Everything has come to rest.
    Over,
}

/// Where a run is. Who waits for it wakes in the order of waiting: tokio's `watch` draws one.
#[derive(Debug)]
pub struct Stage {
    phase: Mutex<Phase>,
    changed: Notify,
}

impl Default for Stage {
    fn default() -> Self {
        Self { phase: Mutex::new(Phase::Opening), changed: Notify::new() }
    }
}

impl Stage {
    /// The run is that far.
    pub fn set(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        self.changed.notify_waiters();
    }

    /// How far it is.
    pub fn now(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reached(&self, phase: Phase) {
        loop {
            let changed = self.changed.notified();
            if self.now() >= phase {
                return;
            }
            changed.await;
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct World {
    /// Decides everything.
    pub seed: u64,
    /// What kind of run.
    pub preset: Preset,
    /// Time.
    pub clock: Clock,
    /// The record.
    pub trace: Arc<Trace>,
    /// The network.
    pub net: Arc<Net>,
    /// What was said, and what came of it.
    pub ledger: Ledger,
    /// How far the run is.
    pub phase: Stage,
    /// How to join, once the server runs.
    pub link: OnceLock<ServerLink>,
    /// The server's place.
    pub server: Place,
    /// People's places.
    pub people: Vec<Place>,
    root: PathBuf,
    faults: Mutex<BTreeMap<Fault, u64>>,
}

/// Where somebody's machine stands; after a crash another one.
#[derive(Debug, Default)]
pub struct Place {
    machine: Mutex<Option<Arc<Machine>>>,
    /// Whoever lives there is to stop and start in an orderly way.
    pub restart: Notify,
}

impl Place {
    /// A machine takes the place of the one before.
    pub fn put(&self, machine: Option<Arc<Machine>>) {
        *self.slot() = machine;
    }

    /// The one that runs, if one does.
    pub fn machine(&self) -> Option<Arc<Machine>> {
        self.slot().clone()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Machine>>> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// A world with so many people, its files in `root`.
    pub fn new(seed: u64, preset: Preset, people: usize, root: &Path) -> Self {
        let clock = Clock::begin();
        let trace = Arc::new(Trace::new(clock));
        Self {
            seed,
            preset,
            clock,
            net: Net::new(clock, Arc::clone(&trace), people),
            ledger: Ledger::new(Arc::clone(&trace)),
            trace,
            phase: Stage::default(),
            link: OnceLock::new(),
            server: Place::default(),
            people: (0..people).map(|_| Place::default()).collect(),
            root: root.to_owned(),
            faults: Mutex::default(),
        }
    }

    /// The chance of one part of the run.
    pub fn chance(&self, part: &str) -> Chance {
        // FNV-1a: parts differ, that is all.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Chance::of(self.seed, part.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
    }

    /// Where somebody has their files, and where those go that a crash leaves.
    pub fn dirs(&self, name: &str, life: u64) -> (PathBuf, PathBuf) {
        let dir = |life| self.root.join(format!("{name}-{life}"));
        (dir(life), dir(life + 1))
    }

    /// Where somebody has what they send, in all their lives.
    pub fn outgoing(&self, person: usize) -> PathBuf {
        self.root.join(format!("outgoing-{person}"))
    }

    /// Waits until the run is that far.
    pub async fn reached(&self, phase: Phase) {
        self.phase.reached(phase).await;
    }

    /// Whether people still do things.
    pub fn is_busy(&self) -> bool {
        self.phase.now() == Phase::Busy
    }

    /// Counts something that goes wrong.
    pub fn count(&self, fault: Fault) {
        *self.faults().entry(fault).or_default() += 1;
    }

    /// What went wrong, how often.
    pub fn faults(&self) -> MutexGuard<'_, BTreeMap<Fault, u64>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
