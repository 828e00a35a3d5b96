//! What a file does to the chat beside it: over slow links with a queue before them, between real
//! kernels. All systems at once, each on links of its own.
//!
//! One person writes, 20 messages a second, and sends files meanwhile, one after the other; another
//! one reads. Only messages that were written while a file was on its way count. TCP's file goes over
//! the same connection, where it gives way to what is said and the kernel takes little of it ahead,
//! or over a second one; it is counted by the server and kept nowhere, ours is kept as always.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use tertulia_client::{Client, Congestion};
use tertulia_proto::{MessageText, RoomId, RoomName};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{Ours, System, Theirs, ours, person::Person};
use crate::{
    emu::{SelfCheck, World, client_address},
    latencies::text,
    link::{Conditions, Loss, Profile, Rate, rng::Rng},
    peer,
    sim::beside::{Seen, content},
};

/// Messages before a file begins: the connection has learned the path by then.
const FIRST: Duration = Duration::from_secs(3);
/// One message every so long on average.
const EVERY: Duration = Duration::from_millis(50);
/// Chat alone is looked at for so long.
const ALONE: Duration = Duration::from_secs(10);
/// No file takes longer.
const PATIENCE: Duration = Duration::from_secs(300);
/// What was not shown so long after the last file is lost.
const LATEST: Duration = Duration::from_secs(30);
const SHOWN: usize = 1 << 16;

/// What carries the file and the chat beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Ours, with a window that goes by that.
    Ours(Congestion),
    /// Ours, nothing being sent and nothing lost: what any of them can reach at best.
    Alone,
    /// The baseline: the file over the connection of the chat, or over one of its own.
    Tcp {
        /// Its kind.
        system: System,
        /// Whether the file has a connection of its own.
        is_apart: bool,
    },
}

impl Carrier {
    /// All of them, ours first.
    pub const ALL: [Self; 8] = [
        Self::Ours(Congestion::Gentle),
        Self::Ours(Congestion::Cubic),
        Self::Ours(Congestion::Bbr),
        Self::Tcp { system: System::Cubic, is_apart: false },
        Self::Tcp { system: System::Bbr, is_apart: false },
        Self::Tcp { system: System::Cubic, is_apart: true },
        Self::Tcp { system: System::Bbr, is_apart: true },
        Self::Alone,
    ];

    /// As other programs know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours(Congestion::Gentle) => "tertulia",
            Self::Ours(Congestion::Cubic) => "quic-cubic",
            Self::Ours(Congestion::Bbr) => "quic-bbr",
            Self::Alone => "bound",
            Self::Tcp { system: System::Cubic, is_apart: false } => "tcp-tls-cubic",
            Self::Tcp { system: System::Cubic, .. } => "tcp-tls-cubic-two",
            Self::Tcp { is_apart: false, .. } => "tcp-tls-bbr",
            Self::Tcp { .. } => "tcp-tls-bbr-two",
        }
    }

    /// What it is a case of.
    pub const fn system(self) -> System {
        match self {
            Self::Tcp { system, .. } => system,
            _ => System::Tertulia,
        }
    }
}

/// What is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// By what.
    pub carriers: Vec<Carrier>,
    /// From the writer to the reader, if nothing is lost and nothing waits.
    pub rtt: Duration,
    /// In each direction of each link.
    pub loss: Loss,
    /// Of each direction of each link.
    pub rate: Rate,
    /// A file's size.
    pub bytes: u64,
    /// How many.
    pub files: u32,
    /// Chance.
    pub seed: u64,
    /// Where servers and clients keep their files.
    pub dir: PathBuf,
}

/// Runs a plan: what was seen of each carrier.
pub fn run(world: World, plan: &Plan) -> Result<(Vec<Seen>, SelfCheck)> {
    let world = Arc::new(world);
    let played = world.clients().handle().spawn(play(Arc::clone(&world), plan.clone()));
    world.clients().handle().block_on(played)?
}

async fn play(world: Arc<World>, plan: Plan) -> Result<(Vec<Seen>, SelfCheck)> {
    let systems = plan.carriers.iter().map(|carrier| carrier.system());
    let servers = super::serve(&world, &plan.dir, systems).await?;
    let mut couples = Vec::new();
    for place in 0..plan.carriers.len() {
        couples.push(Couple::new(&world, &plan, &servers, place).await?);
    }
    world.self_check();
    let mut running = JoinSet::new();
    for couple in couples {
        running.spawn(async move { (couple.place, couple.run().await) });
    }
    let mut found = vec![Seen::default(); plan.carriers.len()];
    while let Some(ended) = running.join_next().await {
        let (place, seen) = ended?;
        found[place] = seen.with_context(|| plan.carriers[place].name())?;
    }
    let check = world.self_check();
    servers.0.stop().await;
    Ok((found, check))
}

/// One who writes, and one who reads.
struct Couple {
    place: usize,
    world: Arc<World>,
    plan: Plan,
    carrier: Carrier,
    room: RoomId,
    writer: Person,
    reader: Person,
    line: Option<Line>,
}

/// How a file gets there.
enum Line {
    Ours(Client),
    Theirs { line: peer::FileLine, files: peer::Files, device: [u8; 32] },
}

