//! Packets under way.

use std::{collections::BTreeMap, time::Duration};

/// Keeps packets until they arrive, in the order of their arrival. Bounded: beyond its bounds a
/// packet is not taken.
#[derive(Debug)]
pub struct Flight<T> {
    packets: BTreeMap<(Duration, u64), (usize, T)>,
    next_id: u64,
    bytes: usize,
    packets_max: usize,
    bytes_max: usize,
}

impl<T> Flight<T> {
    /// Takes at most so many packets, and so many bytes of them.
    pub fn new(packets_max: usize, bytes_max: usize) -> Self {
        Self { packets: BTreeMap::new(), next_id: 0, bytes: 0, packets_max, bytes_max }
    }

    /// Keeps a packet of that size. `false`: there is no room for it.
    pub fn push(&mut self, arrives_at: Duration, bytes: usize, packet: T) -> bool {
        if self.packets.len() >= self.packets_max || self.bytes + bytes > self.bytes_max {
            return false;
        }
        self.bytes += bytes;
        self.packets.insert((arrives_at, self.next_id), (bytes, packet));
        self.next_id += 1;
        true
    }

    /// The next packet that has arrived by `now`. Of two that arrive at once, the one that was
    /// pushed first.
    pub fn due(&mut self, now: Duration) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        let (_, (bytes, packet)) = self.packets.pop_first()?;
        self.bytes -= bytes;
        Some(packet)
    }

    /// When to ask again.
    pub fn next_at(&self) -> Option<Duration> {
        self.packets.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn packets_come_out_when_due_and_in_the_order_of_arrival() {
        let mut flight = Flight::new(9, 900);
        for (at, name) in [(5, 'c'), (3, 'a'), (3, 'b'), (9, 'd')] {
            assert!(flight.push(ms(at), 10, name));
        }
        assert_eq!((flight.next_at(), flight.due(ms(2))), (Some(ms(3)), None));
        let due: String = std::iter::from_fn(|| flight.due(ms(5))).collect();
        assert_eq!((due.as_str(), flight.next_at(), flight.len()), ("abc", Some(ms(9)), 1));
        assert_eq!(
            (flight.due(ms(9)), flight.is_empty(), flight.next_at()),
            (Some('d'), true, None)
        );
    }

    #[test]
    fn beyond_its_bounds_nothing_is_taken() {
        let mut flight = Flight::new(3, 100);
        assert!(flight.push(ms(1), 60, 'a') && !flight.push(ms(1), 41, 'b'));
        assert!(flight.push(ms(1), 20, 'c') && flight.push(ms(1), 20, 'd'));
        assert!(!flight.push(ms(1), 0, 'e'), "three are there");
        assert_eq!(flight.due(ms(1)), Some('a'));
        assert!(flight.push(ms(1), 60, 'f'), "its bytes count no more");
    }
}
