//! Ours beside a TCP connection that fills a link: what is left to whom. Each case on a slow link of
//! its own with a queue before it, at once, between real kernels.
//!
//! The connection sends small records as fast as it can; of each it is seen how long it took. Beside
//! it, through the same queue, is nothing, somebody of ours who chats, one who sends a file too, or
//! one more connection of the same kind: what is fair.

use std::{collections::BTreeMap, fs, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use socket2::SockRef;
use tertulia_proto::{MessageText, RoomName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{Ours, System, Theirs, person::Person};
use crate::{
    emu::{SERVER, SelfCheck, World, client_address},
    latencies::text,
    link::{Conditions, Counts, Profile, Rate, rng::Rng},
    peer::Congestion,
    sim::beside::content,
};

/// Before it is looked at: both have found their rate by then.
const FIRST: Duration = Duration::from_secs(6);
/// What comes after is not looked at: what was said is there by then.
const LAST: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_millis(50);
/// One record of the connection's.
const RECORD: usize = 1_000;
/// Bytes that its kernel takes and has not sent: a record's time is that of the network.
const UNSENT: u32 = 16 << 10;
const SHOWN: usize = 1 << 16;

/// What is beside the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing: what the connection has of the link.
    Nothing,
    /// One of ours who says twenty messages a second.
    Chat,
    /// The same, with a file meanwhile.
    File,
    /// Another connection like it.
    Tcp,
}

impl Beside {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Chat, Self::File, Self::Tcp];

    /// As other programs know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Chat => "chat",
            Self::File => "chat+file",
            Self::Tcp => "tcp",
        }
    }
}

/// One case.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// The connection's.
    pub congestion: Congestion,
    /// What is beside it.
    pub beside: Beside,
}

/// What is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The cases.
    pub courses: Vec<Course>,
    /// Of the link.
    pub rtt: Duration,
    /// Of each direction of the link.
    pub rate: Rate,
    /// How long it is looked at.
    pub lasts: Duration,
    /// The file, which is not to end before.
    pub bytes: u64,
    /// Chance.
    pub seed: u64,
    /// Where servers and clients keep their files.
    pub dir: PathBuf,
}

/// What was seen of a case.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How long records of the connection took, in order of size.
    pub records: Vec<Duration>,
    /// How long our messages took, likewise.
    pub messages: Vec<Duration>,
    /// Bytes that the link carried for the connection, and for what is beside it.
    pub carried: [u64; 2],
    /// Our messages that never came.
    pub lost: usize,
}

/// Runs a plan.
pub fn run(world: World, plan: &Plan) -> Result<(Vec<Seen>, SelfCheck)> {
    let world = Arc::new(world);
    let played = world.clients().handle().spawn(play(Arc::clone(&world), plan.clone()));
    world.clients().handle().block_on(played)?
}

async fn play(world: Arc<World>, plan: Plan) -> Result<(Vec<Seen>, SelfCheck)> {
    let servers = super::serve(&world, &plan.dir, [System::Tertulia]).await?;
    let mut cases = Vec::new();
    for place in 0..plan.courses.len() {
        cases.push(Case::new(&world, &plan, &servers, place).await?);
    }
    world.self_check();
    let mut running = JoinSet::new();
    for (place, case) in cases.into_iter().enumerate() {
        running.spawn(async move { (place, case.run().await) });
    }
    let mut found = vec![Seen::default(); plan.courses.len()];
    while let Some(ended) = running.join_next().await {
        let (place, seen) = ended?;
        found[place] = seen?;
    }
    let check = world.self_check();
    servers.0.stop().await;
    Ok((found, check))
}

struct Case {
    world: Arc<World>,
    plan: Plan,
    place: usize,
    course: Course,
    people: Option<(Person, Person, tertulia_proto::RoomId)>,
}

impl Case {
    async fn new(
        world: &Arc<World>,
        plan: &Plan,
        servers: &(Ours, Theirs),
        place: usize,
    ) -> Result<Self> {
        let course = plan.courses[place];
        let [host, guest, reader_at] = addresses(place);
        let (delay, rate) = (plan.rtt / 2, Some(plan.rate));
        let link = Conditions { delay, rate, ..Conditions::default() };
        world.set_link(host, Profile::symmetric(link), plan.seed);
        world.set_link(reader_at, Profile::default(), plan.seed);
        world.share_link(guest, host);
        let people = match course.beside {
            Beside::Nothing | Beside::Tcp => None,
            Beside::Chat | Beside::File => {
                let name = format!("case{place}");
                let mut writer = joined(servers, plan, guest, &name).await?;
                let mut reader =
                    joined(servers, plan, reader_at, &format!("{name}-reader")).await?;
                let room_name = RoomName::new(&name)?;
                let room = writer.create(&room_name).await?;
                reader.enter(&room_name).await?;
                Some((writer, reader, room))
            }
        };
        let (world, plan) = (Arc::clone(world), plan.clone());
        Ok(Self { world, plan, place, course, people })
    }

