//! What a group says, and when.

use std::time::Duration;

use super::Plan;
use crate::link::rng::Rng;

/// Rooms that are written into.
pub(super) const ROOMS: usize = 4;
/// Into all of them together, one message every so long on average.
const EVERY: Duration = Duration::from_millis(50);
/// Messages before those that count: the connection has learned the path by then.
pub(super) const FIRST: u32 = 100;

/// One group's messages.
#[derive(Debug)]
pub(super) struct Load {
    /// Messages, with those that do not count.
    pub(super) total: u32,
    /// How long to wait for what is missing at the end.
    pub(super) patience: Duration,
    rng: Rng,
}

impl Load {
    pub(super) fn new(plan: &Plan, place: usize) -> Self {
        let rng = Rng::of(plan.seed, 1_000 + place as u64);
        Self { total: FIRST + plan.messages, patience: plan.patience, rng }
    }

    /// The pause before the next message, and its room.
    pub(super) fn next(&mut self) -> (Duration, usize) {
        let pause = (EVERY * 2).mul_f64(self.rng.unit());
        (pause, (self.rng.bits() % ROOMS as u64) as usize)
    }
}
