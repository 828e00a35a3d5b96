//! One of a group, whatever carries what is said.

use std::{net::Ipv4Addr, time::Duration};

use anyhow::Result;
use tertulia_client::{Client, ClientEvent};
use tertulia_proto::{HistoryPolicy, MessageText, RoomId, RoomKind, RoomName, Topic};

use super::{Ours, Plan, System, Theirs};
use crate::{
    latencies::{number_of, numbers_in},
    peer,
};

/// Somebody who is there.
#[derive(Debug)]
pub(super) enum Person {
    Ours(Client, async_channel::Receiver<ClientEvent>),
    Theirs(Box<peer::Person>),
}

impl Person {
    pub(super) async fn join(
        (ours, theirs): &(Ours, Theirs),
        plan: &Plan,
        system: System,
        at: Ipv4Addr,
        name: &str,
    ) -> Result<Self> {
        if !system.is_ours() {
            return Ok(Self::Theirs(Box::new(theirs.join(at, name, system).await?)));
        }
        let copies = system == System::Tertulia;
        let (client, events) = ours.join(at, &plan.dir.join(name), name, copies).await?;
        Ok(Self::Ours(client, events))
    }

    /// Makes a public room.
    pub(super) async fn create(&mut self, name: &RoomName) -> Result<RoomId> {
        match self {
            Self::Ours(client, _) => {
                let (topic, history) = (Topic::default(), HistoryPolicy::All);
                let kind = RoomKind::Public;
                Ok(client.create_room(name.clone(), kind, topic, history).await?.room)
            }
            Self::Theirs(person) => person.create(name).await,
        }
    }

    /// Enters a public room.
    pub(super) async fn enter(&mut self, name: &RoomName) -> Result<()> {
        match self {
            Self::Ours(client, _) => drop(client.enter_room(name.clone()).await?),
            Self::Theirs(person) => drop(person.enter(name).await?),
        }
        Ok(())
    }

    /// Says something, without waiting for what becomes of it.
    pub(super) async fn post(&mut self, room: RoomId, text: MessageText) -> Result<()> {
        match self {
            Self::Ours(client, _) => drop(client.queue(room, text, None).await?),
            Self::Theirs(person) => person.post(room, text)?,
        }
        Ok(())
    }

    /// The numbers of the messages that are shown next. `None`: nothing comes any more.
    pub(super) async fn shown(&mut self) -> Option<Vec<u32>> {
        match self {
            Self::Ours(_, events) => Some(numbers_in(&events.recv().await.ok()?).collect()),
            Self::Theirs(person) => Some(number_of(&person.posted().await?).into_iter().collect()),
        }
    }

    /// How one comes again who keeps nothing but a key.
    pub(super) fn device(&self) -> Option<peer::Client> {
        match self {
            Self::Ours(..) => None,
            Self::Theirs(person) => Some(person.client().clone()),
        }
    }

    /// Takes what is shown and forgets it, until that is done: one who writes hears of it too.
    pub(super) async fn listen_until<T>(&mut self, done: impl Future<Output = T>) -> T {
        let forgetting = async {
            while self.shown().await.is_some() {}
            std::future::pending().await
        };
        tokio::select! {
            biased;
            done = done => done,
            never = forgetting => never,
        }
    }

    pub(super) async fn leave(self) {
        if let Self::Ours(client, _) = self {
            client.close(Duration::ZERO).await;
        }
    }
}
