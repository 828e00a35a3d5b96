//! What measurements in virtual time have in common: a server, one who writes and one who reads.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tertulia_client::{ClientEvent, Congestion, Content};
use tertulia_proto::{DisplayName, MessageText, RoomId};
use tokio::{task::JoinSet, time};

use super::{
    machine::DiskSpeed,
    preset::Preset,
    process::Process,
    server_host::ServerHost,
    world::{PATIENCE, World},
};
use crate::{
    latencies::text,
    link::{Conditions, Loss, Profile},
};

/// Who writes, and who reads.
pub(super) const WRITER: usize = 0;
pub(super) const READER: usize = 1;
/// Disks that take no time.
const AT_ONCE: DiskSpeed = DiskSpeed { from: 0, to: 0 };

/// The people of a measurement, all of them in the lobby.
pub(super) struct Scene {
    pub(super) world: Arc<World>,
    pub(super) host: ServerHost,
    pub(super) processes: Vec<(Process, async_channel::Receiver<ClientEvent>)>,
    is_ours: bool,
    said: u32,
    links: u32,
    _carrier: JoinSet<()>,
}

impl Scene {
    /// Everybody has joined over perfect links. `is_ours`: with all that is done against a bad
    /// network, else as QUIC has it.
    pub(super) async fn open(root: &Path, seed: u64, is_ours: bool) -> Result<Self> {
        let world = Arc::new(World::new(seed, Preset::Links, 2, root));
        let mut carrier = JoinSet::new();
        carrier.spawn(Arc::clone(&world.net).carry());
        let host = ServerHost::start_with(&world, 0, is_ours).await?;
        host.machine.set_speed(AT_ONCE);
        let mut scene = Self {
            world,
            host,
            processes: Vec::new(),
            is_ours,
            said: 0,
            links: 0,
            _carrier: carrier,
        };
        for person in [WRITER, READER] {
            scene.enter(person, 0).await?;
            let name = DisplayName::new(&format!("person{person}"))?;
            let (process, _) = &scene.processes[person];
            process.client.join(&scene.host.link(), &name).await?;
            process.client.live().await.ok().context("not live")?;
        }
        Ok(scene)
    }

    /// Somebody's client starts; `life`: how many ran before.
    pub(super) async fn enter(&mut self, person: usize, life: u64) -> Result<()> {
        let (copies, congestion) = (self.is_ours, Congestion::default());
        let opened =
            Process::open_with(&self.world, person, life, false, copies, congestion).await?;
        opened.0.machine.set_speed(AT_ONCE);
        self.processes.insert(person, opened);
        Ok(())
    }

    /// Somebody's client stops, once all that it had to say is said.
    pub(super) async fn leave(&mut self, person: usize) {
        let (process, _) = self.processes.remove(person);
        process.close(PATIENCE).await;
    }

    /// Somebody's link is that long in each direction and loses so much from now on.
    pub(super) fn set_link(&mut self, person: usize, delay: Duration, loss: Loss) {
        let link = Conditions { delay, loss, ..Conditions::default() };
        self.links += 1;
        let seed = self.world.chance(&format!("link {}", self.links)).below(1 << 40);
        self.world.net.set_link(person, Profile::symmetric(link), seed);
    }

    /// The writer says something: its number, and when.
    pub(super) async fn say(&mut self) -> Result<(u32, Duration)> {
        self.said += 1;
        let text = MessageText::new(&text(self.said))?;
        let said = (self.said, self.world.clock.now());
        let (writer, _) = &self.processes[WRITER];
        drop(writer.client.queue(RoomId::LOBBY, text, None).await?);
        Ok(said)
    }

    /// Who reads from now on.
    pub(super) fn reader(&self) -> Reader {
        let (_, events) = &self.processes[READER];
        let mut task = JoinSet::new();
        task.spawn(note(Arc::clone(&self.world), events.clone()));
        Reader { task }
    }

    /// Everything ends.
    pub(super) async fn close(self) {
        for (process, _) in self.processes {
            process.close(Duration::ZERO).await;
        }
        self.host.server.shutdown().await;
    }

    /// What has been said so far.
    pub(super) fn last(&self) -> u32 {
        self.said
    }
}

/// Notes what is shown.
pub(super) struct Reader {
    task: JoinSet<Vec<(u32, Duration)>>,
}

impl Reader {
    /// When each message up to `last` was shown, once that one was.
    pub(super) async fn until(mut self, scene: &Scene) -> Result<BTreeMap<u32, Duration>> {
        let last = scene.last();
        let shown = time::timeout(PATIENCE, async {
            // It ends by the mark that follows.
            let (writer, _) = &scene.processes[WRITER];
            let mark = MessageText::new(&format!("{last} end"))?;
            drop(writer.client.queue(RoomId::LOBBY, mark, None).await?);
            let shown = self.task.join_next().await.context("nobody reads")?;
            anyhow::Ok(shown?)
        });
        let shown = shown.await.context("never read")??;
        let mut by_number = BTreeMap::new();
        let mut newest = 0;
        for (number, at) in shown {
            anyhow::ensure!(number >= newest, "{number} after {newest}");
            newest = number;
            anyhow::ensure!(by_number.insert(number, at).is_none(), "{number} twice");
        }
        anyhow::ensure!(by_number.len() as u32 == newest || !by_number.contains_key(&1), "a hole");
        Ok(by_number)
    }
}

async fn note(
    world: Arc<World>,
    events: async_channel::Receiver<ClientEvent>,
) -> Vec<(u32, Duration)> {
    let mut shown = Vec::new();
    while let Ok(event) = events.recv().await {
        let ClientEvent::Items { items, .. } = event else { continue };
        for item in items {
            let Content::Text(text) = &item.content else { continue };
            let mut words = text.as_str().split(' ');
            let number = words.next().and_then(|n| n.parse().ok());
            match (number, words.next()) {
                (_, Some("end")) => return shown,
                (Some(number), _) => shown.push((number, world.clock.now())),
                (None, _) => {}
            }
        }
    }
    shown
}
