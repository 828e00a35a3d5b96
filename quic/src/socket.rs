//! A socket on which handshakes are not waited for: see [`crate::first_flight`].

use std::{
    fmt, io,
    io::IoSliceMut,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use quinn::{
    AsyncUdpSocket, UdpPoller,
    udp::{EcnCodepoint, RecvMeta, Transmit},
};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    first_flight::{FirstFlight, Heard, Side},
    knocks::Knocks,
};

/// Another socket, and repeats of what handshakes rest on.
pub struct EagerSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    began: Instant,
    state: Mutex<State>,
    /// A client's.
    knocks: Option<Arc<Knocks>>,
}

struct State {
    flight: FirstFlight<Route, RecvMeta>,
    /// Of whoever reads: repeats go out where it polls.
    reader: Option<Waker>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How a datagram goes out again.
#[derive(Debug, Clone)]
struct Route {
    to: SocketAddr,
    ecn: Option<EcnCodepoint>,
    src_ip: Option<IpAddr>,
}

impl EagerSocket {
    /// For an endpoint that only dials: its knocks go out by this socket from now on.
    pub fn of_client(
        inner: Arc<dyn AsyncUdpSocket>,
        knocks: &Arc<Knocks>,
    ) -> Arc<dyn AsyncUdpSocket> {
        knocks.move_to(Arc::downgrade(&inner));
        Self::over(inner, Side::Client, Some(Arc::clone(knocks)))
    }

    /// For an endpoint that only accepts: its repeats keep to the limit on amplification.
    pub fn of_server(inner: Arc<dyn AsyncUdpSocket>) -> Arc<dyn AsyncUdpSocket> {
        Self::over(inner, Side::Server, None)
    }

    fn over(
        inner: Arc<dyn AsyncUdpSocket>,
        side: Side,
        knocks: Option<Arc<Knocks>>,
    ) -> Arc<dyn AsyncUdpSocket> {
        let state = State { flight: FirstFlight::new(side), reader: None, timer: None };
        Arc::new(Self { inner, began: Instant::now(), state: Mutex::new(state), knocks })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_due(&self, flight: &mut FirstFlight<Route, RecvMeta>) {
        while let Some((Route { to, ecn, src_ip }, datagram)) = flight.take_due(self.now()) {
            let contents = &datagram[..];
            let transmit = Transmit { destination: to, ecn, contents, segment_size: None, src_ip };
            // One that the system does not take now is as good as lost.
            let _ = self.inner.try_send(&transmit);
        }
    }
}

impl State {
    /// Looks at what was read, and keeps what came too early. How many are left, at the front.
    fn sift(
        &mut self,
        now: Duration,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
        count: usize,
    ) -> usize {
        let mut kept = 0;
        for read in 0..count {
            let meta = metas[read];
            let mut datagrams = buffers[read][..meta.len].chunks(meta.stride.max(1));
            // The system puts equal ones into one buffer: the first stands for all.
            let first = datagrams.next().map(|first| self.flight.heard(now, meta.addr, first));
            for datagram in datagrams {
                self.flight.heard(now, meta.addr, datagram);
            }
            if first == Some(Heard::Hold) {
                let contents = Bytes::copy_from_slice(&buffers[read][..meta.len]);
                self.flight.hold(now, meta.addr, meta, contents);
                continue;
            }
            if kept < read {
                let (before, from) = buffers.split_at_mut(read);
                before[kept][..meta.len].copy_from_slice(&from[0][..meta.len]);
                metas[kept] = meta;
            }
            kept += 1;
        }
        kept
    }

    /// Hands out what was kept.
    fn release(&mut self, buffers: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> usize {
        let mut count = 0;
        for (buffer, slot) in buffers.iter_mut().zip(metas) {
            let Some((meta, datagram)) = self.flight.released() else { break };
            // It came out of a buffer of this size.
            let Some(target) = buffer.get_mut(..datagram.len()) else { break };
            target.copy_from_slice(&datagram);
            *slot = meta;
            count += 1;
        }
        count
    }

    /// Whether a repeat is due, else `context` is woken when one is.
    fn is_due(&mut self, began: Instant, context: &mut Context<'_>) -> bool {
        let Some(due_at) = self.flight.due_at() else {
            self.timer = None;
            return false;
        };
        let at = began + due_at;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(context).is_ready()
    }
}

impl AsyncUdpSocket for EagerSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let (now, to) = (self.now(), transmit.destination);
        if !self.state().flight.may_send(now, to, transmit.contents) {
            return Ok(());
        }
        self.inner.try_send(transmit)?;
        let route = Route { to, ecn: transmit.ecn, src_ip: transmit.src_ip };
        let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        let mut state = self.state();
        let before = state.flight.due_at();
        for datagram in transmit.contents.chunks(size) {
            if let Some(knocks) = &self.knocks {
                knocks.sent(to, datagram);
            }
            state.flight.sent(now, to, &route, datagram);
        }
        let has_news = state.flight.due_at() != before || state.flight.has_released();
        if has_news && let Some(reader) = state.reader.take() {
            drop(state);
            reader.wake();
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut state = self.state();
            self.send_due(&mut state.flight);
            let released = state.release(buffers, metas);
            if released > 0 {
                return Poll::Ready(Ok(released));
            }
            match self.inner.poll_recv(context, buffers, metas) {
                Poll::Ready(Ok(count)) => {
                    if let Some(knocks) = &self.knocks {
                        metas.iter().take(count).for_each(|meta| knocks.heard(meta.addr));
                    }
                    match state.sift(self.now(), buffers, metas, count) {
                        0 if count > 0 => continue,
                        kept => return Poll::Ready(Ok(kept)),
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    if !state.is_due(self.began, context) {
                        state.reader = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

impl fmt::Debug for EagerSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EagerSocket").field("inner", &self.inner).finish_non_exhaustive()
    }
}
