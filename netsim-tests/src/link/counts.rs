//! What has happened to the packets of one direction.

use std::ops::{Add, AddAssign};

use super::{Cause, Fate};

/// Packets by their fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Offered to the link.
    pub packets: u64,
    /// Bytes of theirs.
    pub bytes: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Dropped from a full queue.
    pub full: u64,
    /// Dropped since the link was down.
    pub down: u64,
    /// Arrived twice.
    pub twice: u64,
}

impl Counts {
    /// One more packet.
    pub fn add(&mut self, bytes: usize, fate: Fate) {
        self.packets += 1;
        self.bytes += bytes as u64;
        match fate {
            Fate::Arrives(_) => {}
            Fate::Twice(..) => self.twice += 1,
            Fate::Dropped(Cause::Lost) => self.lost += 1,
            Fate::Dropped(Cause::Full) => self.full += 1,
            Fate::Dropped(Cause::Down) => self.down += 1,
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            bytes: self.bytes + other.bytes,
            lost: self.lost + other.lost,
            full: self.full + other.full,
            down: self.down + other.down,
            twice: self.twice + other.twice,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
