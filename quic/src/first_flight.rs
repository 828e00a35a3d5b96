//! Which datagrams of a connection's beginning go out again, and when: decided without a clock, a
//! socket or a chance.
//!
//! Before a handshake is over QUIC knows no round trip and waits long for what is lost; so what a
//! handshake rests on, and the first packets right behind it, go out again after a few
//! milliseconds, byte by byte. Whoever has it already drops it by its number.
//!
//! **A server and the limit of RFC 9000, 8.1.** To an address that nobody has proven, a server
//! sends at most three times what came from it. quinn counts what it sends itself, and nothing of
//! this; so here both are counted, with what came, and a repeat goes out only where all of it stays
//! within the limit. quinn may still want to send up to the limit itself, later: what would exceed
//! it together with the repeats is not sent, until more came or the handshake is over. A client
//! that is there sends again and again, so that this delays nobody for good. An address counts as
//! proven when quinn, once it has sent its part of the handshake and heard something of the client's,
//! sends a datagram of nothing but data under the connection's keys: it has none to send before the
//! handshake is over but what goes along with its own part. Other connections of the same address
//! (a client that comes back) are not counted, and never kept waiting. While several handshakes of one
//! address are under way, none is repeated: repeats of one would use up what another is owed. Where no
//! place is left for counting, nothing is repeated either.
//!
//! **Packets that come too early.** A packet under the connection's keys that overtakes the
//! handshake's end is dropped by quinn, and its number noted, so that its repeats would be dropped,
//! too. A server holds such ones here until the handshake is over.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use crate::packets::{Cid, Packets};

/// When a datagram goes out again.
const AFTER_MS: [u64; 3] = [5, 15, 35];
/// Peers with a handshake under way, at most; others have no repeats.
const PEERS: usize = 1_024;
/// Datagrams that wait for their time, at most.
const WAITING: usize = 2_048;
/// Datagrams that are held for one peer, and for all.
const HELD_OF_ONE: usize = 8;
const HELD: usize = 256;
/// And for how long: by then a repeat of the handshake's end would have come.
const HOLDS: Duration = Duration::from_millis(500);
/// How long a peer is of interest.
const LASTS: Duration = Duration::from_secs(10);
/// Datagrams right behind the handshake that have repeats, too, and how long they may be: a client
/// says what waits, a server what one has missed, which is much, and has time.
const FIRST: u8 = 6;
const FIRST_BYTES_OF_CLIENT: usize = 1_200;
const FIRST_BYTES_OF_SERVER: usize = 700;
/// Right behind it: so soon after the last datagram of the handshake.
const BEHIND: Duration = Duration::from_secs(1);
/// A server's datagram of Initial packets alone that is shorter only acknowledges.
const HELLO_BYTES: usize = 200;
/// To a peer that is silent for so long a client repeats nothing more: there may be no network.
const UNANSWERED: Duration = Duration::from_secs(1);
/// Who was tried so short a time ago is remembered, as long as nothing comes.
const TRIED: Duration = Duration::from_secs(60);
/// What goes out so soon behind a datagram of the handshake goes along with it.
const ALONG: Duration = Duration::from_millis(1);
/// Where a round trip is shorter, QUIC's own repeats of those come soon enough.
const NEAR: Duration = Duration::from_millis(15);
/// How much may go to an address that nobody has proven, by what came from it.
const AMPLIFICATION: u64 = 3;

/// Whose socket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What is done with a datagram that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Pass,
    /// [`FirstFlight::hold`] it.
    Hold,
}

/// The state. `R` says how to send a datagram once more, `M` what else came with one.
#[derive(Debug)]
pub(crate) struct FirstFlight<R, M> {
    side: Side,
    peers: BTreeMap<SocketAddr, Peer<M>>,
    /// Peers in order of their beginning.
    order: VecDeque<(Duration, SocketAddr)>,
    waiting: BTreeMap<(Duration, u64), Repeat<R>>,
    taken: u64,
    held: usize,
    /// Until when what is held of a peer is held.
    holding: VecDeque<(Duration, SocketAddr)>,
    released: VecDeque<(M, Bytes)>,
}

