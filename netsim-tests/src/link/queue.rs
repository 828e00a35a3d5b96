//! A link that takes only so much, and the queue before it.

use std::time::Duration;

const NANOS: u128 = 1_000_000_000;

/// How much fits through a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub bits_per_second: u64,
    /// What may wait; a packet that finds no room is dropped. A long queue on a slow link is what
    /// is known as bufferbloat.
    pub queue_bytes: u64,
}

/// Holds no packets: when the last one has left says all.
#[derive(Debug)]
pub(super) struct Queue {
    rate: Option<Rate>,
    busy_until: Duration,
}

impl Queue {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self { rate, busy_until: Duration::ZERO }
    }

    /// What waits already leaves when it would have.
    pub(super) fn set_rate(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// When a packet that comes at `now` has left; `None` if there is no room for it. A packet
    /// that finds nobody before it always has room.
    pub(super) fn leaves_at(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let Some(rate) = self.rate else {
            return Some(now);
        };
        let bits_per_second = u128::from(rate.bits_per_second.max(1));
        let wait = self.busy_until.saturating_sub(now);
        let waiting_bytes = wait.as_nanos() * bits_per_second / (8 * NANOS);
        if !wait.is_zero() && waiting_bytes + bytes as u128 > u128::from(rate.queue_bytes) {
            return None;
        }
        let takes = bytes as u128 * 8 * NANOS / bits_per_second;
        let takes = Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX));
        self.busy_until = now.max(self.busy_until).saturating_add(takes);
        Some(self.busy_until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A packet of 125 bytes takes a millisecond.
    const MEGABIT: Rate = Rate { bits_per_second: 1_000_000, queue_bytes: 500 };

    #[test]
    fn packets_leave_one_after_the_other() {
        let mut queue = Queue::new(Some(MEGABIT));
        let leave = [0, 0, 0, 10].map(|now| queue.leaves_at(ms(now), 125).unwrap());
        assert_eq!(leave, [ms(1), ms(2), ms(3), ms(11)]);
    }

    #[test]
    fn a_packet_that_finds_the_queue_full_is_dropped() {
        let mut queue = Queue::new(Some(MEGABIT));
        let took = (0..9).filter(|_| queue.leaves_at(ms(0), 125).is_some()).count();
        assert_eq!(took, 4);
        assert!(queue.leaves_at(ms(1), 125).is_some(), "one has left");
        assert_eq!(queue.leaves_at(ms(1), 125), None);
        assert!(queue.leaves_at(ms(100), 5_000).is_some(), "nobody before it");
    }

    proptest! {
        #[test]
        fn no_more_waits_than_has_room(
            offers in prop::collection::vec((0u64..5, 1usize..1_500), 1..200),
            queue_bytes in 1_500u64..20_000,
        ) {
            let mut queue = Queue::new(Some(Rate { queue_bytes, ..MEGABIT }));
            let mut now = Duration::ZERO;
            for (pause, bytes) in offers {
                now += ms(pause);
                if let Some(leaves_at) = queue.leaves_at(now, bytes) {
                    // 8 µs a byte, and what integers cut.
                    let longest = Duration::from_micros(8 * (queue_bytes + 1));
                    prop_assert!(leaves_at - now <= longest);
                }
            }
        }
    }
}
