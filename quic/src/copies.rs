//! Copies over a connection of quinn's, and what is done where it falls silent.

use std::{
    convert::Infallible,
    future,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use quinn::{Connection, ConnectionStats};
use tertulia_proto::{DatagramKind, Probe, Run, limits};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    lull::Lull,
    shield::{Awaited, Path, Shield},
    watch::{Look, Watch, patience},
    window_floor,
};

/// What may be in flight beyond the congestion window while nothing is heard: probes of some
/// minutes, and what is said when there is hope.
const HEADROOM: u64 = 256 << 10;
/// A probe brings along a frame of at most so many bytes.
const ALONG: usize = 400;
/// When an end that moved says so. The first ones are long: to an address that nobody has proven
/// yet the other end may send three times of what came from it.
const MOVED: [(Duration, usize); 5] = [
    (Duration::ZERO, limits::DATAGRAM_BYTES),
    (Duration::from_millis(8), limits::DATAGRAM_BYTES),
    (Duration::from_millis(25), limits::DATAGRAM_BYTES),
    (Duration::from_millis(55), 0),
    (Duration::from_millis(100), 0),
];
/// As long is what asks in a lull, so that what is answered to an address that nobody has proven yet
/// may hold a few frames.
const LULL: usize = 400;
/// It asks again this long after a round trip, or so soon where packets are lost.
const LULL_AGAIN: Duration = Duration::from_millis(40);
const LULL_AGAIN_AMID_LOSS: Duration = Duration::from_millis(15);
/// Who asks for repeats is given them so often.
const REPEATS: Duration = Duration::from_millis(100);
const ASKS: Probe = Probe(Probe::ASK.0 | Probe::REPEAT.0);

/// The copies that one end of a connection sends, and what it does while nothing is heard of the
/// other one. Both ends must have [`Features::COPIES`].
///
/// [`Features::COPIES`]: tertulia_proto::Features::COPIES
#[derive(Debug)]
pub struct Copies {
    connection: Connection,
    began: Instant,
    state: Mutex<State>,
    more: Notify,
    turned: Notify,
}

#[derive(Debug, Default)]
struct State {
    shield: Shield,
    watch: Watch,
    lull: Lull,
    /// Where the other end was when it was last heard.
    remote: Option<SocketAddr>,
    /// When the other end was last told that this one moved, and how many of [`MOVED`] are sent.
    moved: Option<(Duration, usize)>,
    repeated_at: Option<Duration>,
    /// Whether note is taken of what is acknowledged.
    asks_what_arrived: bool,
    /// More may be in flight than the congestion window says, until something is heard.
    has_headroom: bool,
}

impl State {
    fn due_at(&self) -> Option<Duration> {
        let told = self.moved.and_then(|(at, told)| Some(at + MOVED.get(told)?.0));
        let due = [self.shield.due_at(), self.watch.due_at(), self.lull.due_at(), told];
        due.into_iter().flatten().min()
    }
}

impl Copies {
    /// None are sent before [`Self::run`] is polled.
    pub fn new(connection: &Connection) -> Self {
        let remote = Some(connection.remote_address());
        Self {
            connection: connection.clone(),
            began: Instant::now(),
            state: Mutex::new(State { remote, ..State::default() }),
            more: Notify::new(),
            turned: Notify::new(),
        }
    }

    /// Takes note of frames that are being written to a stream: call it together with the write.
    pub fn offer(&self, kind: DatagramKind, runs: &[Run], awaited: Awaited) {
        let now = self.now();
        let mut state = self.state();
        if state.shield.wants_look(now) && !state.has_headroom {
            state.shield.look(now, &path_of(&self.connection.stats()));
            if state.shield.copies() == 0 && std::mem::take(&mut state.asks_what_arrived) {
                window_floor::forget_acknowledged(&self.connection);
            }
        }
        let has_copies = state.shield.offer(now, kind, runs, awaited);
        if state.watch.is_idle() {
            self.arm(&mut state, now);
        } else if !has_copies {
            return;
        }
        self.more.notify_one();
    }