    async fn run(self) -> Result<Seen> {
        let Self { world, plan, place, course, people } = self;
        let [host, guest, _] = addresses(place);
        let begun = Instant::now();
        let [from, until] = [begun + FIRST, begun + FIRST + plan.lasts];
        let counted = async {
            sleep_until(from).await;
            let before = [host, guest].map(|at| carried(world.counts(at).0));
            sleep_until(until).await;
            let after = [host, guest].map(|at| carried(world.counts(at).0));
            let [all, ours] = [0, 1].map(|n| after[n] - before[n]);
            [all.saturating_sub(ours), ours]
        };
        let filling = flow(&world, host, course.congestion, (begun, until));
        let beside = async {
            match (course.beside, people) {
                (Beside::Tcp, _) => {
                    flow(&world, guest, course.congestion, (begun, until)).await?;
                    anyhow::Ok((Vec::new(), 0))
                }
                (what, Some(people)) => {
                    let file = (what == Beside::File).then_some(plan.bytes);
                    chat(&plan, place, people, file, (from, until)).await
                }
                _ => Ok((Vec::new(), 0)),
            }
        };
        let (carried, records, beside) = tokio::join!(counted, filling, beside);
        let (messages, lost) = beside?;
        let mut records: Vec<_> =
            records?.into_iter().filter(|(at, _)| *at >= from).map(|(_, took)| took).collect();
        records.sort_unstable();
        Ok(Seen { records, messages, carried, lost })
    }
}

/// The connection's, of the one beside it, and of who reads what that says.
fn addresses(place: usize) -> [Ipv4Addr; 3] {
    [0, 1, 2].map(|n| client_address(place * 3 + n))
}

fn carried(counts: Counts) -> u64 {
    // Packets of a full link are of one size, nearly.
    let dropped = counts.bytes * counts.full / counts.packets.max(1);
    counts.bytes - dropped
}

async fn joined(servers: &(Ours, Theirs), plan: &Plan, at: Ipv4Addr, name: &str) -> Result<Person> {
    let (client, events) = servers.0.join(at, &plan.dir.join(name), name, true).await?;
    Ok(Person::Ours(client, events))
}

/// A connection that fills the link until then; when its records left, and how long they took.
async fn flow(
    world: &World,
    at: Ipv4Addr,
    congestion: Congestion,
    (begun, until): (Instant, Instant),
) -> Result<Vec<(Instant, Duration)>> {
    let (told_tx, mut told) = mpsc::channel(1);
    let receiving = world.server().handle().spawn(async move {
        let listener = TcpListener::bind((SERVER, 0)).await?;
        congestion.set(&listener)?;
        told_tx.send(listener.local_addr()?).await?;
        let (mut stream, _) = listener.accept().await?;
        let mut records = Vec::new();
        let mut record = [0; RECORD];
        while stream.read_exact(&mut record).await.is_ok() {
            let left = u64::from_be_bytes(*record.first_chunk().context("a record")?);
            let left = begun + Duration::from_nanos(left);
            records.push((left, Instant::now().saturating_duration_since(left)));
        }
        anyhow::Ok(records)
    });
    let to = told.recv().await.context("nobody listens")?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((at, 0).into())?;
    congestion.set(&socket)?;
    let mut stream = socket.connect(to).await?;
    SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
    let mut record = [7; RECORD];
    while Instant::now() < until {
        record[..8].copy_from_slice(&(begun.elapsed().as_nanos() as u64).to_be_bytes());
        stream.write_all(&record).await?;
    }
    stream.shutdown().await?;
    drop(stream);
    receiving.await?
}

/// Twenty messages a second, with a file that does not end before; how long they took that were said
/// in that time, and how many never came.
async fn chat(
    plan: &Plan,
    place: usize,
    (mut writer, mut reader, room): (Person, Person, tertulia_proto::RoomId),
    file: Option<u64>,
    (from, until): (Instant, Instant),
) -> Result<(Vec<Duration>, usize)> {
    let upload = match (&writer, file) {
        (Person::Ours(client, _), Some(bytes)) => {
            let path = plan.dir.join(format!("large{place}"));
            fs::write(&path, content(plan.seed ^ place as u64, bytes))?;
            Some(client.upload(room, None, path))
        }
        _ => None,
    };
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
    let mut rng = Rng::of(plan.seed, 5_000 + place as u64);
    let mut said = BTreeMap::new();
    while Instant::now() < until {
        let pause = (EVERY * 2).mul_f64(rng.unit());
        writer.listen_until(sleep(pause)).await;
        let number = said.len() as u32;
        said.insert(number, Instant::now());
        writer.post(room, MessageText::new(&text(number))?).await?;
    }
    writer.listen_until(sleep(LAST)).await;
    drop(upload);
    let mut first = BTreeMap::new();
    while let Ok((number, at)) = shown.try_recv() {
        first.entry(number).or_insert(at);
    }
    let meanwhile = said.iter().filter(|(_, at)| (from..until).contains(*at));
    let took: Vec<Option<Duration>> =
        meanwhile.map(|(number, at)| Some(*first.get(number)? - *at)).collect();
    let lost = took.iter().filter(|took| took.is_none()).count();
    let mut messages: Vec<_> = took.into_iter().flatten().collect();
    messages.sort_unstable();
    writer.leave().await;
    Ok((messages, lost))
}
