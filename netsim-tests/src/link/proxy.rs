//! A link in front of a server: UDP in, the same UDP out, if and when the link lets it.
//!
//! To the server each client has an address of the proxy's own, as behind a router. Arrivals are
//! as punctual as tokio's timer: up to a millisecond late.

mod clients;
mod config;
mod report;
mod upstream;

use std::{
    future::{self, Future},
    io,
    net::SocketAddr,
    sync::Arc,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::UdpSocket,
    sync::mpsc,
    time::{self, Duration, Instant, Interval, MissedTickBehavior},
};

use super::{Flight, Link, Profile, rng::Rng};

use clients::{ClientId, Clients};
pub use config::{ProxyConfig, Switch};
pub use report::Report;
use upstream::{Received, Upstream};

/// Client addresses at once. Each has a socket.
pub const CLIENTS: usize = 256;
/// An address that is silent for so long is forgotten, as routers do.
pub const IDLE_AFTER: Duration = Duration::from_secs(120);
/// Packets under way at once, all clients' together.
pub const PACKETS_UNDER_WAY: usize = 65_536;
/// Their bytes.
pub const BYTES_UNDER_WAY: usize = 64 << 20;
/// Packets of the server that wait for the proxy; the system's buffers wait beyond.
const RECEIVED: usize = 1_024;
/// Packets taken from one side before the rest has its turn.
const TURN: usize = 64;
/// The largest UDP datagram.
const DATAGRAM_BYTES: usize = 65_535;
/// Asked of the system; it may give less.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// After a failure that is no news: an error that stays must not spin.
const PAUSE: Duration = Duration::from_millis(10);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Client {
    upstream: Upstream,
    up: Link,
    down: Link,
}

#[derive(Debug)]
struct Parcel {
    client: ClientId,
    is_up: bool,
    bytes: Arc<[u8]>,
}

/// A proxy that has its port. It works while [`Proxy::run`] is polled.
#[derive(Debug)]
pub struct Proxy {
    config: ProxyConfig,
    switch: Switch,
    socket: UdpSocket,
    began: Instant,
    clients: Clients<Client>,
    welcomed: u64,
    flight: Flight<Parcel>,
    received_tx: mpsc::Sender<Received>,
    received: mpsc::Receiver<Received>,
    report: Report,
}

impl Proxy {
    /// Takes the port; on a tokio runtime. The link's time, and with it its outages, begins here.
    pub fn bind(config: ProxyConfig) -> io::Result<Self> {
        let (received_tx, received) = mpsc::channel(RECEIVED);
        Ok(Self {
            socket: open(config.listen)?,
            config,
            switch: Switch::default(),
            began: Instant::now(),
            clients: Clients::new(CLIENTS, IDLE_AFTER),
            welcomed: 0,
            flight: Flight::new(PACKETS_UNDER_WAY, BYTES_UNDER_WAY),
            received_tx,
            received,
            report: Report::default(),
        })
    }

    /// Where clients come to.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Cuts the links while it works.
    pub fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// Works until `stop` is ready, and tells each second how it goes.
    pub async fn run(
        mut self,
        stop: impl Future<Output = ()>,
        mut each_second: impl FnMut(&Report),
    ) -> Report {
        tokio::pin!(stop);
        let mut buffer = vec![0; DATAGRAM_BYTES];
        let mut seconds = ticks(SECOND);
        let mut rebinds = self.config.rebind_every.map(ticks);
        loop {
            let next_at = self.flight.next_at().map(|at| self.began + at);
            tokio::select! {
                biased;
                () = &mut stop => return self.report(),
                () = until(next_at) => self.deliver(),
                _ = seconds.tick() => {
                    self.expire();
                    each_second(&self.report());
                }
                () = tick(rebinds.as_mut()) => self.rebind(),
                Some(received) = self.received.recv() => self.take_down(received),
                readable = self.socket.readable() => {
                    if readable.is_err() {
                        time::sleep(PAUSE).await;
                    }
                }
            }
            // Both sides have their turn, however much the other sends.
            self.take_all_down();
            self.take_all_up(&mut buffer);
        }
    }

