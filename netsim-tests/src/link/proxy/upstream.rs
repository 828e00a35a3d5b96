//! One client's socket towards the server.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    task::JoinSet,
    time::{self, Duration},
};

use super::clients::ClientId;

/// The largest UDP datagram.
const DATAGRAM_BYTES: usize = 65_535;
/// Asked of the system; it may give less.
const SOCKET_BUFFER_BYTES: usize = 1 << 20;
/// After a failure that is no news: an error that stays must not spin.
const PAUSE: Duration = Duration::from_millis(10);

/// A datagram of the server, and whose it is.
pub(super) type Received = (ClientId, Vec<u8>);

/// Dropped, its port is closed.
#[derive(Debug)]
pub(super) struct Upstream {
    socket: Arc<UdpSocket>,
    reading: JoinSet<()>,
}

impl Upstream {
    /// A port of its own. Needs a tokio runtime.
    pub(super) fn open(to: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match to {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
        socket.bind(&any.into())?;
        socket.connect(&to.into())?;
        socket.set_nonblocking(true)?;
        let socket = Arc::new(UdpSocket::from_std(socket.into())?);
        Ok(Self { socket, reading: JoinSet::new() })
    }

    /// Hands what the server sends to `received`, as that client's.
    pub(super) fn read(&mut self, id: ClientId, received: mpsc::Sender<Received>) {
        let socket = self.socket.clone();
        self.reading.spawn(async move {
            let mut buffer = vec![0; DATAGRAM_BYTES];
            loop {
                match socket.recv(&mut buffer).await {
                    Ok(length) => {
                        if received.send((id, buffer[..length].to_vec())).await.is_err() {
                            return;
                        }
                    }
                    // Nothing listens there now: a server that restarts. It may come back.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(_) => time::sleep(PAUSE).await,
                }
            }
        });
    }

    /// Sends a datagram, if the system takes it at once.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self.socket.try_send(bytes) {
            // The refusal of an earlier one, told only now: this one was not sent.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                self.socket.try_send(bytes).map(drop)
            }
            sent => sent.map(drop),
        }
    }
}
