//! The network: clients with a link each, one server behind them all.
//!
//! A client sits behind a router: to the server it has an outer address, which a router may change
//! without the client's knowing. What a socket sends meets its fate at once and is under way
//! until then ([`crate::link`]).

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time};

use super::{
    clock::Clock,
    socket::{Inbox, Packet, SimSocket},
    trace::Trace,
};
use crate::link::{Cause, Counts, Fate, Flight, Link, Profile};

/// Where the server is.
pub const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 7575);
/// The largest payload of a UDP packet on every link: Ethernet's.
const LARGEST: usize = 1_472;
/// Packets under way, in all.
const UNDER_WAY: usize = 65_536;
/// Their bytes.
const UNDER_WAY_BYTES: usize = 64 << 20;

/// The network of one run.
#[derive(Debug)]
pub struct Net {
    clock: Clock,
    trace: Arc<Trace>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    flight: Flight<Packet>,
    server: Option<Arc<Inbox>>,
    hosts: Vec<Host>,
    by_outer: BTreeMap<SocketAddr, usize>,
    /// Of links that were replaced.
    earlier: Counts,
    next_outer: u16,
}

#[derive(Debug)]
struct Host {
    inbox: Option<Arc<Inbox>>,
    outer: SocketAddr,
    up: Way,
    down: Way,
}

#[derive(Debug)]
struct Way {
    name: &'static str,
    link: Link,
    is_cut: bool,
    packets: u64,
}

impl Net {
    /// So many clients with perfect links.
    pub fn new(clock: Clock, trace: Arc<Trace>, hosts: usize) -> Arc<Self> {
        let flight = Flight::new(UNDER_WAY, UNDER_WAY_BYTES);
        let (by_outer, earlier) = (BTreeMap::new(), Counts::default());
        let mut state =
            State { flight, server: None, hosts: Vec::new(), by_outer, earlier, next_outer: 1_024 };
        for host in 0..hosts {
            let way = |name| Way {
                name,
                link: Link::new(Profile::default().up, 0),
                is_cut: false,
                packets: 0,
            };
            let outer = state.fresh_outer(host);
            state.hosts.push(Host { inbox: None, outer, up: way("up"), down: way("down") });
        }
        Arc::new(Self { clock, trace, state: Mutex::new(state), changed: Notify::new() })
    }

    /// The server's socket; an earlier one hears and says nothing more.
    pub fn bind_server(self: &Arc<Self>) -> Arc<SimSocket> {
        let (socket, inbox) = SimSocket::new(Arc::clone(self), None, SERVER);
        self.state().server = Some(inbox);
        socket
    }

    /// A client's socket; an earlier one hears and says nothing more.
    pub fn bind(self: &Arc<Self>, host: usize) -> Arc<SimSocket> {
        let inner = SocketAddr::from(([192, 168, 0, host as u8], 40_000));
        let (socket, inbox) = SimSocket::new(Arc::clone(self), Some(host), inner);
        self.state().hosts[host].inbox = Some(inbox);
        socket
    }

    /// A client's link becomes another one; what is under way arrives.
    pub fn set_link(&self, host: usize, profile: Profile, seed: u64) {
        let mut state = self.state();
        let State { hosts, earlier, .. } = &mut *state;
        let Host { up, down, .. } = &mut hosts[host];
        for (way, conditions, stream) in [(up, profile.up, 0), (down, profile.down, 1)] {
            *earlier += way.link.counts();
            way.link = Link::new(conditions, seed.wrapping_mul(2) + stream);
            way.link.set_cut(way.is_cut);
        }
    }

    /// Whether a client's packets, and those to it, get nowhere from now on.
    pub fn set_cut(&self, host: usize, up: bool, down: bool) {
        let mut state = self.state();
        let host = &mut state.hosts[host];
        for (way, is_cut) in [(&mut host.up, up), (&mut host.down, down)] {
            way.is_cut = is_cut;
            way.link.set_cut(is_cut);
        }
    }

    /// The client's router forgets it: it comes from another address from now on.
    pub fn rebind(&self, host: usize) {
        let mut state = self.state();
        let outer = state.fresh_outer(host);
        state.hosts[host].outer = outer;
    }

    /// What has happened to all packets so far.
    pub fn counts(&self) -> Counts {
        let state = self.state();
        state
            .hosts
            .iter()
            .fold(state.earlier, |sum, host| sum + host.up.link.counts() + host.down.link.counts())
    }

    /// Carries packets, until it is dropped.
    pub async fn carry(self: Arc<Self>) {
        loop {
            let next_at = self.state().flight.next_at();
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = self.until(next_at) => self.deliver(),
            }
        }
    }

    async fn until(&self, at: Option<Duration>) {
        match at {
            Some(at) => time::sleep_until(self.clock.at(at)).await,
            None => std::future::pending().await,
        }
    }

    fn deliver(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        while let Some(packet) = state.flight.due(now) {
            let inbox = match packet.to {
                SERVER => state.server.as_ref(),
                to => state.by_outer.get(&to).and_then(|host| {
                    let host = &state.hosts[*host];
                    // The router knows only the newest.
                    host.inbox.as_ref().filter(|_| host.outer == to)
                }),
            };
            if let Some(inbox) = inbox {
                inbox.put(packet);
            }
        }
    }

    /// A socket sends. `host`: whose it is; the server's has none.
    pub(super) fn send(&self, host: Option<usize>, mut packet: Packet) {
        let (now, bytes) = (self.clock.now(), packet.contents.len());
        let mut state = self.state();
        let Some(number) = host.or_else(|| state.by_outer.get(&packet.to).copied()) else {
            return;
        };
        let outer = state.hosts[number].outer;
        if host.is_some() {
            packet.from = outer;
        }
        if packet.to != if host.is_some() { SERVER } else { outer } {
            return;
        }
        let way = match host {
            Some(_) => &mut state.hosts[number].up,
            None => &mut state.hosts[number].down,
        };
        way.packets += 1;
        let fate = match bytes > LARGEST {
            true => Fate::Dropped(Cause::Full),
            false => way.link.offer(now, bytes),
        };
        self.trace.packet(number, way.name, way.packets, bytes, fate);
        let before = state.flight.next_at();
        for at in fate.arrivals() {
            state.flight.push(at, bytes, packet.clone());
        }
        if state.flight.next_at() != before {
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fresh_outer(&mut self, host: usize) -> SocketAddr {
        self.next_outer += 1;
        let outer = SocketAddr::from(([10, 1, 0, host as u8], self.next_outer));
        self.by_outer.insert(outer, host);
        outer
    }
}
