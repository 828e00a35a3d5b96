//! One who writes to one who reads, each over a link of their own, of whom one's network changes.

use std::{collections::BTreeMap, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tertulia_client::{Client, ClientEvent};
use tertulia_proto::{MessageText, RoomId, RoomName};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::{Ours, System, Theirs, ours, person::Person};
use crate::{
    emu::{World, client_address},
    latencies::{number_of, numbers_in, text},
    link::{Conditions, Loss, Profile, rng::Rng},
    peer,
};

pub use crate::sim::outage::Who;

/// One message every so long.
pub(super) const EVERY: Duration = Duration::from_millis(50);
/// What was shown and nobody has looked at yet: more than any course has.
const SHOWN: usize = 1 << 16;
/// Pairs begin so far apart, so that what happens to them happens to one at a time.
const STAGGER: Duration = Duration::from_millis(370);

/// What all pairs of a run have in common.
#[derive(Debug, Clone)]
pub struct Ground {
    /// From the writer to the reader.
    pub rtt: Duration,
    /// Chance of links and of pauses.
    pub seed: u64,
    /// Where servers and clients keep their files.
    pub dir: PathBuf,
}

impl Ground {
    /// Somebody's.
    fn link(&self, loss: Loss) -> Profile {
        let delay = self.rtt / 2;
        Profile::symmetric(Conditions { delay, loss, ..Conditions::default() })
    }
}

/// In place, on links that lose nothing yet.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) world: Arc<World>,
    pub(super) rng: Rng,
    ground: Ground,
    number: usize,
    room: RoomId,
    writer: Mobile,
    reader: Mobile,
    addresses: [Ipv4Addr; 2],
    next_address: usize,
    said: BTreeMap<u32, Instant>,
    shown: BTreeMap<u32, Instant>,
    sight: mpsc::Receiver<(u32, Instant)>,
    _looking: JoinSet<()>,
}

/// Somebody, by what can be done for them; clones are the same.
#[derive(Debug, Clone)]
enum Mobile {
    Ours { client: Client, line: ours::Line, copies: bool },
    Theirs(peer::Wishes),
}

/// What somebody sees.
#[derive(Debug)]
enum Sight {
    Ours(async_channel::Receiver<ClientEvent>),
    Theirs(peer::Returning),
}

impl Pair {
    /// The `number`th pair; it may be at so many addresses.
    pub(super) async fn new(
        world: &Arc<World>,
        ground: &Ground,
        servers: &(Ours, Theirs),
        system: System,
        (number, addresses): (usize, usize),
    ) -> Result<Self> {
        let first = number * addresses;
        let [at, reader_at] = [0, 1].map(|n| client_address(first + n));
        // Windows and timers go by the first round trip, too.
        for address in [at, reader_at] {
            world.set_link(address, ground.link(Loss::None), ground.seed);
        }
        let name = format!("pair{number}");
        let (mut person, line) = joined(servers, ground, system, at, &name).await?;
        let other = format!("{name}-reader");
        let (mut other, its) = joined(servers, ground, system, reader_at, &other).await?;
        let room_name = RoomName::new(&name)?;
        let room = person.create(&room_name).await?;
        other.enter(&room_name).await?;
        let copies = system == System::Tertulia;
        let (writer, echo) = Mobile::of(person, line, copies)?;
        let (reader, sees) = Mobile::of(other, its, copies)?;
        let (shown, sight) = mpsc::channel(SHOWN);
        let mut looking = JoinSet::new();
        looking.spawn(look(echo, None));
        looking.spawn(look(sees, Some(shown)));
        Ok(Self {
            world: Arc::clone(world),
            rng: Rng::of(ground.seed, 3_000 + number as u64),
            ground: ground.clone(),
            number,
            room,
            writer,
            reader,
            addresses: [at, reader_at],
            next_address: first + 2,
            said: BTreeMap::new(),
            shown: BTreeMap::new(),
            sight,
            _looking: looking,
        })
    }

    /// Waits for its turn, and from then on its links are as they are to be.
    pub(super) async fn begin(&mut self, loss: Loss) {
        sleep(STAGGER * self.number as u32).await;
        for address in self.addresses {
            self.world.set_link(address, self.ground.link(loss), self.ground.seed);
        }
    }

    /// Says so many messages, one every so long.
    pub(super) async fn say_some(&mut self, messages: u32, every: Duration) -> Result<()> {
        let mut at = Instant::now();
        for _ in 0..messages {
            self.say().await?;
            at += every;
            sleep_until(at).await;
        }
        Ok(())
    }

    /// The writer says something; its number.
    pub(super) async fn say(&mut self) -> Result<u32> {
        let number = self.said.len() as u32;
        let text = MessageText::new(&text(number))?;
        self.said.insert(number, Instant::now());
        match &self.writer {
            Mobile::Ours { client, .. } => drop(client.queue(self.room, text, None).await?),
            Mobile::Theirs(wishes) => wishes.post(self.room, text).await?,
        }
        Ok(number)
    }

