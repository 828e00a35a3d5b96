//! A bad link, worked out without clocks or sockets.
//!
//! [`Link`] is one direction: it is told of each packet and says when it arrives, if it does.
//! [`Flight`] keeps packets until then. Time is what the caller says it is, chance comes from a
//! seed, so that the same packets meet the same fates in a socket ([`proxy`]), in a simulation
//! with a clock of its own, or behind a network device. One effect, one file.

pub mod conditions;
pub mod counts;
mod delay;
pub mod flight;
pub mod loss;
pub mod outage;
pub mod preset;
pub mod proxy;
pub mod queue;
pub mod rng;
pub mod trace;

use std::time::Duration;

pub use conditions::{Conditions, Profile};
pub use counts::Counts;
use delay::Delay;
pub use flight::Flight;
use loss::Losses;
pub use loss::{Loss, TooMuchLoss};
pub use outage::Outage;
pub use preset::Preset;
pub use proxy::{Proxy, ProxyConfig, Report, Switch};
use queue::Queue;
pub use queue::Rate;
use rng::Rng;
pub use trace::{BadTrace, Recording, Trace};

/// A copy arrives so long after its original.
pub const COPY_AFTER: Duration = Duration::from_micros(200);

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives then.
    Arrives(Duration),
    /// It arrives at both times.
    Twice(Duration, Duration),
    /// It never arrives.
    Dropped(Cause),
}

/// Why a packet never arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It found the queue before a slow link full.
    Full,
    /// The link was down when its turn came.
    Down,
    /// It was lost on the way.
    Lost,
}

impl Fate {
    /// When it arrives: never, once or twice.
    pub fn arrivals(self) -> impl Iterator<Item = Duration> {
        let (first, second) = match self {
            Self::Arrives(at) => (Some(at), None),
            Self::Twice(at, again) => (Some(at), Some(again)),
            Self::Dropped(_) => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// One direction of a link. A packet waits for its turn ([`Rate`]), finds the link up or not
/// ([`Outage`]), is lost or not ([`Loss`]), and is under way for a while ([`Conditions`]).
#[derive(Debug)]
pub struct Link {
    conditions: Conditions,
    recording: Option<Recording>,
    queue: Queue,
    losses: Losses,
    delay: Delay,
    copies: Rng,
    is_cut: bool,
    counts: Counts,
}

impl Link {
    /// An idle link. Each effect draws from a sequence of its own, so that the same packets are
    /// lost whatever else is set.
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            recording: None,
            queue: Queue::new(conditions.rate),
            losses: Losses::new(conditions.loss, Rng::of(seed, 1)),
            delay: Delay::new(&conditions, Rng::of(seed, 2)),
            copies: Rng::of(seed, 3),
            is_cut: false,
            counts: Counts::default(),
        }
    }

    /// An idle link that changes as was recorded.
    pub fn recorded(recording: Recording, seed: u64) -> Self {
        Self { recording: Some(recording), ..Self::new(Conditions::default(), seed) }
    }

    /// The fate of a packet that is sent at `now`, which never goes back.
    pub fn offer(&mut self, now: Duration, bytes: usize) -> Fate {
        if let Some(conditions) = self.recording.as_mut().and_then(|played| played.changed(now)) {
            self.change(conditions);
        }
        let fate = self.judge(now, bytes);
        self.counts.add(bytes, fate);
        fate
    }

    /// From now on nothing gets through, or what should.
    pub fn set_cut(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
    }

    /// What has happened to packets so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Other conditions; what was drawn so far stays drawn, and what is queued stays queued.
    fn change(&mut self, conditions: Conditions) {
        self.conditions = conditions;
        self.queue.set_rate(conditions.rate);
        self.losses.set(conditions.loss);
        self.delay.set(&conditions);
    }

    fn judge(&mut self, now: Duration, bytes: usize) -> Fate {
        let Some(leaves_at) = self.queue.leaves_at(now, bytes) else {
            return Fate::Dropped(Cause::Full);
        };
        if self.is_cut || self.conditions.outage.is_some_and(|outage| outage.is_down(leaves_at)) {
            return Fate::Dropped(Cause::Down);
        }
        if self.losses.take(leaves_at) {
            return Fate::Dropped(Cause::Lost);
        }
        let arrives_at = self.delay.arrives_at(leaves_at);
        match self.copies.chance(self.conditions.twice) {
            true => Fate::Twice(arrives_at, arrives_at + COPY_AFTER),
            false => Fate::Arrives(arrives_at),
        }
    }
}

#[cfg(test)]
mod tests;
