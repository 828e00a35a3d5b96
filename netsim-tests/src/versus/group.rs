//! One group: a writer and two readers, each with a link of their own.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::Result;
use tertulia_proto::{MessageText, RoomId, RoomName};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    Cell, Load, Ours, PEOPLE, Plan, Theirs, Way,
    load::{FIRST, ROOMS},
    person::Person,
};
use crate::{
    emu::{World, client_address},
    latencies::{Latencies, SentAt, text},
    link::Profile,
};

/// In place, with its rooms, on links that lose nothing yet.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) place: usize,
    world: Arc<World>,
    plan: Plan,
    way: Way,
    links: [Ipv4Addr; PEOPLE],
    rooms: Vec<RoomId>,
    writer: Person,
    readers: Vec<Person>,
}

impl Group {
    /// The `place`th group.
    pub(super) async fn new(
        world: &Arc<World>,
        plan: &Plan,
        place: usize,
        cell: Cell,
        servers: &(Ours, Theirs),
    ) -> Result<Self> {
        let links = std::array::from_fn(|person| client_address(place * PEOPLE + person));
        let mut people = Vec::new();
        for (person, address) in links.iter().enumerate() {
            world.set_link(*address, Profile::symmetric(plan.clean()), plan.seed);
            let name = format!("g{place}p{person}");
            people.push(Person::join(servers, plan, cell.system, *address, &name).await?);
        }
        let mut readers = people.split_off(1);
        let mut writer = people.remove(0);
        let mut rooms = Vec::new();
        for room in 0..ROOMS {
            let name = RoomName::new(&format!("g{place}-room{room}"))?;
            rooms.push(writer.create(&name).await?);
            for reader in &mut readers {
                reader.enter(&name).await?;
            }
        }
        let (world, plan, way) = (Arc::clone(world), plan.clone(), cell.way);
        Ok(Self { place, world, plan, way, links, rooms, writer, readers })
    }

    /// Says it all, and sees what arrives.
    pub(super) async fn talk(mut self, mut load: Load) -> Latencies {
        for address in self.links {
            self.way.begin(&self.world, address, &self.plan);
        }
        let (began, total) = (Instant::now(), load.total);
        let mut reading = JoinSet::new();
        let (over, ends) = tokio::sync::watch::channel(None);
        for reader in self.readers {
            reading.spawn(read(reader, total, began, ends.clone()));
        }
        let mut sent_at = SentAt::new();
        let (mut bytes, mut next_at) = (0, Instant::now());
        for number in 0..total {
            if number == FIRST {
                bytes = carried(&self.world, &self.links);
            }
            let (pause, room) = load.next();
            next_at += pause;
            self.writer.listen_until(sleep_until(next_at)).await;
            let room = self.rooms[room];
            sent_at.insert(number, (began.elapsed(), room));
            if let Ok(text) = MessageText::new(&text(number)) {
                // What is not taken is missed by the readers.
                let _ = self.writer.post(room, text).await;
            }
        }
        over.send_replace(Some(Instant::now() + load.patience));
        let mut found = Latencies::default();
        for shown in self.writer.listen_until(reading.join_all()).await {
            found.add(FIRST, &sent_at, shown, Some(began.elapsed()));
        }
        let bytes = carried(&self.world, &self.links) - bytes;
        found.bytes_per_delivery = bytes as f64 / found.sorted.len().max(1) as f64;
        self.writer.leave().await;
        found
    }
}

/// Each message that is shown, and when, until the last one is or patience ends.
async fn read(
    mut reader: Person,
    total: u32,
    began: Instant,
    mut ends: tokio::sync::watch::Receiver<Option<Instant>>,
) -> Vec<(u32, Duration)> {
    let mut shown = Vec::new();
    let mut missing = total;
    let reading = async {
        while missing > 0 {
            let Some(numbers) = reader.shown().await else { return };
            for number in numbers {
                shown.push((number, began.elapsed()));
                missing = missing.saturating_sub(1);
            }
        }
    };
    let giving_up = async {
        let end = ends.wait_for(Option::is_some).await.ok().and_then(|end| *end);
        if let Some(end) = end {
            let _ = timeout_at(end, std::future::pending::<()>()).await;
        }
    };
    tokio::select! {
        biased;
        () = reading => {}
        () = giving_up => {}
    }
    reader.leave().await;
    shown
}

/// Bytes that were offered to the group's links so far.
fn carried(world: &World, links: &[Ipv4Addr]) -> u64 {
    let counts = links.iter().map(|address| world.counts(*address));
    counts.map(|(up, down)| up.bytes + down.bytes).sum()
}