    /// Something that was sent is still outstanding.
    pub fn expect(&self) {
        let now = self.now();
        let mut state = self.state();
        if state.watch.is_idle() {
            self.arm(&mut state, now);
            self.more.notify_one();
        }
    }

    /// How many copies follow a frame now; 0 on a clean path.
    pub fn per_frame(&self) -> usize {
        self.state().shield.copies()
    }

    /// Whether nothing is heard of the other end though something is outstanding: nothing more is
    /// to be written then.
    pub fn is_holding(&self) -> bool {
        self.state().watch.is_silent()
    }

    /// Waits while it is so. Cancel safe, for one waiter.
    pub async fn let_through(&self) {
        while self.is_holding() {
            self.turned().await;
        }
    }

    /// [`Self::is_holding`] became another. Cancel safe, for one waiter; may be early.
    pub async fn turned(&self) {
        self.turned.notified().await;
    }

    /// How long nothing is heard already, while that is so.
    pub fn silent_for(&self) -> Option<Duration> {
        let since = self.state().watch.silent_since()?;
        Some(self.now().saturating_sub(since))
    }

    /// Something came that nobody had asked for: an end that calls this where it does asks whether
    /// the other one is there when it comes no more.
    pub fn arrived(&self) {
        let now = self.now();
        let mut state = self.state();
        let was_due = state.lull.due_at().is_some();
        state.lull.arrived(now);
        let is_news = !was_due && state.lull.due_at().is_some();
        drop(state);
        if is_news {
            self.more.notify_one();
        }
    }

    /// A datagram came: what it says to this.
    pub fn heard(&self, datagram: &[u8]) {
        let now = self.now();
        let mut state = self.state();
        let mut has_news = self.hear(&mut state, now);
        let remote = self.connection.remote_address();
        let has_moved = state.remote.replace(remote).is_some_and(|before| before != remote);
        if let Some(probe) = Probe::decode_datagram(datagram) {
            state.lull.answered();
            let is_early = state.repeated_at.is_some_and(|at| now < at + REPEATS);
            if (probe.wants(Probe::REPEAT) || has_moved) && !is_early {
                let late = now.saturating_sub(patience(self.connection.rtt()) + REPEATS);
                has_news |= self.repeat(&mut state, now, late);
            }
            if probe.wants(Probe::ASK) {
                self.send(Probe::ANSWER.encode_datagram(0));
            }
        }
        drop(state);
        if has_news {
            self.more.notify_one();
        }
    }

    /// This end has another address by now, or a way where there was none: what may be lost with
    /// the old one goes out again, and the other end is asked for the same.
    pub fn moved(&self) {
        let now = self.now();
        let mut state = self.state();
        let stats = self.connection.stats();
        let (heard, rtt) = (stats.udp_rx.datagrams, stats.path.rtt);
        let since = state.watch.silent_since().unwrap_or(now);
        if state.watch.hope(now, heard, rtt) {
            self.turned.notify_one();
        }
        self.set_headroom(&mut state, true);
        self.repeat(&mut state, now, since.saturating_sub(patience(rtt)));
        state.moved = Some((now, 0));
        drop(state);
        self.more.notify_one();
    }

