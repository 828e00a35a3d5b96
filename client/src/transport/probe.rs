//! Whether a host says that nothing listens there.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use quinn::Connection;
use tokio::{net::UdpSocket, time};

/// A path that is silent for so long is worth a probe.
const SILENT: Duration = Duration::from_secs(1);
/// Between probes: hosts answer only so many.
const AGAIN: Duration = Duration::from_secs(2);

/// Returns as soon as an attempt's host is known to be unreachable, else never.
///
/// Cancel safe: it leaves nothing behind.
pub(super) async fn unreachable(to: SocketAddr) {
    loop {
        time::sleep(SILENT).await;
        if asked(to).await.is_some() {
            return;
        }
        time::sleep(AGAIN - SILENT).await;
    }
}

/// Returns as soon as the host of a standing connection says that nothing listens there, else
/// never. Asks only while what was sent stays unanswered: a server that was killed is noticed at
/// once, not when QUIC sends again. That there is no way now says nothing: it may come back.
///
/// Cancel safe: it leaves nothing behind.
pub(crate) async fn gone(quic: &Connection) {
    let mut before = quic.stats();
    loop {
        time::sleep(SILENT).await;
        let now = quic.stats();
        let has_sent = now.udp_tx.datagrams > before.udp_tx.datagrams;
        let is_silent = now.udp_rx.datagrams == before.udp_rx.datagrams;
        if has_sent && is_silent && asked(quic.remote_address()).await == Some(Answer::Refused) {
            return;
        }
        before = now;
    }
}

/// What one hears of a port; silence is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The host is there, and nothing listens.
    Refused,
    /// There is no way to the host.
    NoWay,
}

/// QUIC's own socket is not connected, and the system reports ICMP errors on connected ones only.
/// The probe's datagram is a single byte, which every QUIC endpoint drops unanswered.
async fn asked(to: SocketAddr) -> Option<Answer> {
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let ask = async {
        let socket = UdpSocket::bind(from).await?;
        socket.connect(to).await?;
        socket.send(&[0]).await?;
        socket.recv(&mut [0; 1]).await
    };
    match time::timeout(AGAIN - SILENT, ask).await {
        Ok(Err(error)) => match error.kind() {
            ErrorKind::ConnectionRefused => Some(Answer::Refused),
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::AddrNotAvailable
            | ErrorKind::Unsupported => Some(Answer::NoWay),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_is_told_from_a_silent_one() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let listening = silent.local_addr().unwrap();
        assert_eq!(asked(listening).await, None);
        drop(silent);
        assert_eq!(asked(listening).await, Some(Answer::Refused));
    }
}
