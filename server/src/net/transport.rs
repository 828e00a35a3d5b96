//! quinn's settings. Sizes are small on purpose: what a peer may make us hold is decided here.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{hkdf, hmac};
use quinn::{
    AckFrequencyConfig, EndpointConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt,
    crypto::rustls::QuicServerConfig,
};
use socket2::{Domain, Protocol, Socket, Type};
use tertulia_certs::ServerIdentity;
use tertulia_proto::{ALPN, limits as wire};
use tertulia_quic::WindowFloor;

use super::connection_ids::ConnectionIds;
use crate::limits;

/// Keys that outlive the process, so that clients notice a restart at once: the stateless reset
/// (RFC 9000, 10.3) needs both the reset key and the connection ids of before.
#[derive(Clone)]
pub(crate) struct EndpointKeys {
    pub(crate) reset: [u8; 64],
    pub(crate) connection_id: u64,
    pub(crate) token: [u8; 64],
}

impl EndpointKeys {
    pub(crate) const BYTES: usize = 64 + 8 + 64;

    /// From that many secret bytes.
    pub(crate) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (mut reset, mut id, mut token) = ([0; 64], [0; 8], [0; 64]);
        reset.copy_from_slice(&bytes[..64]);
        id.copy_from_slice(&bytes[64..72]);
        token.copy_from_slice(&bytes[72..]);
        Self { reset, connection_id: u64::from_le_bytes(id), token }
    }
}

/// The endpoint's own settings.
pub(crate) fn endpoint_config(keys: &EndpointKeys) -> EndpointConfig {
    let reset = hmac::Key::new(hmac::HMAC_SHA256, &keys.reset);
    let mut config = EndpointConfig::new(Arc::new(reset));
    let id_key = keys.connection_id;
    config.cid_generator(move || Box::new(ConnectionIds::of_key(id_key)));
    // After a restart every client is told in its own millisecond, not 50 a second.
    config.min_reset_interval(Duration::from_millis(1));
    config
}

/// TLS, limits and timers of the server side.
pub(crate) fn server_config(
    identity: &ServerIdentity,
    keys: &EndpointKeys,
) -> anyhow::Result<ServerConfig> {
    let tls = tertulia_certs::server_config(identity, ALPN)?;
    let crypto = Arc::new(QuicServerConfig::try_from(tls)?);
    let token_key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&keys.token);
    let mut config = ServerConfig::new(crypto, Arc::new(token_key));
    config
        .transport_config(Arc::new(transport()?))
        .max_incoming(limits::INCOMING)
        .incoming_buffer_size(limits::INCOMING_BYTES)
        .incoming_buffer_size_total(limits::INCOMING_BYTES_TOTAL);
    Ok(config)
}

fn transport() -> anyhow::Result<TransportConfig> {
    let mut config = TransportConfig::default();
    config
        .ack_frequency_config(Some(acks()))
        .initial_rtt(Duration::from_millis(100))
        .congestion_controller_factory(Arc::new(WindowFloor::default()))
        .max_idle_timeout(Some(IdleTimeout::try_from(limits::IDLE_TIME)?))
        // The control stream, and files.
        .max_concurrent_bidi_streams(VarInt::from_u32(1 + wire::FILES_AT_ONCE))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(limits::STREAM_WINDOW))
        .receive_window(VarInt::from_u32(limits::CONNECTION_WINDOW))
        .send_window(limits::SEND_WINDOW)
        .datagram_receive_buffer_size(Some(32 << 10))
        .datagram_send_buffer_size(wire::FRAME_BYTES)
        .allow_spin(false);
    Ok(config)
}

/// What clients that know the extension are asked for (draft-ietf-quic-ack-frequency): while much
/// comes, one packet for nine of ours instead of one for two. What comes alone is acknowledged as
/// soon as before, and so is what comes behind a gap.
fn acks() -> AckFrequencyConfig {
    let mut acks = AckFrequencyConfig::default();
    acks.ack_eliciting_threshold(VarInt::from_u32(8)).reordering_threshold(VarInt::from_u32(1));
    acks
}

/// The UDP socket, and a warning where the system gives smaller buffers than were asked for.
/// An unspecified IPv6 address takes IPv4 too; where IPv6 is off, IPv4 alone.
pub(crate) fn bind_socket(
    listen: SocketAddr,
) -> std::io::Result<(std::net::UdpSocket, Option<String>)> {
    let socket = match open(listen) {
        Err(error) if listen.ip().is_unspecified() && listen.is_ipv6() && is_no_ipv6(&error) => {
            open(SocketAddr::from((Ipv4Addr::UNSPECIFIED, listen.port())))?
        }
        opened => opened?,
    };
    let _ = socket.set_recv_buffer_size(limits::SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(limits::SOCKET_BUFFER);
    let given = socket.recv_buffer_size().unwrap_or_default();
    let warning = (given < limits::SOCKET_BUFFER).then(|| {
        format!(
            "the system gives a receive buffer of {} KiB, {} are wanted for many clients: \
             sysctl -w net.core.rmem_max={} net.core.wmem_max={}",
            given >> 10,
            limits::SOCKET_BUFFER >> 10,
            limits::SOCKET_BUFFER,
            limits::SOCKET_BUFFER,
        )
    });
    Ok((socket.into(), warning))
}

fn open(listen: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
    if listen.is_ipv6() {
        socket.set_only_v6(!listen.ip().is_unspecified())?;
    }
    socket.bind(&listen.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn is_no_ipv6(error: &std::io::Error) -> bool {
    // EAFNOSUPPORT, EADDRNOTAVAIL
    matches!(error.raw_os_error(), Some(97 | 99))
}
