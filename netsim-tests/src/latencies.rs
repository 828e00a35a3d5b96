//! How long messages took: what was sent and what each reader saw, held against each other.

use std::{collections::BTreeMap, time::Duration};

use tertulia_client::{ClientEvent, Content};
use tertulia_proto::RoomId;

/// When each message was sent, and where.
pub type SentAt = BTreeMap<u32, (Duration, RoomId)>;

/// How long messages took.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    /// Of each delivery, in order of size.
    pub sorted: Vec<Duration>,
    /// Deliveries that never came.
    pub lost: usize,
    /// Deliveries that came again.
    pub twice: usize,
    /// Deliveries that came before an older one of their room.
    pub disordered: usize,
    /// On all links, by delivery: UDP payload in a simulation, IP packets over the emulator.
    pub bytes_per_delivery: f64,
}

impl Latencies {
    /// Adds what one reader was shown, and when; messages before the `first` do not count. With
    /// `ended_at`, what never came counts as having taken at least until then, so that no
    /// percentile looks better for what is missing.
    pub fn add(
        &mut self,
        first: u32,
        sent_at: &SentAt,
        shown: Vec<(u32, Duration)>,
        ended_at: Option<Duration>,
    ) {
        let mut seen = BTreeMap::new();
        let mut newest = BTreeMap::<RoomId, u32>::new();
        for (number, at) in shown {
            let Some((sent, room)) = sent_at.get(&number) else { continue };
            if seen.insert(number, at.saturating_sub(*sent)).is_some() {
                self.twice += 1;
                continue;
            }
            let newest = newest.entry(*room).or_default();
            self.disordered += usize::from(*newest > number);
            *newest = number.max(*newest);
        }
        for (number, (sent, _)) in sent_at.range(first..) {
            match seen.get(number) {
                Some(took) => self.sorted.push(*took),
                None => {
                    self.lost += 1;
                    self.sorted.extend(ended_at.map(|ended_at| ended_at.saturating_sub(*sent)));
                }
            }
        }
        self.sorted.sort_unstable();
    }

    /// So many of a thousand deliveries took at most that long.
    pub fn per_mille(&self, share: usize) -> Duration {
        per_mille(&self.sorted, share)
    }
}

/// So many of a thousand of these, which are in order of size, are at most that long.
pub fn per_mille(sorted: &[Duration], share: usize) -> Duration {
    let place = (sorted.len() * share).div_ceil(1_000).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

/// The text of a message of that number: some 150 bytes, as somebody who tells something.
pub fn text(number: u32) -> String {
    format!("{number} {}", "x".repeat(140))
}

/// The number of a message by its text.
pub fn number_of(text: &str) -> Option<u32> {
    text.split(' ').next().and_then(|number| number.parse().ok())
}

/// The numbers of the messages that an event shows.
pub fn numbers_in(event: &ClientEvent) -> impl Iterator<Item = u32> {
    let items = match event {
        ClientEvent::Items { items, .. } => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(|item| match &item.content {
        Content::Text(text) => number_of(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn each_message_is_held_against_what_was_shown() {
        let sent: SentAt = (0..6).map(|n| (n, (ms(10) * n, RoomId(u64::from(n % 2))))).collect();
        let shown =
            vec![(0, ms(1)), (3, ms(93)), (1, ms(94)), (2, ms(95)), (2, ms(96)), (9, ms(97))];
        let mut found = Latencies::default();
        found.add(1, &sent, shown.clone(), None);
        assert_eq!((found.lost, found.twice, found.disordered), (2, 1, 1));
        assert_eq!(found.sorted, [63, 76, 84].map(ms));
        assert_eq!([1, 500, 1_000].map(|share| found.per_mille(share)), [63, 76, 84].map(ms));
        found.add(1, &sent, shown, Some(ms(1_040)));
        assert_eq!(found.sorted[6..], [990, 1_000].map(ms), "what is missing is not left out");
    }

    #[test]
    fn a_text_has_its_number_and_its_size() {
        assert_eq!((number_of(&text(1_234)), text(1_234).len()), (Some(1_234), 145));
        assert_eq!(number_of("hello"), None);
    }
}
