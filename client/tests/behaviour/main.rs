//! A client against a scripted server, which can do what a good one never does.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod copies;
mod drafts;
mod fake_server;
mod glimpse;
mod hostile;
mod joining;
mod outbox;
mod rooms;
mod waking;

use std::{path::Path, sync::Arc, time::Duration};

use async_channel::Receiver;
use tertulia_client::{
    Client, ClientConfig, ClientEvent, SystemEnv,
    proto::{DisplayName, MessageText},
};
use tokio::time;

use crate::fake_server::{FakeServer, Peer};

/// Far beyond what anything here takes: a test that waits in vain fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client and what it tells.
struct Person {
    client: Client,
    events: Receiver<ClientEvent>,
}

impl Person {
    async fn open(profile: &Path) -> Self {
        Self::with(profile, true, true).await
    }

    async fn with(profile: &Path, live: bool, cache: bool) -> Self {
        let config = ClientConfig {
            profile: profile.to_owned(),
            live,
            cache,
            copies: true,
            congestion: tertulia_client::Congestion::default(),
            env: Arc::new(SystemEnv),
        };
        let (client, events) = Client::open(config).await.unwrap();
        Self { client, events }
    }

    /// A client that has joined `server`, and the server's end of it.
    async fn joined(profile: &Path, server: &FakeServer) -> (Self, Peer) {
        let person = Self::open(profile).await;
        let (link, name) = (server.link(), name("Ana María"));
        let welcome = async {
            let mut peer = server.accept().await;
            peer.welcome().await;
            peer
        };
        let (account, peer) = tokio::join!(person.client.join(&link, &name), welcome);
        account.unwrap();
        (person, peer)
    }

    /// Waits for an event that `wanted` makes something of; others are passed over.
    async fn until<T>(&self, mut wanted: impl FnMut(&ClientEvent) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let search = async {
            loop {
                let event = self.events.recv().await.unwrap();
                if let Some(found) = wanted(&event) {
                    return found;
                }
                seen.push(event);
            }
        };
        let found = time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("waited in vain; came: {seen:#?}"))
    }
}

/// Waits, but not for ever.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    time::timeout(PATIENCE, what).await.expect("waited in vain")
}

fn name(text: &str) -> DisplayName {
    DisplayName::new(text).unwrap()
}

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}
