//! How much one connection hands to the system at once, by how many there are.

use std::{
    fmt,
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{RecvMeta, Transmit},
};

/// Up to so many connections each may hand over all that the system takes at once.
const CONNECTIONS: usize = 64;
/// Beyond, so many datagrams.
const SEGMENTS: usize = 2;

/// A socket of a server with many connections. quinn keeps a buffer for each of them that holds all
/// that it may hand over at once: 13 KiB where the system cuts ten datagrams out of one buffer.
pub struct SharedSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    connections: Arc<AtomicUsize>,
}

impl SharedSocket {
    /// In front of that one.
    pub fn new(inner: Arc<dyn AsyncUdpSocket>) -> Arc<Self> {
        Arc::new(Self { inner, connections: Arc::default() })
    }
}

impl AsyncUdpSocket for SharedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let connections = Arc::clone(&self.connections);
        connections.fetch_add(1, Ordering::Relaxed);
        let inner = Arc::clone(&self.inner).create_io_poller();
        Box::pin(Counted { inner, connections })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_recv(context, buffers, metas)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        let most = self.inner.max_transmit_segments();
        match self.connections.load(Ordering::Relaxed) {
            0..=CONNECTIONS => most,
            _ => most.min(SEGMENTS),
        }
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

impl fmt::Debug for SharedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSocket").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// quinn has one for each connection, for as long as it lasts.
#[derive(Debug)]
struct Counted {
    inner: Pin<Box<dyn UdpPoller>>,
    connections: Arc<AtomicUsize>,
}

impl UdpPoller for Counted {
    fn poll_writable(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_writable(context)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use quinn::Runtime;

    use super::*;

    #[tokio::test]
    async fn only_where_connections_are_many_each_hands_over_little_at_once() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let inner = quinn::TokioRuntime.wrap_udp_socket(socket).unwrap();
        let most = inner.max_transmit_segments();
        let shared = SharedSocket::new(inner);
        let poller = || Arc::clone(&shared).create_io_poller();
        let mut pollers: Vec<_> = (0..CONNECTIONS).map(|_| poller()).collect();
        assert_eq!(shared.max_transmit_segments(), most);
        pollers.push(poller());
        assert_eq!(shared.max_transmit_segments(), most.min(SEGMENTS));
        pollers.pop();
        assert_eq!(shared.max_transmit_segments(), most);
    }
}
