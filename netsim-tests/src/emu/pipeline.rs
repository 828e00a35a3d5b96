//! Packets in, packets out, and when: each through the link of its client.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc, time::Duration};

use super::{nat, packet};
use crate::link::{Counts, Flight, Link, Profile, Trace};

/// Packets under way at once: two seconds of 100 Mbit/s in small ones.
const PACKETS: usize = 131_072;
/// Their bytes.
const BYTES: usize = 128 << 20;
/// Clients with a link of their own.
pub const CLIENTS: usize = 16_384;

/// One end of all links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Where the server is.
    Server,
    /// Where the clients are.
    Clients,
}

impl End {
    /// The one on the other side.
    pub fn other(self) -> Self {
        match self {
            Self::Server => Self::Clients,
            Self::Clients => Self::Server,
        }
    }
}

/// A packet that is let go.
#[derive(Debug, PartialEq, Eq)]
pub struct Released {
    /// It should have been then.
    pub at: Duration,
    /// Where it comes out.
    pub to: End,
    /// The packet.
    pub packet: Vec<u8>,
}

/// Both directions of one client.
#[derive(Debug)]
struct Line {
    up: Link,
    down: Link,
    /// Where the server sees it, if a router gave it another address.
    outer: Option<Ipv4Addr>,
}

/// One who sends over another one's link.
#[derive(Debug)]
struct Guest {
    host: Ipv4Addr,
    up: Counts,
    down: Counts,
}

/// All links, and what is under way on them.
#[derive(Debug)]
pub struct Pipeline {
    lines: BTreeMap<Ipv4Addr, Line>,
    /// Whose an address of a router's is, or was.
    outers: BTreeMap<Ipv4Addr, Ipv4Addr>,
    guests: BTreeMap<Ipv4Addr, Guest>,
    flight: Flight<(End, Vec<u8>)>,
    strays: u64,
    crowded_out: u64,
}

impl Default for Pipeline {
    fn default() -> Self {
        let flight = Flight::new(PACKETS, BYTES);
        let (lines, outers, guests) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { lines, outers, guests, flight, strays: 0, crowded_out: 0 }
    }
}

impl Pipeline {
    /// The client at that address has that link from now on; what is under way arrives. `false`:
    /// there are too many clients.
    pub fn set_link(&mut self, client: Ipv4Addr, profile: Profile, seed: u64) -> bool {
        let [up, down] = seeds(client, seed);
        self.put(client, Link::new(profile.up, up), Link::new(profile.down, down))
    }

    /// The same, with a link that changes as was recorded, from `began` on and again and again.
    pub fn set_trace(
        &mut self,
        client: Ipv4Addr,
        trace: &Arc<Trace>,
        began: Duration,
        seed: u64,
    ) -> bool {
        let [up, down] = seeds(client, seed);
        let (trace_up, trace_down) = trace.directions(began);
        self.put(client, Link::recorded(trace_up, up), Link::recorded(trace_down, down))
    }

    /// No packet of that address gets through any more, and none to it.
    pub fn remove_link(&mut self, client: Ipv4Addr) {
        self.lines.remove(&client);
    }

    /// The link is down, or up again; what is under way arrives.
    pub fn set_cut(&mut self, client: Ipv4Addr, is_cut: bool) {
        if let Some(line) = self.lines.get_mut(&client) {
            line.up.set_cut(is_cut);
            line.down.set_cut(is_cut);
        }
    }

    /// The client is at another address from now on, on the same link; the old one is dead.
    pub fn set_address(&mut self, from: Ipv4Addr, to: Ipv4Addr) {
        if let Some(line) = self.lines.remove(&from) {
            self.lines.insert(to, line);
        }
    }

    /// Somebody without a link of their own sends over that of another one, through the same queue.
    /// `false`: there are too many such.
    pub fn share_link(&mut self, guest: Ipv4Addr, host: Ipv4Addr) -> bool {
        if self.guests.len() >= CLIENTS || !self.lines.contains_key(&host) {
            return false;
        }
        let (up, down) = (Counts::default(), Counts::default());
        self.guests.insert(guest, Guest { host, up, down });
        true
    }

