//! Our server and our clients in the emulated network.

use std::{
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex},
};

use anyhow::Result;
use quinn::{AsyncUdpSocket, Endpoint, EndpointConfig, Runtime, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};
use tertulia_certs::ServerLink;
use tertulia_client::{Client, ClientConfig, ClientEvent, Congestion};
use tertulia_proto::{DisplayName, Registration};
use tertulia_quic::{EagerSocket, Knocks};
use tertulia_server::{Nearby, Rates, Server, ServerConfig};

use crate::emu::{SERVER, World};

/// As the client's own socket has it.
const SOCKET_BUFFER: usize = 4 << 20;

/// How a client of ours sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Whether small frames follow once more, and what a handshake rests on.
    pub(super) copies: bool,
    /// What its window goes by.
    pub(super) congestion: Congestion,
}

impl Default for Way {
    fn default() -> Self {
        Self { copies: true, congestion: Congestion::default() }
    }
}

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
        let way = Way { copies, ..Way::default() };
        self.join_on(Line::at(at, copies)?, profile, name, way).await
    }

    /// Registers one more, over that line.
    pub(super) async fn join_on(
        &self,
        line: Line,
        profile: &Path,
        name: &str,
        way: Way,
    ) -> Result<(Client, async_channel::Receiver<ClientEvent>)> {
        let (client, events) = opened(line, profile, way).await?;
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
        opened(Line::at(at, copies)?, profile, Way { copies, ..Way::default() }).await
    }
}

async fn opened(
    Line { endpoint, knocks }: Line,
    profile: &Path,
    Way { copies, congestion }: Way,
) -> Result<(Client, async_channel::Receiver<ClientEvent>)> {
    let env = Arc::new(tertulia_client::SystemEnv);
    let profile = profile.to_owned();
    let config = ClientConfig { profile, live: true, cache: false, copies, congestion, env };
    Ok(Client::with_endpoint(config, endpoint, knocks).await?)
}

/// Everybody registers at once.
pub(super) fn rates() -> Rates {
    const REGISTRATIONS: u32 = 10_000;
    let (register_burst, register_rate) = (REGISTRATIONS, REGISTRATIONS);
    Rates { register_burst, register_rate, ..Rates::default() }
}

/// A client's endpoint, and what its socket knows.
#[derive(Debug, Clone)]
pub(super) struct Line {
    endpoint: Endpoint,
    knocks: Arc<Knocks>,
}

impl Line {
    /// Speaks from that address; `copies`: what a handshake rests on follows once more.
    pub(super) fn at(at: Ipv4Addr, copies: bool) -> Result<Self> {
        let (runtime, knocks) = (Arc::new(TokioRuntime), Arc::default());
        let (config, socket) = (EndpointConfig::default(), socket(at, copies, &knocks)?);
        let endpoint = Endpoint::new_with_abstract_socket(config, None, socket, runtime)?;
        Ok(Self { endpoint, knocks })
    }

    /// Goes on from another address.
    pub(super) fn move_to(&self, at: Ipv4Addr, copies: bool) -> Result<()> {
        Ok(self.endpoint.rebind_abstract(socket(at, copies, &self.knocks)?)?)
    }
}

/// As the client's own.
fn socket(at: Ipv4Addr, copies: bool, knocks: &Arc<Knocks>) -> Result<Arc<dyn AsyncUdpSocket>> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&std::net::SocketAddr::from((at, 0)).into())?;
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    let socket = TokioRuntime.wrap_udp_socket(socket.into())?;
    Ok(if copies { EagerSocket::of_client(socket, knocks) } else { socket })
}