    /// Waits until all that was said was shown, or that moment.
    pub(super) async fn wait(&mut self, until: Instant) {
        while self.shown.len() < self.said.len() {
            let Ok(Some((number, at))) = timeout_at(until, self.sight.recv()).await else { return };
            self.shown.entry(number).or_insert(at);
        }
    }

    /// Whose link it is, up or down.
    pub(super) fn address(&self, who: Who) -> Ipv4Addr {
        self.addresses[place(who)]
    }

    /// Somebody's system tells that there is a network again.
    pub(super) async fn tell(&self, who: Who) -> Result<()> {
        self.mobile(who).come_from(self.address(who)).await
    }

    /// Somebody is at another address and is told so.
    pub(super) async fn move_on(&mut self, who: Who) -> Result<()> {
        let to = self.fresh_address();
        self.world.set_address(self.address(who), to);
        self.addresses[place(who)] = to;
        self.mobile(who).come_from(to).await
    }

    /// Somebody's router gives them another address, and nobody tells.
    pub(super) fn forget(&mut self, who: Who) {
        let outer = self.fresh_address();
        self.world.set_outer(self.address(who), outer);
    }

    /// How long the messages said in that time took, in order of writing; `None`: never shown.
    pub(super) fn took(&self, from: Instant, until: Instant) -> Vec<Option<Duration>> {
        let said = self.said.iter().filter(|(_, at)| (from..until).contains(*at));
        said.map(|(number, at)| Some(*self.shown.get(number)? - *at)).collect()
    }

    /// When a message was shown.
    pub(super) fn shown_at(&self, number: u32) -> Option<Instant> {
        self.shown.get(&number).copied()
    }

    /// The next message's number.
    pub(super) fn next(&self) -> u32 {
        self.said.len() as u32
    }

    /// Whether somebody's session is the first one still.
    pub(super) fn is_kept(&self, who: Who) -> bool {
        match self.mobile(who) {
            Mobile::Ours { client, .. } => client.last_trouble().is_none(),
            Mobile::Theirs(wishes) => wishes.connections() <= 1,
        }
    }

    pub(super) async fn leave(self) {
        for mobile in [self.writer, self.reader] {
            if let Mobile::Ours { client, .. } = mobile {
                client.close(Duration::ZERO).await;
            }
        }
    }

    fn mobile(&self, who: Who) -> &Mobile {
        match who {
            Who::Sender => &self.writer,
            Who::Receiver => &self.reader,
        }
    }

    fn fresh_address(&mut self) -> Ipv4Addr {
        self.next_address += 1;
        client_address(self.next_address - 1)
    }
}

fn place(who: Who) -> usize {
    match who {
        Who::Sender => 0,
        Who::Receiver => 1,
    }
}

impl Mobile {
    fn of(person: Person, line: Option<ours::Line>, copies: bool) -> Result<(Self, Sight)> {
        Ok(match person {
            Person::Ours(client, events) => {
                let line = line.context("ours have a line")?;
                (Self::Ours { client, line, copies }, Sight::Ours(events))
            }
            Person::Theirs(person) => {
                let returning = peer::Returning::start(person.client().clone());
                (Self::Theirs(returning.wishes()), Sight::Theirs(returning))
            }
        })
    }

    /// What a program does that its system told of another network, or of one again: a fresh
    /// socket, and a sign of life over it.
    async fn come_from(&self, at: Ipv4Addr) -> Result<()> {
        match self {
            Self::Ours { client, line, copies } => {
                line.move_to(at, *copies)?;
                client.wake();
                Ok(())
            }
            Self::Theirs(wishes) => wishes.connect_from(at).await,
        }
    }
}

/// Registers somebody; ours with the line over which they come.
async fn joined(
    (ours, theirs): &(Ours, Theirs),
    ground: &Ground,
    system: System,
    at: Ipv4Addr,
    name: &str,
) -> Result<(Person, Option<ours::Line>)> {
    if !system.is_ours() {
        return Ok((Person::Theirs(Box::new(theirs.join(at, name, system).await?)), None));
    }
    let copies = system == System::Tertulia;
    let line = ours::Line::at(at, copies)?;
    let profile = ground.dir.join(name);
    let way = ours::Way { copies, ..ours::Way::default() };
    let (client, events) = ours.join_on(line.clone(), &profile, name, way).await?;
    Ok((Person::Ours(client, events), Some(line)))
}

/// Sees all that is shown, and tells when, if anybody wants to know.
async fn look(mut sight: Sight, shown: Option<mpsc::Sender<(u32, Instant)>>) {
    loop {
        let numbers: Vec<u32> = match &mut sight {
            Sight::Ours(events) => match events.recv().await {
                Ok(event) => numbers_in(&event).collect(),
                Err(_) => return,
            },
            Sight::Theirs(person) => match person.shown().await {
                Some(text) => number_of(&text).into_iter().collect(),
                None => return,
            },
        };
        let Some(shown) = &shown else { continue };
        for number in numbers {
            if shown.send((number, Instant::now())).await.is_err() {
                return;
            }
        }
    }
}