    /// A router forgets the client: the server sees it at that address from now on, which the client
    /// does not know of. What is under way to the old one arrives nowhere. `false`: there are too
    /// many such.
    pub fn set_outer(&mut self, client: Ipv4Addr, outer: Ipv4Addr) -> bool {
        let has_room = self.outers.len() < CLIENTS || self.outers.contains_key(&outer);
        let Some(line) = self.lines.get_mut(&client).filter(|_| has_room) else { return false };
        line.outer = Some(outer);
        self.outers.insert(outer, client);
        true
    }

    /// Takes a packet that came at an end.
    pub fn offer(&mut self, now: Duration, from: End, mut packet: Vec<u8>) {
        let Some((source, target)) = packet::addresses(&packet) else {
            self.strays += 1;
            return;
        };
        let client = match from {
            End::Server => self.outers.get(&target).copied().unwrap_or(target),
            End::Clients => source,
        };
        let mut guest = self.guests.get_mut(&client);
        let host = guest.as_ref().map_or(client, |guest| guest.host);
        let Some(line) = self.lines.get_mut(&host) else {
            self.strays += 1;
            return;
        };
        let link = match from {
            End::Server => &mut line.down,
            End::Clients => {
                if let Some(outer) = line.outer {
                    nat::set_source(&mut packet, outer);
                }
                &mut line.up
            }
        };
        let bytes = packet.len();
        let fate = link.offer(now, bytes);
        if let Some(guest) = &mut guest {
            match from {
                End::Server => guest.down.add(bytes, fate),
                End::Clients => guest.up.add(bytes, fate),
            }
        }
        let mut arrivals = fate.arrivals();
        let (first, again) = (arrivals.next(), arrivals.next());
        if let Some(at) = again {
            self.push(at, from.other(), packet.clone());
        }
        if let Some(at) = first {
            self.push(at, from.other(), packet);
        }
    }

    /// The next packet that is due.
    pub fn due(&mut self, now: Duration) -> Option<Released> {
        loop {
            let at = self.flight.next_at()?;
            let (to, mut packet) = self.flight.due(now)?;
            if to == End::Server || self.comes_home(&mut packet) {
                return Some(Released { at, to, packet });
            }
            self.strays += 1;
        }
    }

    /// Whether a packet to a client is to where the server should see it now; its router sends it on
    /// to where it is.
    fn comes_home(&self, packet: &mut [u8]) -> bool {
        let Some((_, target)) = packet::addresses(packet) else { return false };
        let client = self.outers.get(&target).copied().unwrap_or(target);
        let outer = self.lines.get(&client).and_then(|line| line.outer);
        match outer {
            Some(outer) if outer == target => nat::set_target(packet, client),
            Some(_) => return false,
            None => {}
        }
        true
    }

    /// When to ask again.
    pub fn next_at(&self) -> Option<Duration> {
        self.flight.next_at()
    }

    /// What happened to a client's packets so far: up, down. A guest's are counted with the host's,
    /// too.
    pub fn counts(&self, client: Ipv4Addr) -> (Counts, Counts) {
        if let Some(guest) = self.guests.get(&client) {
            return (guest.up, guest.down);
        }
        let line = self.lines.get(&client);
        line.map_or_else(Default::default, |line| (line.up.counts(), line.down.counts()))
    }

    /// Packets that were nobody's.
    pub fn strays(&self) -> u64 {
        self.strays
    }

    /// Packets for which there was no room in the emulator itself: with any, figures are worthless.
    pub fn crowded_out(&self) -> u64 {
        self.crowded_out
    }

    fn put(&mut self, client: Ipv4Addr, up: Link, down: Link) -> bool {
        if self.lines.len() >= CLIENTS && !self.lines.contains_key(&client) {
            return false;
        }
        let outer = self.lines.get(&client).and_then(|line| line.outer);
        self.lines.insert(client, Line { up, down, outer });
        true
    }

    fn push(&mut self, at: Duration, to: End, packet: Vec<u8>) {
        if !self.flight.push(at, packet.len(), (to, packet)) {
            self.crowded_out += 1;
        }
    }
}

/// Each link, and each direction, has a chance of its own.
fn seeds(client: Ipv4Addr, seed: u64) -> [u64; 2] {
    let own = seed ^ (u64::from(client.to_bits()) << 1);
    [own, own ^ 1]
}

#[cfg(test)]
mod tests;
