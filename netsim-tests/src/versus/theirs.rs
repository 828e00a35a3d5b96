//! The baseline's server in the emulated network, with a port for each kind of TCP.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use tertulia_certs::DeviceIdentity;
use tertulia_proto::DisplayName;

use super::{System, ours::rates};
use crate::{
    emu::{SERVER, World},
    peer::{Client, Files, Person, Server},
};

/// The server of all groups.
#[derive(Debug)]
pub(super) struct Theirs {
    server: Server,
    ports: BTreeMap<System, SocketAddr>,
}

impl Theirs {
    pub(super) async fn start(
        world: &Arc<World>,
        data: &Path,
        systems: &BTreeSet<System>,
    ) -> Result<Self> {
        let (data, systems) = (data.to_owned(), systems.clone());
        let starting = world.server().handle().spawn(async move {
            let mut server = Server::start(SERVER, &data, rates())?;
            let mut ports = BTreeMap::new();
            for system in systems {
                if let Some(congestion) = system.congestion() {
                    ports.insert(system, server.listen(congestion).await?);
                }
            }
            Ok(Self { server, ports })
        });
        starting.await?
    }

    /// What came of files.
    pub(super) fn files(&self) -> Files {
        self.server.files()
    }

    /// Registers one more, at that address.
    pub(super) async fn join(&self, at: Ipv4Addr, name: &str, system: System) -> Result<Person> {
        let to = *self.ports.get(&system).context("nobody listens for that")?;
        let congestion = system.congestion().context("it is not TCP")?;
        let name = DisplayName::new(name)?;
        let device = Arc::new(DeviceIdentity::passing()?);
        let client = Client { at, to, key: self.server.key(), congestion, name, device };
        client.join(system.ways()).await
    }
}
