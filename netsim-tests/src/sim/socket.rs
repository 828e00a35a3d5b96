//! quinn's socket on the simulated network.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, IoSliceMut},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{EcnCodepoint, RecvMeta, Transmit},
};

use super::net::Net;

/// Packets that wait in a socket's buffer; beyond, they are lost, as in a kernel's.
const WAITING: usize = 2_048;

/// One UDP packet.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) contents: Arc<[u8]>,
    pub(super) ecn: Option<EcnCodepoint>,
}

/// What arrived at a socket.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    is_dead: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    packets: VecDeque<Packet>,
    reader: Option<Waker>,
}

impl Inbox {
    pub(super) fn put(&self, packet: Packet) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.packets.len() < WAITING && !self.is_dead.load(Ordering::Relaxed) {
            queue.packets.push_back(packet);
            if let Some(reader) = queue.reader.take() {
                reader.wake();
            }
        }
    }
}

/// One end of the network.
pub struct SimSocket {
    net: Arc<Net>,
    host: Option<usize>,
    address: SocketAddr,
    inbox: Arc<Inbox>,
    fuse: Mutex<Option<Fuse>>,
}

/// What happens when so many more packets were sent.
struct Fuse {
    packets: u64,
    then: Box<dyn FnOnce() + Send>,
}

impl SimSocket {
    pub(super) fn new(
        net: Arc<Net>,
        host: Option<usize>,
        address: SocketAddr,
    ) -> (Arc<Self>, Arc<Inbox>) {
        let inbox = Arc::<Inbox>::default();
        let fuse = Mutex::default();
        (Arc::new(Self { net, host, address, inbox: Arc::clone(&inbox), fuse }), inbox)
    }

    /// Calls `then` when so many more packets were sent, at least one.
    pub(super) fn after(&self, packets: u64, then: impl FnOnce() + Send + 'static) {
        *self.fuse() = Some(Fuse { packets, then: Box::new(then) });
    }

    /// Not after all.
    pub(super) fn never(&self) {
        *self.fuse() = None;
    }

    fn burn(&self) {
        let mut fuse = self.fuse();
        if let Some(lit) = &mut *fuse {
            lit.packets = lit.packets.saturating_sub(1);
        }
        let burnt = fuse.take_if(|lit| lit.packets == 0);
        drop(fuse);
        if let Some(Fuse { then, .. }) = burnt {
            then();
        }
    }

    fn fuse(&self) -> MutexGuard<'_, Option<Fuse>> {
        self.fuse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its process was killed: nothing goes out or comes in any more.
    pub fn kill(&self) {
        self.inbox.is_dead.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for SimSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimSocket").field("host", &self.host).finish_non_exhaustive()
    }
}

/// A simulated network always takes a packet.
#[derive(Debug)]
struct Writable;

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncUdpSocket for SimSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if !self.inbox.is_dead.load(Ordering::Relaxed) {
            let (from, to, ecn) = (self.address, transmit.destination, transmit.ecn);
            self.net.send(self.host, Packet { from, to, contents: transmit.contents.into(), ecn });
            self.burn();
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut queue = self.inbox.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for (buffer, meta) in buffers.iter_mut().zip(metas) {
            let Some(packet) = queue.packets.pop_front() else { break };
            let len = packet.contents.len().min(buffer.len());
            buffer[..len].copy_from_slice(&packet.contents[..len]);
            *meta = RecvMeta::default();
            (meta.addr, meta.len, meta.stride, meta.ecn) = (packet.from, len, len, packet.ecn);
            count += 1;
        }
        match count {
            0 => {
                queue.reader = Some(context.waker().clone());
                Poll::Pending
            }
            count => Poll::Ready(Ok(count)),
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn may_fragment(&self) -> bool {
        false
    }
}
