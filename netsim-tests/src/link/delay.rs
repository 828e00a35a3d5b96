//! How long packets are under way, and which overtake which.

use std::time::Duration;

use super::{conditions::Conditions, rng::Rng};

#[derive(Debug)]
pub(super) struct Delay {
    delay: Duration,
    jitter: Duration,
    overtaken: f64,
    overtaken_by: Duration,
    last_arrival: Duration,
    rng: Rng,
}

impl Delay {
    pub(super) fn new(conditions: &Conditions, rng: Rng) -> Self {
        Self {
            delay: conditions.delay,
            jitter: conditions.jitter,
            overtaken: conditions.overtaken,
            overtaken_by: conditions.overtaken_by,
            last_arrival: Duration::ZERO,
            rng,
        }
    }

    pub(super) fn set(&mut self, conditions: &Conditions) {
        self.delay = conditions.delay;
        self.jitter = conditions.jitter;
        self.overtaken = conditions.overtaken;
        self.overtaken_by = conditions.overtaken_by;
    }

    /// When a packet that leaves then arrives. Jitter alone overtakes nobody: on real links it is
    /// queues that make it.
    pub(super) fn arrives_at(&mut self, leaves_at: Duration) -> Duration {
        let arrives_at = leaves_at + self.delay + self.jitter.mul_f64(self.rng.unit());
        if self.rng.chance(self.overtaken) {
            return arrives_at + self.overtaken_by;
        }
        self.last_arrival = self.last_arrival.max(arrives_at);
        self.last_arrival
    }
}
