//! How long messages take through links that lose packets: exact, because it is virtual time.
//!
//! One person writes into four rooms, two read. Each has a link of their own to the server, with
//! half of the round trip as its delay, so that a message that loses nothing takes a round trip
//! from the writer to a reader, and nothing more: programs and disks take no time here.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use tertulia_client::{ClientEvent, Congestion};
use tertulia_proto::{DisplayName, HistoryPolicy, MessageText, RoomId, RoomKind, RoomName, Topic};
use tokio::{runtime, task::JoinSet, time};

use super::{
    preset::Preset,
    process::Process,
    run::folder,
    server_host::ServerHost,
    world::{PATIENCE, World},
};
use crate::{
    latencies::{Latencies, SentAt, numbers_in, text},
    link::{Conditions, Loss, Profile},
};

/// Rooms that are written into.
const ROOMS: u64 = 4;
/// Into all of them together, one message every so long on average.
const EVERY_MS: u64 = 50;
/// Who writes, and who reads.
const WRITER: usize = 0;
const PEOPLE: usize = 3;
/// Messages before those that count: the connection has learned the path by then.
const FIRST: u32 = 100;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// From the writer to a reader, if nothing is lost.
    pub rtt: Duration,
    /// In each direction of each link.
    pub loss: Loss,
    /// Messages that count.
    pub messages: u32,
    /// Whether small frames follow once more.
    pub copies: bool,
    /// Chance.
    pub seed: u64,
}

/// Runs a course on this thread.
pub fn run(course: Course) -> anyhow::Result<Latencies> {
    let root = folder()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(live(course, root.path()))
}

async fn live(course: Course, root: &Path) -> anyhow::Result<Latencies> {
    let world = Arc::new(World::new(course.seed, Preset::Links, PEOPLE, root));
    let mut carrier = JoinSet::new();
    carrier.spawn(Arc::clone(&world.net).carry());
    let host = ServerHost::start(&world, 0).await?;
    let mut processes = Vec::new();
    let link = Conditions { delay: course.rtt / 2, ..Conditions::default() };
    for person in 0..PEOPLE {
        world.net.set_link(person, Profile::symmetric(link), course.seed);
        let congestion = Congestion::default();
        let opened = Process::open_with(&world, person, 0, false, course.copies, congestion);
        processes.push(opened.await?);
    }
    for (process, _) in &processes {
        let name = DisplayName::new(&format!("person{}", process.person))?;
        process.client.join(&host.link(), &name).await?;
    }
    let (writer, _) = &processes[WRITER];
    let mut rooms = vec![RoomId::LOBBY];
    for n in 1..ROOMS {
        let name = RoomName::new(&format!("room-{n}"))?;
        let (topic, history) = (Topic::default(), HistoryPolicy::All);
        let made =
            writer.client.create_room(name.clone(), RoomKind::Public, topic, history).await?;
        for (reader, _) in &processes[1..] {
            reader.client.enter_room(name.clone()).await?;
        }
        rooms.push(made.room);
    }
    let link = Conditions { loss: course.loss, ..link };
    for person in 0..PEOPLE {
        world.net.set_link(person, Profile::symmetric(link), course.seed ^ person as u64);
    }

    let total = FIRST + course.messages;
    let mut readers = JoinSet::new();
    for (process, events) in &processes[1..] {
        let (world, events) = (Arc::clone(&process.world), events.clone());
        readers.spawn(async move { read(&world, &events, total).await });
    }
    let chance = world.chance("messages");
    let mut sent_at = SentAt::new();
    let mut bytes = 0;
    for n in 0..total {
        if n == FIRST {
            bytes = world.net.counts().bytes;
        }
        time::sleep(chance.ms(0..2 * EVERY_MS)).await;
        let room = rooms[chance.below(ROOMS) as usize];
        sent_at.insert(n, (world.clock.now(), room));
        let text = MessageText::new(&text(n))?;
        drop(writer.client.queue(room, text, None).await?);
    }
    let mut found = Latencies::default();
    for reader in time::timeout(PATIENCE, readers.join_all()).await.context("never read")? {
        found.add(FIRST, &sent_at, reader, None);
    }
    let deliveries = found.sorted.len().max(1) as f64;
    found.bytes_per_delivery = (world.net.counts().bytes - bytes) as f64 / deliveries;
    ensure!(
        found.sorted.len() + found.lost == course.messages as usize * (PEOPLE - 1),
        "miscounted"
    );
    for (process, _) in processes {
        process.close(Duration::ZERO).await;
    }
    host.server.shutdown().await;
    Ok(found)
}

/// Each message that is shown, and when, until the last one is.
async fn read(
    world: &World,
    events: &async_channel::Receiver<ClientEvent>,
    total: u32,
) -> Vec<(u32, Duration)> {
    let mut shown = Vec::new();
    let mut missing = total;
    // The last ones may be lost for good, if that ever happens: then patience ends it.
    let reading = async {
        while missing > 0 {
            let Ok(event) = events.recv().await else { return };
            for number in numbers_in(&event) {
                shown.push((number, world.clock.now()));
                missing = missing.saturating_sub(1);
            }
        }
    };
    let _ = time::timeout(PATIENCE / 2 + Duration::from_millis(EVERY_MS) * total, reading).await;
    shown
}