impl Couple {
    async fn new(
        world: &Arc<World>,
        plan: &Plan,
        servers: &(Ours, Theirs),
        place: usize,
    ) -> Result<Self> {
        let carrier = plan.carriers[place];
        let [at, reader_at] = [0, 1].map(|n| client_address(place * 2 + n));
        let (delay, rate) = (plan.rtt / 2, Some(plan.rate));
        let clean = Conditions { delay, rate, ..Conditions::default() };
        // Windows go by the first round trip, too.
        for address in [at, reader_at] {
            world.set_link(address, Profile::symmetric(clean), plan.seed);
        }
        let name = format!("couple{place}");
        let mut writer = joined(servers, plan, carrier, at, &name).await?;
        let reader_name = format!("{name}-reader");
        let mut reader = joined(servers, plan, carrier, reader_at, &reader_name).await?;
        let room_name = RoomName::new(&name)?;
        let room = writer.create(&room_name).await?;
        reader.enter(&room_name).await?;
        let line = match (&writer, carrier) {
            (_, Carrier::Alone) => None,
            (Person::Ours(client, _), _) => Some(Line::Ours(client.clone())),
            (Person::Theirs(person), Carrier::Tcp { is_apart, .. }) => {
                let device = *person.client().device.fingerprint().as_bytes();
                let line = person.file_line(is_apart).await?;
                Some(Line::Theirs { line, files: servers.1.files(), device })
            }
            (Person::Theirs(_), _) => None,
        };
        let loss = if carrier == Carrier::Alone { Loss::None } else { plan.loss };
        let link = Conditions { loss, ..clean };
        for address in [at, reader_at] {
            world.set_link(address, Profile::symmetric(link), plan.seed);
        }
        let (world, plan) = (Arc::clone(world), plan.clone());
        Ok(Self { place, world, plan, carrier, room, writer, reader, line })
    }

    async fn run(self) -> Result<Seen> {
        let Self { place, world, plan, carrier, room, mut writer, mut reader, line } = self;
        let (shown_tx, mut shown) = mpsc::channel(SHOWN);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Some(numbers) = reader.shown().await {
                for number in numbers {
                    if shown_tx.send((number, Instant::now())).await.is_err() {
                        return;
                    }
                }
            }
        });
        let (over_tx, over) = watch::channel(false);
        let mut rng = Rng::of(plan.seed, 4_000 + place as u64);
        let mut said = BTreeMap::new();
        let chatting = async {
            while !*over.borrow() {
                let pause = (EVERY * 2).mul_f64(rng.unit());
                writer.listen_until(sleep(pause)).await;
                let number = said.len() as u32;
                said.insert(number, Instant::now());
                writer.post(room, MessageText::new(&text(number))?).await?;
            }
            anyhow::Ok(())
        };
        let sending = async {
            let sent = send(&plan, line, (place, room)).await;
            over_tx.send_replace(true);
            sent
        };
        let (chatted, times) = tokio::join!(chatting, sending);
        let times = chatted.and(times)?;
        let mut first = BTreeMap::new();
        let mut seen = Seen::default();
        let gathering = async {
            while first.len() < said.len()
                && let Some((number, at)) = shown.recv().await
            {
                seen.twice += usize::from(first.insert(number, at).is_some());
            }
        };
        // What never comes is counted as lost.
        let _ = timeout(LATEST, writer.listen_until(gathering)).await;
        for (number, at) in &said {
            let is_meanwhile = times.iter().any(|time| (time.0..time.1).contains(at));
            match first.get(number) {
                None => seen.lost += 1,
                Some(shown) if is_meanwhile => seen.sorted.push(*shown - *at),
                Some(_) => {}
            }
        }
        seen.sorted.sort_unstable();
        ensure!(!seen.sorted.is_empty(), "nothing was written meanwhile");
        seen.file = times.iter().map(|time| time.1 - time.0).max().unwrap_or_default();
        let (up, down) = world.counts(client_address(place * 2));
        seen.full = up.full + down.full;
        if carrier == Carrier::Alone {
            seen.full = 0;
        }
        writer.leave().await;
        Ok(seen)
    }
}

/// Sends the files: when each began and was there.
async fn send(
    plan: &Plan,
    line: Option<Line>,
    (place, room): (usize, RoomId),
) -> Result<Vec<(Instant, Instant)>> {
    let Some(line) = line else {
        sleep(FIRST).await;
        let begun = Instant::now();
        sleep(ALONE).await;
        return Ok(vec![(begun, Instant::now())]);
    };
    let mut times = Vec::new();
    for number in 0..plan.files {
        let seed = plan.seed ^ (u64::from(number) << 32) ^ ((place as u64) << 48);
        let bytes = content(seed, plan.bytes);
        let path = plan.dir.join(format!("file{place}-{number}"));
        fs::write(&path, &bytes)?;
        sleep(FIRST).await;
        let begun = Instant::now();
        let sending = async {
            match &line {
                Line::Ours(client) => {
                    client.upload(room, None, path.clone()).outcome().await?;
                }
                Line::Theirs { line, files, device } => {
                    let pieces = line.send(&bytes).await?;
                    files.arrived(*device, pieces).await;
                }
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, sending).await.context("the file never came")??;
        times.push((begun, Instant::now()));
        fs::remove_file(&path)?;
    }
    Ok(times)
}

async fn joined(
    (ours, theirs): &(Ours, Theirs),
    plan: &Plan,
    carrier: Carrier,
    at: std::net::Ipv4Addr,
    name: &str,
) -> Result<Person> {
    let congestion = match carrier {
        Carrier::Tcp { system, .. } => {
            return Ok(Person::Theirs(Box::new(theirs.join(at, name, system).await?)));
        }
        Carrier::Ours(congestion) => congestion,
        Carrier::Alone => Congestion::default(),
    };
    let way = ours::Way { congestion, ..ours::Way::default() };
    let line = ours::Line::at(at, true)?;
    let (client, events) = ours.join_on(line, &plan.dir.join(name), name, way).await?;
    Ok(Person::Ours(client, events))
}