    /// Sends what is due, for as long as it is polled. Cancel safe.
    pub async fn run(&self) -> Infallible {
        loop {
            let due_at = self.state().due_at();
            let due = async {
                match due_at {
                    Some(at) => sleep_until(self.began + at).await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.more.notified() => {}
                () = due => {
                    let now = self.now();
                    self.look(now);
                    self.look_for_lull(now);
                    self.send_due(now);
                }
            }
        }
    }

    fn look(&self, now: Duration) {
        let mut state = self.state();
        if state.watch.due_at().is_none_or(|at| now < at) {
            return;
        }
        let stats = self.connection.stats();
        let since = state.watch.silent_since().unwrap_or(now);
        match state.watch.look(now, stats.udp_rx.datagrams) {
            Look::Fine if state.has_headroom && !state.watch.is_silent() => {
                // What the silence took is known to be lost by now, and says nothing of the path.
                self.set_headroom(&mut state, false);
                state.shield.forgive(&path_of(&stats));
            }
            Look::Fine => {}
            Look::FellSilent => {
                self.set_headroom(&mut state, true);
                self.turned.notify_one();
            }
            Look::Probe => {
                self.send(ASKS.encode_datagram(0));
                let since = since.saturating_sub(patience(stats.path.rtt));
                if let Some(first) = state.shield.first_since(since, ALONG) {
                    self.send(first);
                }
            }
            Look::Heard => self.ended(&mut state, now, since),
        }
    }

    fn look_for_lull(&self, now: Duration) {
        let mut state = self.state();
        if state.watch.is_silent() {
            state.lull.answered();
        }
        let again = match state.shield.copies() {
            0 => self.connection.rtt() + LULL_AGAIN,
            _ => LULL_AGAIN_AMID_LOSS,
        };
        if state.lull.look(now, again) {
            self.send(Probe::ASK.encode_datagram(LULL));
            // What follows if nothing is heard is the same as for everything that is outstanding.
            self.arm(&mut state, now);
        }
    }

    fn send_due(&self, now: Duration) {
        let mut state = self.state();
        if let Some((at, told)) = state.moved {
            match MOVED.get(told) {
                Some((after, length)) if at + *after <= now => {
                    self.send(ASKS.encode_datagram(*length));
                    state.moved = Some((at, told + 1));
                }
                Some(_) => {}
                None => state.moved = None,
            }
        }
        let Some(most) = self.connection.max_datagram_size() else { return };
        let most = most.min(limits::DATAGRAM_BYTES);
        if state.shield.due_at().is_none_or(|at| now < at) {
            return;
        }
        if state.shield.copies() > 0 {
            state.asks_what_arrived = true;
            for (sent, bytes) in window_floor::acknowledged(&self.connection) {
                let sent_at = sent.saturating_duration_since(self.began.into_std());
                state.shield.acknowledged(sent_at, bytes as usize);
            }
        }
        while let Some(datagram) = state.shield.take(now, most) {
            self.send(datagram);
        }
    }

    /// Something came. Whether that was news.
    fn hear(&self, state: &mut State, now: Duration) -> bool {
        let Some(since) = state.watch.silent_since() else { return false };
        state.watch.heard(now);
        self.ended(state, now, since);
        true
    }

    /// The silence is over.
    fn ended(&self, state: &mut State, now: Duration, since: Duration) {
        let rtt = self.connection.rtt();
        self.set_headroom(state, true);
        self.repeat(state, now, since.saturating_sub(patience(rtt)));
        self.arm(state, now);
        self.turned.notify_one();
    }

    fn repeat(&self, state: &mut State, now: Duration, since: Duration) -> bool {
        state.repeated_at = Some(now);
        state.shield.repeat(now, since)
    }

    fn arm(&self, state: &mut State, now: Duration) {
        let stats = self.connection.stats();
        state.watch.expect(now, stats.udp_rx.datagrams, stats.path.rtt);
    }

    fn set_headroom(&self, state: &mut State, is_there: bool) {
        state.has_headroom = is_there;
        window_floor::set_headroom(&self.connection, if is_there { HEADROOM } else { 0 });
    }

    fn send(&self, datagram: Bytes) {
        // One that the path or a full buffer does not take is not missed.
        let _ = self.connection.send_datagram(datagram);
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path_of(stats: &ConnectionStats) -> Path {
    let path = &stats.path;
    Path { sent: path.sent_packets, lost: path.lost_packets, rtt: path.rtt, window: path.cwnd }
}