#[derive(Debug)]
struct Peer<M> {
    began: Duration,
    /// Since its beginning: all that came, and what went of handshakes, repeats among it.
    came: u64,
    sent: u64,
    /// From the first datagram to it, or from it, to the first one back.
    round_trip: Option<Duration>,
    /// A client's: since when nothing came of it, whichever handshake it was.
    unanswered_since: Option<Duration>,
    /// This end's connection id, by which the peer calls it.
    own: Option<Cid>,
    /// A client's: the handshake that began last, and whether others were under way then.
    last_begun: Option<Begun>,
    are_several: bool,
    /// What is heard of a client before the server's part of the handshake went out is no sign of
    /// its end.
    has_spoken: bool,
    has_heard: bool,
    is_done: bool,
    last_handshake: Duration,
    first_left: u8,
    held: Vec<(M, Bytes)>,
    /// What is held was held too long: nothing more is, in this handshake.
    is_let_go: bool,
}

/// A client's handshake.
#[derive(Debug)]
struct Begun {
    /// What the client calls its end.
    by: Cid,
    at: Duration,
    is_over: bool,
}

#[derive(Debug)]
struct Repeat<R> {
    to: SocketAddr,
    route: R,
    packets: Packets,
    datagram: Bytes,
}

impl<R: Clone, M> FirstFlight<R, M> {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            peers: BTreeMap::new(),
            order: VecDeque::new(),
            waiting: BTreeMap::new(),
            taken: 0,
            held: 0,
            holding: VecDeque::new(),
            released: VecDeque::new(),
        }
    }

    /// Whether a datagram may go out now; one that may not is as good as lost.
    pub(crate) fn may_send(&mut self, now: Duration, to: SocketAddr, datagram: &[u8]) -> bool {
        self.forget_old(now);
        let is_long = datagram.first().is_some_and(|first| first & 0x80 != 0);
        if self.side == Side::Client || !is_long {
            return true;
        }
        // As quinn does, which sends a whole datagram where a single byte is left.
        self.peers.get(&to).is_none_or(|peer| peer.is_done || peer.sent < peer.limit())
    }

    /// A datagram went out.
    pub(crate) fn sent(&mut self, now: Duration, to: SocketAddr, route: &R, datagram: &[u8]) {
        let is_long = datagram.first().is_some_and(|first| first & 0x80 != 0);
        if !is_long && !self.peers.contains_key(&to) {
            return;
        }
        let packets = Packets::of(datagram);
        if self.side == Side::Client && packets.initial {
            self.meet(now, to);
        }
        let Some(peer) = self.peers.get_mut(&to) else { return };
        if packets.is_handshake() {
            peer.last_handshake = now;
        }
        if now.saturating_sub(peer.last_handshake) <= ALONG {
            peer.sent += datagram.len() as u64;
        }
        let begins = packets.initial || peer.own.is_none();
        if begins && packets.source.is_some() && packets.source != peer.own {
            // A handshake of another connection. What ends one is none: where connections share an
            // address, its client would be held to have said nothing yet, and be held up.
            (peer.own, peer.is_done, peer.first_left) = (packets.source, false, FIRST);
            (peer.has_spoken, peer.has_heard, peer.is_let_go) = (false, false, false);
            if self.side == Side::Client {
                (peer.began, peer.round_trip) = (now, None);
                peer.unanswered_since.get_or_insert(now);
            }
        }
        peer.has_spoken |= packets.handshake;
        if self.side == Side::Server && packets.short && peer.has_heard && !peer.is_done {
            peer.is_done = true;
            if let Some(begun) = &mut peer.last_begun {
                begun.is_over = true;
            }
            self.held -= peer.held.len();
            self.released.extend(peer.held.drain(..));
            self.waiting.retain(|_, repeat| repeat.to != to);
        }
        let Some(peer) = self.peers.get_mut(&to) else { return };
        let most = match self.side {
            Side::Client => FIRST_BYTES_OF_CLIENT,
            Side::Server => FIRST_BYTES_OF_SERVER,
        };
        let is_word = packets.handshake || packets.initial && datagram.len() >= HELLO_BYTES;
        let is_in_vain = self.side == Side::Client
            && peer.unanswered_since.is_some_and(|since| now.saturating_sub(since) > UNANSWERED);
        if is_in_vain {
            return;
        }
        if !peer.are_several && (is_word || datagram.len() <= most && peer.is_first(now)) {
            self.repeat(now, to, route, packets, datagram);
        }
    }

    /// A datagram came.
    pub(crate) fn heard(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Heard {
        self.forget_old(now);
        let is_long = datagram.first().is_some_and(|first| first & 0x80 != 0);
        if !is_long && !self.peers.contains_key(&from) {
            return Heard::Pass;
        }
        let packets = Packets::of(datagram);
        if self.side == Side::Server && packets.initial {
            self.meet(now, from);
        }
        let Some(peer) = self.peers.get_mut(&from) else { return Heard::Pass };
        peer.came += datagram.len() as u64;
        let began = peer.began;
        peer.unanswered_since = None;
        match self.side {
            Side::Client => {
                let round_trip = *peer.round_trip.get_or_insert_with(|| now.saturating_sub(began));
                // It has all that was said in Initial packets alone; a short header that answers
                // says that it has everything.
                let has_first = packets.handshake || packets.retry;
                let since = now.saturating_sub(peer.last_handshake);
                let has_all = packets.short && since >= round_trip * 3 / 4;
                self.waiting.retain(|_, repeat| {
                    let is_known = match repeat.packets {
                        Packets { handshake: true, .. } => has_all,
                        Packets { initial: true, .. } => has_first || has_all,
                        _ => false,
                    };
                    repeat.to != from || !is_known
                });
                Heard::Pass
            }
            Side::Server => {
                if let Some(by) = packets.source.filter(|_| packets.initial)
                    && peer.last_begun.as_ref().is_none_or(|begun| begun.by != by)
                {
                    peer.are_several = peer.is_shaking_hands(now);
                    peer.last_begun = Some(Begun { by, at: now, is_over: false });
                    if peer.are_several {
                        self.waiting.retain(|_, repeat| repeat.to != from);
                    }
                }
                peer.has_heard |= packets.handshake && peer.has_spoken;
                if packets.handshake {
                    peer.round_trip.get_or_insert_with(|| now.saturating_sub(began));
                }
                let is_early = !packets.is_handshake()
                    && !peer.is_done
                    && !peer.is_let_go
                    && peer.own.is_some_and(|own| own.is_of_short(datagram));
                let has_place =
                    peer.held.len() < HELD_OF_ONE && self.held < HELD && self.holding.len() < HELD;
                match is_early && has_place {
                    true => Heard::Hold,
                    false => Heard::Pass,
                }
            }
        }
    }

    /// Keeps what came too early.
    pub(crate) fn hold(&mut self, now: Duration, from: SocketAddr, meta: M, datagram: Bytes) {
        match self.peers.get_mut(&from) {
            Some(peer) => {
                if peer.held.is_empty() {
                    self.holding.push_back((now + HOLDS, from));
                }
                self.held += 1;
                peer.held.push((meta, datagram));
            }
            None => self.released.push_back((meta, datagram)),
        }
    }

    /// What was held and is to be read now.
    pub(crate) fn released(&mut self) -> Option<(M, Bytes)> {
        self.released.pop_front()
    }

    /// Whether [`Self::released`] has something.
    pub(crate) fn has_released(&self) -> bool {
        !self.released.is_empty()
    }

    /// When [`Self::take_due`] would be news.
    pub(crate) fn due_at(&self) -> Option<Duration> {
        let repeat = self.waiting.first_key_value().map(|((at, _), _)| *at);
        repeat.into_iter().chain(self.holding.front().map(|(at, _)| *at)).min()
    }

    /// A repeat that is due. It counts as sent. What was held too long is released.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<(R, Bytes)> {
        self.let_go(now);
        loop {
            let entry = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
            let repeat = entry.remove();
            let Some(peer) = self.peers.get_mut(&repeat.to) else { continue };
            let bytes = repeat.datagram.len() as u64;
            // After the handshake, too: nobody is in such a hurry that it had to be more.
            if self.side == Side::Server && peer.sent + bytes > peer.limit() {
                continue;
            }
            peer.sent += bytes;
            return Some((repeat.route, repeat.datagram));
        }
    }

    /// Where a handshake's end is not noticed, nobody is to wait for it.
    fn let_go(&mut self, now: Duration) {
        while let Some((until, address)) = self.holding.front().copied()
            && until <= now
        {
            self.holding.pop_front();
            if let Some(peer) = self.peers.get_mut(&address)
                && !peer.held.is_empty()
            {
                peer.is_let_go = true;
                self.held -= peer.held.len();
                self.released.extend(peer.held.drain(..));
            }
        }
    }

    fn meet(&mut self, now: Duration, address: SocketAddr) {
        if self.peers.len() >= PEERS || self.peers.contains_key(&address) {
            return;
        }
        self.order.push_back((now, address));
        self.peers.insert(
            address,
            Peer {
                began: now,
                came: 0,
                sent: 0,
                round_trip: None,
                unanswered_since: (self.side == Side::Client).then_some(now),
                own: None,
                last_begun: None,
                are_several: false,
                has_spoken: false,
                has_heard: false,
                is_done: false,
                last_handshake: now,
                first_left: FIRST,
                held: Vec::new(),
                is_let_go: false,
            },
        );
    }

    fn repeat(
        &mut self,
        now: Duration,
        to: SocketAddr,
        route: &R,
        packets: Packets,
        datagram: &[u8],
    ) {
        let datagram = Bytes::copy_from_slice(datagram);
        for after in AFTER_MS {
            if self.waiting.len() >= WAITING {
                return;
            }
            self.taken += 1;
            let repeat = Repeat { to, route: route.clone(), packets, datagram: datagram.clone() };
            self.waiting.insert((now + Duration::from_millis(after), self.taken), repeat);
        }
    }

    fn forget_old(&mut self, now: Duration) {
        while let Some((began, address)) = self.order.front().copied()
            && now.saturating_sub(began) >= LASTS
        {
            self.order.pop_front();
            let is_tried = |peer: &Peer<M>| {
                peer.unanswered_since.is_some() && now.saturating_sub(peer.last_handshake) < TRIED
            };
            if self.peers.get(&address).is_some_and(is_tried) {
                // Else the next attempt would be the first one again.
                self.order.push_back((now, address));
            } else if let Some(peer) = self.peers.remove(&address) {
                self.held -= peer.held.len();
                self.released.extend(peer.held);
            }
        }
    }
}

impl<M> Peer<M> {
    /// How much may go to it unless it has proven itself.
    fn limit(&self) -> u64 {
        AMPLIFICATION * self.came
    }

    /// Whether a handshake of its client seems to be under way, of which nobody gave up.
    fn is_shaking_hands(&self, now: Duration) -> bool {
        self.last_begun.as_ref().is_some_and(|begun| {
            !begun.is_over && now.saturating_sub(begun.at.max(self.last_handshake)) < BEHIND
        })
    }

    /// Whether this is one of the first datagrams behind the handshake; it counts as one then.
    fn is_first(&mut self, now: Duration) -> bool {
        let is_first = self.round_trip.is_some_and(|time| time >= NEAR)
            && self.first_left > 0
            && now.saturating_sub(self.last_handshake) < BEHIND;
        self.first_left -= u8::from(is_first);
        is_first
    }
}

#[cfg(test)]
mod tests;
