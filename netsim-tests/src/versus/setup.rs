//! How long it takes from nothing to the first message that somebody else reads.
//!
//! The writer's device is known to the server; the process is a new one, at a new address, and the
//! message is there when it starts. The reader sits beside the server, so that the time is that of
//! the writer's link: a handshake (QUIC's takes a round trip, those of TCP and TLS take two), and one
//! way for the message. The baseline sends it right behind its hello, unasked.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tertulia_client::{Client, ClientEvent};
use tertulia_proto::{MessageText, RoomId, RoomName};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{Cell, Ours, Plan, System, Theirs, person::Person};
use crate::{
    emu::{SelfCheck, World, client_address},
    latencies::text,
    link::{Profile, rng::Rng},
    peer,
};

/// Of one cell at once, each with a writer and a reader of its own.
const LANES: u32 = 4;
/// Longer than any takes that ends at all: TCP's sixth SYN leaves after half a minute.
const PATIENCE: Duration = Duration::from_secs(120);
/// Two connections race: the second begins so much later.
const HEAD_START: Duration = Duration::from_millis(100);
/// Between two of a lane.
const PAUSE: Duration = Duration::from_millis(200);

/// What came of one cell.
#[derive(Debug, Clone, Default)]
pub struct Setups {
    /// From the start of the process to the message shown, in order of size.
    pub sorted: Vec<Duration>,
    /// IP packets on the writer's link, until it was shown.
    pub bytes: u64,
}

/// Runs a plan; its messages are so many beginnings of each cell.
pub fn run(world: World, plan: &Plan) -> Result<(Vec<Setups>, SelfCheck)> {
    let world = Arc::new(world);
    let played = world.clients().handle().spawn(play(Arc::clone(&world), plan.clone()));
    world.clients().handle().block_on(played)?
}

async fn play(world: Arc<World>, plan: Plan) -> Result<(Vec<Setups>, SelfCheck)> {
    let systems = plan.cells.iter().map(|cell| cell.system);
    let servers = Arc::new(super::serve(&world, &plan.dir, systems).await?);
    let mut lanes = Vec::new();
    for (place, cell) in plan.cells.iter().enumerate() {
        for number in 0..LANES {
            let cell = (place, cell.clone());
            lanes.push(Lane::new(&world, &plan, &servers, cell, number).await?);
        }
    }
    world.self_check();
    let mut running = JoinSet::new();
    for lane in lanes {
        let (plan, servers) = (plan.clone(), Arc::clone(&servers));
        running.spawn(async move { (lane.place, lane.run(&plan, &servers).await) });
    }
    let mut found = vec![Setups::default(); plan.cells.len()];
    while let Some(ended) = running.join_next().await {
        let (place, setups) = ended?;
        let setups = setups?;
        found[place].sorted.extend(setups.sorted);
        found[place].bytes += setups.bytes;
    }
    let check = world.self_check();
    found.iter_mut().for_each(|setups| setups.sorted.sort_unstable());
    servers.0.stop().await;
    Ok((found, check))
}

/// One writer who begins again and again, and one who reads.
struct Lane {
    world: Arc<World>,
    place: usize,
    cell: Cell,
    name: String,
    /// The writer's addresses begin here.
    first_address: usize,
    setups: u32,
    rng: Rng,
    room: RoomId,
    reader: Person,
    /// Of a writer by TCP, who keeps nothing else.
    device: Option<peer::Client>,
}

/// A writer who is under way.
enum Writer {
    Ours { client: Client, _events: async_channel::Receiver<ClientEvent> },
    Theirs(JoinSet<Result<()>>),
}

impl Lane {
    async fn new(
        world: &Arc<World>,
        plan: &Plan,
        servers: &(Ours, Theirs),
        (place, cell): (usize, Cell),
        number: u32,
    ) -> Result<Self> {
        let lane = place * LANES as usize + number as usize;
        let setups = plan.messages / LANES + u32::from(number < plan.messages % LANES);
        let name = format!("lane{lane}");
        let first_address = lane * (2 + plan.messages.div_ceil(LANES) as usize);
        let [at, reader_at] = [0, 1].map(|n| client_address(first_address + n));
        for address in [at, reader_at] {
            world.set_link(address, Profile::default(), plan.seed);
        }
        let mut writer = Person::join(servers, plan, cell.system, at, &name).await?;
        let reader = format!("{name}-reader");
        let mut reader = Person::join(servers, plan, cell.system, reader_at, &reader).await?;
        let room_name = RoomName::new(&format!("room{lane}"))?;
        let room = writer.create(&room_name).await?;
        reader.enter(&room_name).await?;
        let device = writer.device();
        writer.leave().await;
        let rng = Rng::of(plan.seed, 2_000 + lane as u64);
        let (world, first_address) = (Arc::clone(world), first_address + 2);
        Ok(Self { world, place, cell, name, first_address, setups, rng, room, reader, device })
    }

    async fn run(mut self, plan: &Plan, servers: &(Ours, Theirs)) -> Result<Setups> {
        let mut found = Setups::default();
        for number in 0..self.setups {
            sleep(PAUSE.mul_f64(0.5 + self.rng.unit())).await;
            let address = client_address(self.first_address + number as usize);
            self.cell.way.begin(&self.world, address, plan);
            let began = Instant::now();
            let writer = self.begin(plan, servers, address, number).await?;
            timeout(PATIENCE, self.shown(number)).await.context("never read")?;
            found.sorted.push(began.elapsed());
            let (up, down) = self.world.counts(address);
            found.bytes += up.bytes + down.bytes;
            // Its end is not what is measured, and must not disturb the next.
            self.world.set_link(address, Profile::default(), plan.seed);
            writer.end().await;
        }
        self.reader.leave().await;
        Ok(found)
    }

    async fn begin(
        &self,
        plan: &Plan,
        (ours, _): &(Ours, Theirs),
        address: Ipv4Addr,
        number: u32,
    ) -> Result<Writer> {
        let text = MessageText::new(&text(number))?;
        let Some(device) = &self.device else {
            let copies = self.cell.system == System::Tertulia;
            let profile = plan.dir.join(&self.name);
            let (client, events) = ours.open(address, &profile, copies).await?;
            drop(client.queue(self.room, text, None).await?);
            return Ok(Writer::Ours { client, _events: events });
        };
        let mut racing = JoinSet::new();
        for way in 0..self.cell.system.ways() as u32 {
            let client = device.at(address);
            let (room, text) = (self.room, text.clone());
            racing.spawn(async move {
                sleep(HEAD_START * way).await;
                client.begin_with(room, text, number).await
            });
        }
        Ok(Writer::Theirs(racing))
    }

    async fn shown(&mut self, wanted: u32) {
        while let Some(numbers) = self.reader.shown().await {
            if numbers.contains(&wanted) {
                return;
            }
        }
        std::future::pending().await
    }
}

impl Writer {
    async fn end(self) {
        match self {
            Self::Ours { client, .. } => drop(client.close(Duration::ZERO).await),
            Self::Theirs(mut racing) => racing.shutdown().await,
        }
    }
}
