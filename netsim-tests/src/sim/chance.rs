//! Chance of one part of a run: a sequence of its own from the run's seed.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::link::rng::Rng;

/// Shared by the tasks of one part; what it gives depends on the order in which they ask, which is
/// the same in every run of a seed.
#[derive(Debug)]
pub struct Chance(Mutex<Rng>);

impl Chance {
    /// The `part`th of the sequences of a seed.
    pub fn of(seed: u64, part: u64) -> Self {
        Self(Mutex::new(Rng::of(seed, part)))
    }

    /// 64 uniform bits.
    pub fn bits(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bits()
    }

    /// True in `share` of all calls.
    pub fn happens(&self, share: f64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).chance(share)
    }

    /// Less than `end`, which is at least 1.
    pub fn below(&self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// One of the range, which is not empty.
    pub fn of_range(&self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }

    /// A time of the range, in whole milliseconds.
    pub fn ms(&self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.of_range(range))
    }

    /// One of them; `None` where there is none.
    pub fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        match from.len() {
            0 => None,
            len => from.get(self.below(len as u64) as usize),
        }
    }

    /// Fills `out`.
    pub fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
    }

    /// 32 bytes, for what takes a seed of its own.
    pub fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        seed
    }
}
