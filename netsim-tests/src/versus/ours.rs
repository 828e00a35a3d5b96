//! Our server and our clients in the emulated network.

use std::{
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex},
};

use anyhow::Result;
use quinn::{Endpoint, EndpointConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};
use tertulia_certs::ServerLink;
use tertulia_client::{Client, ClientConfig, ClientEvent, Congestion};
use tertulia_proto::{DisplayName, Registration};
use tertulia_server::{Nearby, Rates, Server, ServerConfig};

use crate::emu::{SERVER, World};

/// As the client's own socket has it.
const SOCKET_BUFFER: usize = 4 << 20;

/// The server of all groups.
#[derive(Debug)]
pub(super) struct Ours {
    server: Mutex<Option<Server>>,
    link: ServerLink,
    world: Arc<World>,
}

impl Ours {
    pub(super) async fn start(world: &Arc<World>, data: &Path) -> Result<Self> {
        let mut config = ServerConfig::new(data);
        config.listen = (SERVER, 0).into();
        config.registration = Registration::Open;
        config.nearby = Nearby { enabled: false, name: None };
        config.rates = rates();
        let env = Arc::new(tertulia_server::SystemEnv);
        let binding = world.server().handle().spawn(Server::bind(config, env));
        let server = binding.await??;
        let link = server.link();
        Ok(Self { server: Mutex::new(Some(server)), link, world: Arc::clone(world) })
    }

    pub(super) async fn stop(&self) {
        let server = self.server.lock().ok().and_then(|mut server| server.take());
        if let Some(server) = server {
            let _ = self.world.server().handle().spawn(server.shutdown()).await;
        }
    }

    /// Registers one more, at that address.
    pub(super) async fn join(
        &self,
        at: Ipv4Addr,
        profile: &Path,
        name: &str,
        copies: bool,
    ) -> Result<(Client, async_channel::Receiver<ClientEvent>)> {
        let (client, events) = self.open(at, profile, copies).await?;
        client.join(&self.link, &DisplayName::new(name)?).await?;
        Ok((client, events))
    }

    /// Opens a profile, whoever it is, at that address.
    pub(super) async fn open(
        &self,
        at: Ipv4Addr,
        profile: &Path,
        copies: bool,
    ) -> Result<(Client, async_channel::Receiver<ClientEvent>)> {
        let env = Arc::new(tertulia_client::SystemEnv);
        let profile = profile.to_owned();
        let congestion = Congestion::default();
        let config = ClientConfig { profile, live: true, cache: false, copies, congestion, env };
        Ok(Client::with_endpoint(config, endpoint(at)?).await?)
    }
}

/// Everybody registers at once.
pub(super) fn rates() -> Rates {
    const REGISTRATIONS: u32 = 10_000;
    let (register_burst, register_rate) = (REGISTRATIONS, REGISTRATIONS);
    Rates { register_burst, register_rate, ..Rates::default() }
}

fn endpoint(at: Ipv4Addr) -> Result<Endpoint> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&std::net::SocketAddr::from((at, 0)).into())?;
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    let runtime = Arc::new(TokioRuntime);
    Ok(Endpoint::new(EndpointConfig::default(), None, socket.into(), runtime)?)
}
