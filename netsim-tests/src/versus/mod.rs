//! Ours and the baseline side by side: the same messages at the same time over links of the same
//! kind, between real kernels ([`crate::emu`]).
//!
//! One writes into four rooms, two read; each has a link of their own, with half of the round trip
//! as its delay, which loses packets in both directions. A message that loses nothing takes a round
//! trip from the writer to a reader, and what programs, kernels and the disk take. Many such groups
//! run at once, all of one process and by one clock.

pub mod beside;
mod courses;
pub mod fairness;
mod group;
mod load;
mod ours;
pub mod outage;
mod pair;
mod person;
pub mod roam;
pub mod setup;
mod theirs;

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::{
    emu::{SERVER, SelfCheck, World},
    latencies::Latencies,
    link::{Conditions, Loss, Profile, Trace},
    peer::{self, Congestion, NotHere},
};

use group::Group;
use load::Load;
use ours::Ours;
use theirs::Theirs;

/// People in a group.
pub(crate) const PEOPLE: usize = 3;

pub use pair::{Ground, Who};

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Ours.
    Tertulia,
    /// Ours without copies of small frames.
    QuicPlain,
    /// The baseline ([`crate::peer`]), loss taken for congestion.
    Cubic,
    /// The baseline with BBR.
    Bbr,
    /// The same over two connections at once; of each message the copy that comes first counts.
    BbrRaced,
}

impl System {
    /// All of them, ours first.
    pub const ALL: [Self; 5] =
        [Self::Tertulia, Self::QuicPlain, Self::Cubic, Self::Bbr, Self::BbrRaced];

    /// As other programs know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tertulia => "tertulia",
            Self::QuicPlain => "quic-plain",
            Self::Cubic => "tcp-tls-cubic",
            Self::Bbr => "tcp-tls-bbr",
            Self::BbrRaced => "tcp-tls-bbr-raced",
        }
    }

    /// What it is, for people.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Tertulia => "Tertulia",
            Self::QuicPlain => "Tertulia without copies: plain QUIC",
            Self::Cubic => "TLS 1.3 over TCP, CUBIC",
            Self::Bbr => "TLS 1.3 over TCP, BBR",
            Self::BbrRaced => "two TCP connections raced, BBR",
        }
    }

    /// Whether what it carries has to arrive, whatever happens.
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Tertulia | Self::QuicPlain)
    }

    /// How many connections carry the same.
    const fn ways(self) -> usize {
        match self {
            Self::BbrRaced => 2,
            _ => 1,
        }
    }

    const fn congestion(self) -> Option<Congestion> {
        match self {
            Self::Tertulia | Self::QuicPlain => None,
            Self::Cubic => Some(Congestion::Cubic),
            Self::Bbr | Self::BbrRaced => Some(Congestion::Bbr),
        }
    }
}

/// No system has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no system {0:?}; there are {list}", list = System::ALL.map(System::name).join(", "))]
pub struct UnknownSystem(String);

impl FromStr for System {
    type Err = UnknownSystem;

    fn from_str(name: &str) -> Result<Self, UnknownSystem> {
        let found = Self::ALL.into_iter().find(|system| system.name() == name);
        found.ok_or_else(|| UnknownSystem(name.to_owned()))
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// By what.
    pub system: System,
    /// What each of its links does.
    pub way: Way,
}

/// What a link does.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// It takes half of the plan's round trip, and loses these, in each direction.
    Steady(Loss),
    /// As was recorded.
    Recorded(Arc<Trace>),
}

impl Way {
    /// That client's link is like that from now on.
    fn begin(&self, world: &World, client: Ipv4Addr, plan: &Plan) {
        match self {
            Self::Steady(loss) => {
                let conditions = Conditions { loss: *loss, ..plan.clean() };
                world.set_link(client, Profile::symmetric(conditions), plan.seed);
            }
            Self::Recorded(trace) => drop(world.set_trace(client, trace, plan.seed)),
        }
    }
}

/// What is run, all of it at once.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The groups.
    pub cells: Vec<Cell>,
    /// From the writer to a reader, if nothing is lost.
    pub rtt: Duration,
    /// Messages of each group that count.
    pub messages: u32,
    /// What was not delivered so long after the last message is given up.
    pub patience: Duration,
    /// Chance of links and of pauses.
    pub seed: u64,
    /// Where servers and clients keep their files.
    pub dir: PathBuf,
}

impl Plan {
    /// A link that loses nothing.
    fn clean(&self) -> Conditions {
        Conditions { delay: self.rtt / 2, ..Conditions::default() }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// By group.
    pub latencies: Vec<Latencies>,
    /// How well the emulator did meanwhile.
    pub check: SelfCheck,
}

/// Whether this kernel has what a system takes; it is said what it lacks.
pub fn can(world: &World, system: System) -> Result<Result<(), NotHere>> {
    let Some(congestion) = system.congestion() else { return Ok(Ok(())) };
    let place = world.server().handle();
    place.block_on(place.spawn(peer::Server::can(SERVER, congestion)))?
}

/// Runs a plan.
pub fn run(world: World, plan: &Plan) -> Result<Outcome> {
    let world = Arc::new(world);
    let played = world.clients().handle().spawn(play(Arc::clone(&world), plan.clone()));
    world.clients().handle().block_on(played)?
}

async fn play(world: Arc<World>, plan: Plan) -> Result<Outcome> {
    let systems = plan.cells.iter().map(|cell| cell.system);
    let servers = Arc::new(serve(&world, &plan.dir, systems).await?);
    let mut gathering = JoinSet::new();
    for (place, cell) in plan.cells.iter().cloned().enumerate() {
        let (world, plan, servers) = (Arc::clone(&world), plan.clone(), Arc::clone(&servers));
        gathering.spawn(async move { Group::new(&world, &plan, place, cell, &servers).await });
    }
    // All are there before anybody speaks.
    let groups = gathering.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    // Setting up is not what is measured.
    world.self_check();
    let mut talking = JoinSet::new();
    for group in groups {
        let load = Load::new(&plan, group.place);
        talking.spawn(async move { (group.place, group.talk(load).await) });
    }
    let mut latencies: Vec<_> = talking.join_all().await;
    let check = world.self_check();
    latencies.sort_by_key(|(place, _)| *place);
    servers.0.stop().await;
    Ok(Outcome { latencies: latencies.into_iter().map(|(_, found)| found).collect(), check })
}

/// Our server, and the baseline's, for those.
async fn serve(
    world: &Arc<World>,
    dir: &Path,
    systems: impl IntoIterator<Item = System>,
) -> Result<(Ours, Theirs)> {
    let systems: BTreeSet<System> = systems.into_iter().collect();
    let ours = Ours::start(world, &dir.join("tertulia")).await?;
    let theirs = Theirs::start(world, &dir.join("peer"), &systems).await?;
    Ok((ours, theirs))
}
