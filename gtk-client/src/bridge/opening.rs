//! Opening a profile, which goes on beside whatever the main loop does meanwhile.

use std::{path::PathBuf, sync::Arc};

use async_channel::Receiver;
use tertulia_client::{
    Client, ClientConfig, ClientEvent, Congestion, Item, OpenError, SystemEnv, proto::RoomId,
};
use tokio::task::JoinHandle;

use super::{Bridge, PAGE_ITEMS, joined, runtime};

/// A profile on its way.
#[derive(Debug)]
pub(crate) struct Opening(JoinHandle<Result<Opened, OpenError>>);

/// A profile that is open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) bridge: Bridge,
    /// All that happened since before `page` was read.
    pub(crate) events: Receiver<ClientEvent>,
    /// The newest page of the room that was asked for.
    pub(crate) page: Option<(RoomId, Vec<Item>)>,
}

impl Opening {
    /// Begins to open it, and to read this room.
    pub(crate) fn begin(profile: PathBuf, room: Option<RoomId>) -> Self {
        Self(runtime().spawn(open(profile, room)))
    }

    /// Awaits it.
    pub(crate) async fn finish(self) -> Result<Opened, OpenError> {
        joined(self.0.await)
    }
}

async fn open(profile: PathBuf, room: Option<RoomId>) -> Result<Opened, OpenError> {
    let config = ClientConfig {
        profile,
        live: true,
        cache: true,
        copies: true,
        congestion: Congestion::default(),
        env: Arc::new(SystemEnv),
    };
    let (client, events) = Client::open(config).await?;
    let page = match room {
        Some(room) => client.kept(room, PAGE_ITEMS).await.map(|items| (room, items)),
        None => None,
    };
    Ok(Opened { bridge: Bridge { client }, events, page })
}
