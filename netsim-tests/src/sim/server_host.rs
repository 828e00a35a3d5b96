//! The server's process on its machine.

use std::sync::Arc;

use quinn::{Endpoint, TokioRuntime};
use tertulia_certs::ServerLink;
use tertulia_proto::Registration;
use tertulia_quic::EagerSocket;
use tertulia_server::{Server, ServerConfig};

use super::{
    full_disk::{self, Fullness, Victim},
    keys,
    machine::{Machine, SimEnv},
    net::SERVER,
    world::World,
};

/// A server that runs.
#[derive(Debug)]
pub struct ServerHost {
    /// Where it runs.
    pub machine: Arc<Machine>,
    /// The server.
    pub server: Server,
}

impl ServerHost {
    /// Starts the server. `life`: how many ran before.
    pub async fn start(world: &World, life: u64) -> anyhow::Result<Self> {
        Self::start_with(world, life, true).await
    }

    /// The same; `eager`: over a socket on which handshakes are not waited for.
    pub async fn start_with(world: &World, life: u64, eager: bool) -> anyhow::Result<Self> {
        let (dir, image) = world.dirs("server", life);
        if life == 0 {
            keys::write_server_key(&dir, &world.chance("server key"))?;
        }
        // Whoever starts a server again has made room on the disk.
        full_disk::set(&dir, Victim::SERVER, Fullness::Free)?;
        let socket = world.net.bind_server();
        let chance = world.chance(&format!("server {life}"));
        let seed = chance.seed();
        let machine = Machine::new(world.clock, chance, (dir.clone(), image), Arc::clone(&socket));
        let mut config = ServerConfig::new(dir);
        (config.listen, config.registration) = (SERVER, Registration::Open);
        let clock = world.clock;
        let server = Server::with_endpoint(
            config,
            Arc::new(SimEnv(Arc::clone(&machine))),
            |mut endpoint, mut server| {
                endpoint.rng_seed(Some(seed));
                server.time_source(Arc::new(clock));
                let socket = match eager {
                    true => EagerSocket::of_server(socket),
                    false => socket,
                };
                Endpoint::new_with_abstract_socket(
                    endpoint,
                    Some(server),
                    socket,
                    Arc::new(TokioRuntime),
                )
            },
        )
        .await?;
        Ok(Self { machine, server })
    }

    /// What people join by.
    pub fn link(&self) -> ServerLink {
        self.server.link().clone()
    }
}
