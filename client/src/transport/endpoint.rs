//! The client's socket and how QUIC is spoken over it.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use quinn::{
    AsyncUdpSocket, ClientConfig, Endpoint, EndpointConfig, IdleTimeout, Runtime, TokioRuntime,
    TransportConfig, VarInt, crypto::rustls::QuicClientConfig,
};
use socket2::{Domain, Protocol, Socket, Type};
use tertulia_certs::{DeviceIdentity, ObservedKey, Trust};
use tertulia_proto::ALPN;
use tertulia_quic::{Congestion, EagerSocket, Knocks, WindowFloor};

use crate::core::liveness;

/// A burst of packets waits here while the program is busy; the system may give less.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// quinn's guess of 333 ms makes the first lost packet cost a second.
const INITIAL_RTT: Duration = Duration::from_millis(100);
/// Where the last attempt met with silence there may be no network: then one flight a second or two.
const INITIAL_RTT_IN_SILENCE: Duration = Duration::from_millis(333);
/// The server's too. Long before it, [`liveness`] gives a dead connection up.
const IDLE: VarInt = VarInt::from_u32(180_000);
/// Lanes and pages at once.
const UNI_STREAMS: VarInt = VarInt::from_u32(16);
const STREAM_WINDOW: VarInt = VarInt::from_u32(256 << 10);
const CONNECTION_WINDOW: VarInt = VarInt::from_u32(1 << 20);
const SEND_WINDOW: u64 = 1 << 20;
/// Not `None`: that would switch sending datagrams off too.
const DATAGRAM_BUFFER_BYTES: usize = 32 << 10;

/// An endpoint on a socket of its own.
pub(crate) fn bind(knocks: &Arc<Knocks>) -> io::Result<Endpoint> {
    let runtime = Arc::new(TokioRuntime);
    Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, socket(knocks)?, runtime)
}

/// Goes on with another socket: the network may be another one, or what knew the old port is gone.
/// Connections go along.
pub(crate) fn move_on(endpoint: &Endpoint, knocks: &Arc<Knocks>) -> io::Result<()> {
    endpoint.rebind_abstract(socket(knocks)?)
}

/// A socket of both families where there are both, on a port that the system chooses.
fn socket(knocks: &Arc<Knocks>) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    let both = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_only_v6(false)?;
        socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let v4 = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into())?;
        Ok(socket)
    };
    let socket = both().or_else(|_| v4())?;
    // A smaller buffer is slower, not wrong.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    Ok(EagerSocket::of_client(TokioRuntime.wrap_udp_socket(socket.into())?, knocks))
}

/// One attempt's configuration, and the key that the server shows in it. Without a `trust` any key
/// that the server proves will do. `is_silent`: the last attempt met with silence.
pub(crate) fn client_config(
    device: &DeviceIdentity,
    trust: Option<&Trust>,
    congestion: Congestion,
    is_silent: bool,
) -> Result<(ClientConfig, ObservedKey), String> {
    let config = match trust {
        Some(trust) => tertulia_certs::client_config(device, trust, ALPN),
        None => tertulia_certs::client_config_for_first_sight(device, ALPN),
    };
    let (tls, observed) = config.map_err(|error| error.to_string())?;
    let quic = QuicClientConfig::try_from(tls).map_err(|error| error.to_string())?;
    let mut config = ClientConfig::new(Arc::new(quic));
    config.transport_config(Arc::new(transport(congestion, is_silent)));
    Ok((config, observed))
}

fn transport(congestion: Congestion, is_silent: bool) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .initial_rtt(if is_silent { INITIAL_RTT_IN_SILENCE } else { INITIAL_RTT })
        .congestion_controller_factory(Arc::new(WindowFloor(congestion)))
        .max_idle_timeout(Some(IdleTimeout::from(IDLE)))
        .keep_alive_interval(Some(liveness::SILENCE / 3))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(UNI_STREAMS)
        .stream_receive_window(STREAM_WINDOW)
        .receive_window(CONNECTION_WINDOW)
        .send_window(SEND_WINDOW)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER_BYTES))
        .allow_spin(false);
    transport
}