    fn take_all_down(&mut self) {
        for _ in 0..TURN {
            let Ok(received) = self.received.try_recv() else {
                return;
            };
            self.take_down(received);
        }
    }

    fn take_all_up(&mut self, buffer: &mut [u8]) {
        for _ in 0..TURN {
            match self.socket.try_recv_from(buffer) {
                Ok((length, from)) => self.take_up(from, &buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // What a client's host refuses is told here by some systems.
                Err(_) => self.report.failed += 1,
            }
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn report(&self) -> Report {
        let mut report =
            Report { clients: self.clients.len(), under_way: self.flight.len(), ..self.report };
        for client in self.clients.values() {
            report.up += client.up.counts();
            report.down += client.down.counts();
        }
        report
    }

    fn take_up(&mut self, from: SocketAddr, bytes: &[u8]) {
        let now = self.now();
        let id = match self.clients.heard(from, now) {
            Some(id) => id,
            None => match self.welcome(from, now) {
                Ok(id) => id,
                Err(_) => return self.report.failed += 1,
            },
        };
        self.send_on(id, true, now, bytes);
    }

    fn take_down(&mut self, (id, bytes): Received) {
        self.send_on(id, false, self.now(), &bytes);
    }

    fn send_on(&mut self, id: ClientId, is_up: bool, now: Duration, bytes: &[u8]) {
        // One that was forgotten has no way back.
        let Some((_, client)) = self.clients.client(id) else {
            return;
        };
        let link = if is_up { &mut client.up } else { &mut client.down };
        link.set_cut(self.switch.is_cut());
        let fate = link.offer(now, bytes.len());
        let bytes: Arc<[u8]> = bytes.into();
        for arrives_at in fate.arrivals() {
            let parcel = Parcel { client: id, is_up, bytes: bytes.clone() };
            if !self.flight.push(arrives_at, bytes.len(), parcel) {
                self.report.failed += 1;
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.now();
        while let Some(Parcel { client, is_up, bytes }) = self.flight.due(now) {
            let Some((address, client)) = self.clients.client(client) else {
                continue;
            };
            let sent = match is_up {
                true => client.upstream.send(&bytes),
                false => self.socket.try_send_to(&bytes, address).map(drop),
            };
            if sent.is_err() {
                self.report.failed += 1;
            }
        }
    }

    /// Gives a new address a way to the server and links of its own.
    fn welcome(&mut self, from: SocketAddr, now: Duration) -> io::Result<ClientId> {
        let mut seeds = Rng::of(self.config.seed, self.welcomed);
        let Profile { up, down } = self.config.profile;
        let client = Client {
            upstream: Upstream::open(self.config.to)?,
            up: Link::new(up, seeds.bits()),
            down: Link::new(down, seeds.bits()),
        };
        self.welcomed += 1;
        let (id, left) = self.clients.insert(from, now, client);
        if let Some(left) = left {
            self.forget(&left);
        }
        if let Some((_, client)) = self.clients.client(id) {
            client.upstream.read(id, self.received_tx.clone());
        }
        Ok(id)
    }

    /// What it sent and got counts on.
    fn forget(&mut self, client: &Client) {
        self.report.up += client.up.counts();
        self.report.down += client.down.counts();
    }

    fn expire(&mut self) {
        let now = self.now();
        while let Some(left) = self.clients.expire(now) {
            self.forget(&left);
        }
    }

    fn rebind(&mut self) {
        for (id, client) in self.clients.iter_mut() {
            match Upstream::open(self.config.to) {
                Ok(upstream) => {
                    client.upstream = upstream;
                    client.upstream.read(id, self.received_tx.clone());
                    self.report.rebound += 1;
                }
                Err(_) => self.report.failed += 1,
            }
        }
    }
}

fn open(listen: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
    if listen.is_ipv6() {
        // As the server does: [::] takes IPv4 too.
        socket.set_only_v6(!listen.ip().is_unspecified())?;
    }
    // A smaller buffer loses more, and says nothing about the link.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    socket.bind(&listen.into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn tick(ticks: Option<&mut Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at).await,
        None => future::pending().await,
    }
}

#[cfg(test)]
mod tests;
