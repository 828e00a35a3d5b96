//! What a file does to the chat beside it: over one slow link with a queue before it, exact,
//! because it is virtual time.
//!
//! One person writes, 20 messages a second, and sends a file meanwhile over the same connection;
//! another one reads. Only messages that were written while the file was on its way count.

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use tertulia_client::{Client, ClientEvent, Congestion, Content};
use tertulia_proto::{DisplayName, MessageText, RoomId};
use tokio::{runtime, sync::mpsc, task::JoinSet, time};

use super::{
    preset::Preset,
    process::Process,
    run::folder,
    server_host::ServerHost,
    world::{PATIENCE, World},
};
use crate::link::{Conditions, Loss, Profile, Rate, rng::Rng};

/// Who writes and sends, and who reads.
const WRITER: usize = 0;
const READER: usize = 1;
const PEOPLE: usize = 2;
/// One message every so long on average.
const EVERY_MS: u64 = 50;
/// Messages before the file begins: the connection has learned the path by then.
const FIRST: Duration = Duration::from_secs(3);

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// From the writer to a reader, if nothing is lost and nothing waits.
    pub rtt: Duration,
    /// In each direction of each link.
    pub loss: Loss,
    /// Of each direction of each link.
    pub rate: Rate,
    /// The file's size; none: chat alone, for ten seconds.
    pub bytes: Option<u64>,
    /// What the writer's window goes by.
    pub congestion: Congestion,
    /// Whether small frames follow once more.
    pub copies: bool,
    /// Chance.
    pub seed: u64,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// How long messages took, in order of size.
    pub sorted: Vec<Duration>,
    /// Messages that never came.
    pub lost: usize,
    /// Messages that came again.
    pub twice: usize,
    /// From the beginning of the upload to its receipt.
    pub file: Duration,
    /// Packets that found the queue full.
    pub full: u64,
}

impl Seen {
    /// So many of a thousand messages took at most that long.
    pub fn per_mille(&self, share: usize) -> Duration {
        let place = (self.sorted.len() * share).div_ceil(1_000).max(1) - 1;
        self.sorted.get(place).copied().unwrap_or_default()
    }

    /// Takes another run's in.
    pub fn add(&mut self, other: Self) {
        self.sorted.extend(other.sorted);
        self.sorted.sort_unstable();
        self.lost += other.lost;
        self.twice += other.twice;
        self.full += other.full;
        self.file = self.file.max(other.file);
    }
}

/// Runs a course on this thread.
pub fn run(course: Course) -> anyhow::Result<Seen> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(live(course, root.path()))
}

async fn live(course: Course, root: &Path) -> anyhow::Result<Seen> {
    let world = Arc::new(World::new(course.seed, Preset::Links, PEOPLE, root));
    let mut carrier = JoinSet::new();
    carrier.spawn(Arc::clone(&world.net).carry());
    let host = ServerHost::start(&world, 0).await?;
    let conditions = Conditions {
        delay: course.rtt / 2,
        loss: course.loss,
        rate: Some(course.rate),
        ..Conditions::default()
    };
    let mut people = Vec::new();
    for person in 0..PEOPLE {
        let seed = course.seed ^ person as u64;
        world.net.set_link(person, Profile::symmetric(conditions), seed);
        let (copies, congestion) = (course.copies, course.congestion);
        let opened = Process::open_with(&world, person, 0, false, copies, congestion);
        let (process, events) = opened.await?;
        let name = DisplayName::new(&format!("person{person}"))?;
        process.client.join(&host.link(), &name).await?;
        people.push((process, events));
    }
    let (shown_tx, mut shown) = mpsc::unbounded_channel();
    let (events, reader) = (people[READER].1.clone(), Arc::clone(&world));
    let mut reading = JoinSet::new();
    reading.spawn(async move { read(&reader, &events, &shown_tx).await });
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = people[WRITER].0.client.clone();
    let mut writing = JoinSet::new();
    let (chat, client, over) = (Arc::clone(&world), writer.clone(), Arc::clone(&is_over));
    writing.spawn(async move { write(&chat, &client, &over).await });

    time::sleep(FIRST).await;
    let begun = world.clock.now();
    match course.bytes {
        None => time::sleep(Duration::from_secs(10)).await,
        Some(bytes) => {
            let path = root.join("file");
            fs::write(&path, content(course.seed, bytes))?;
            let mut upload = writer.upload(RoomId::LOBBY, None, path);
            time::timeout(PATIENCE, upload.outcome()).await.context("the file never came")??;
        }
    }
    let ended = world.clock.now();
    is_over.store(true, Ordering::Relaxed);
    let written = writing.join_next().await.context("nobody wrote")???;
    let mut all = Vec::new();
    let take_all = async {
        while all.len() < written.len()
            && let Some(message) = shown.recv().await
        {
            all.push(message);
        }
    };
    // What never comes is counted as lost.
    let _ = time::timeout(PATIENCE, take_all).await;
    let mut seen = Seen { file: ended - begun, full: world.net.counts().full, ..Seen::default() };
    seen.count(&written, &all, begun..ended);
    ensure!(!seen.sorted.is_empty(), "nothing was written meanwhile");
    for (process, _) in people {
        process.close(Duration::ZERO).await;
    }
    host.server.shutdown().await;
    Ok(seen)
}

/// Bytes that do not repeat, so that no two runs send the same.
pub fn content(seed: u64, bytes: u64) -> Vec<u8> {
    let mut rng = Rng::of(seed, 99);
    let mut content = Vec::with_capacity(bytes as usize + 8);
    while (content.len() as u64) < bytes {
        content.extend_from_slice(&rng.bits().to_le_bytes());
    }
    content.truncate(bytes as usize);
    content
}

/// Writes until it is over; when each message was written.
async fn write(
    world: &World,
    client: &Client,
    is_over: &AtomicBool,
) -> anyhow::Result<Vec<Duration>> {
    let chance = world.chance("messages");
    let mut written = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        time::sleep(chance.ms(0..2 * EVERY_MS)).await;
        // 150 bytes, as somebody who tells something.
        let text = MessageText::new(&format!("{} {}", written.len(), "x".repeat(140)))?;
        written.push(world.clock.now());
        drop(client.queue(RoomId::LOBBY, text, None).await?);
    }
    Ok(written)
}

/// Tells of each message that is shown, and when.
async fn read(
    world: &World,
    events: &async_channel::Receiver<ClientEvent>,
    shown: &mpsc::UnboundedSender<(usize, Duration)>,
) {
    while let Ok(event) = events.recv().await {
        let ClientEvent::Items { items, .. } = event else { continue };
        for item in items {
            let Content::Text(text) = &item.content else { continue };
            let number = text.as_str().split(' ').next().and_then(|n| n.parse().ok());
            if let Some(number) = number {
                // Nobody counts any more.
                let _ = shown.send((number, world.clock.now()));
            }
        }
    }
}

impl Seen {
    fn count(
        &mut self,
        written: &[Duration],
        shown: &[(usize, Duration)],
        meanwhile: Range<Duration>,
    ) {
        let mut first = BTreeMap::new();
        for (number, at) in shown {
            self.twice += usize::from(first.insert(*number, *at).is_some());
        }
        for (number, at) in written.iter().enumerate() {
            match first.get(&number) {
                None => self.lost += 1,
                Some(shown) if meanwhile.contains(at) => self.sorted.push(*shown - *at),
                Some(_) => {}
            }
        }
        self.sorted.sort_unstable();
    }
}
