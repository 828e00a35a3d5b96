//! One client's process on its machine.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use quinn::{Endpoint, EndpointConfig, TokioRuntime};
use tertulia_client::{Client, ClientConfig, ClientEvent, Congestion, Queued, Sent, Unsent};
use tertulia_proto::{MessageText, RoomId, Seq};
use tertulia_quic::EagerSocket;

use super::{
    full_disk::{self, Fullness, Victim},
    keys,
    ledger::{Number, Told},
    machine::{Machine, SimEnv},
    world::World,
};

/// A client that runs.
#[derive(Debug, Clone)]
pub struct Process {
    /// Whose.
    pub person: usize,
    /// How many this person ran before.
    pub life: u64,
    /// Where it runs.
    pub machine: Arc<Machine>,
    /// The client.
    pub client: Client,
    /// Everything else.
    pub world: Arc<World>,
    /// Files on their way up.
    pub uploads: Arc<AtomicUsize>,
}

impl Process {
    /// Opens somebody's client; `cache`: as a window does.
    pub async fn open(
        world: &Arc<World>,
        person: usize,
        life: u64,
        cache: bool,
    ) -> anyhow::Result<(Self, async_channel::Receiver<ClientEvent>)> {
        Self::open_with(world, person, life, cache, true, Congestion::default()).await
    }

    /// The same; `copies`: as in [`ClientConfig`], and handshakes are not waited for.
    pub async fn open_with(
        world: &Arc<World>,
        person: usize,
        life: u64,
        cache: bool,
        copies: bool,
        congestion: Congestion,
    ) -> anyhow::Result<(Self, async_channel::Receiver<ClientEvent>)> {
        let name = format!("person{person}");
        let (dir, image) = world.dirs(&name, life);
        if life == 0 {
            keys::write_device_key(&dir, &world.chance(&format!("{name}'s key")))?;
        }
        // Whoever starts a client again has made room on the disk.
        full_disk::set(&dir, Victim::CLIENT, Fullness::Free)?;
        let socket = world.net.bind(person);
        let chance = world.chance(&format!("{name} {life}"));
        let mut config = EndpointConfig::default();
        config.rng_seed(Some(chance.seed()));
        let machine = Machine::new(world.clock, chance, (dir.clone(), image), Arc::clone(&socket));
        let knocks = Arc::default();
        let socket = match copies {
            true => EagerSocket::of_client(socket, &knocks),
            false => socket,
        };
        let endpoint =
            Endpoint::new_with_abstract_socket(config, None, socket, Arc::new(TokioRuntime))?;
        let env = Arc::new(SimEnv(Arc::clone(&machine)));
        let config = ClientConfig { profile: dir, live: true, cache, copies, congestion, env };
        let (client, events) = Client::with_endpoint(config, endpoint, knocks).await?;
        let world = Arc::clone(world);
        let uploads = Arc::default();
        Ok((Self { person, life, machine, client, world, uploads }, events))
    }

    /// Closes it well.
    pub async fn close(self, flush: Duration) {
        self.client.close(flush).await;
        self.machine.retire();
    }

    /// Puts a message into the outbox.
    pub async fn send(&self, room: RoomId, text: String, reply_to: Option<Seq>) {
        let Ok(checked) = MessageText::new(&text) else { return };
        let number = self.world.ledger.wrote(self.person, room, text);
        match self.client.send(room, checked, reply_to).await {
            Ok(id) => {
                self.named(number, id);
                self.tell(number, Told::Stored);
            }
            Err(_) => self.tell(number, Told::NotStored),
        }
    }

    /// Hands a message to the client without waiting.
    pub async fn queue(&self, room: RoomId, text: String) {
        let Ok(checked) = MessageText::new(&text) else { return };
        let number = self.world.ledger.wrote(self.person, room, text);
        match self.client.queue(room, checked, None).await {
            Ok(queued) => drop(tokio::spawn(self.clone().wait(number, queued))),
            Err(_) => self.tell(number, Told::NotStored),
        }
    }

    /// Tells the ledger, unless the machine has crashed: a dead process tells nobody anything.
    pub fn tell(&self, number: Number, told: Told) {
        if !self.machine.is_dead() {
            self.world.ledger.told(number, told);
        }
    }

    async fn wait(self, number: Number, queued: Queued) {
        match queued.outcome().await {
            Ok(Sent { message_id, seq, .. }) => {
                self.named(number, message_id);
                self.tell(number, Told::Receipted(seq));
            }
            Err(Unsent::Refused { message_id, .. }) => {
                self.named(number, message_id);
                self.tell(number, Told::Refused);
            }
            Err(Unsent::NotStored(_)) => self.tell(number, Told::NotStored),
            Err(Unsent::Dropped) => {}
        }
    }

    /// Tells the ledger a message's id, likewise.
    pub(super) fn named(&self, number: Number, id: tertulia_proto::MessageId) {
        if !self.machine.is_dead() {
            self.world.ledger.named(number, id);
        }
    }
}
