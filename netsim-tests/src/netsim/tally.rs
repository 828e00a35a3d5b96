//! What readers saw of what writers wrote.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

/// A message of a run: its text says who wrote it as which, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Whose.
    pub writer: usize,
    /// From 0.
    pub number: u32,
    /// Since the run began.
    pub sent_at: Duration,
}

/// The text was not written by a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is none of this run's")]
pub struct ForeignText;

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.writer, self.number, self.sent_at.as_nanos())
    }
}

impl FromStr for Message {
    type Err = ForeignText;

    fn from_str(text: &str) -> Result<Self, ForeignText> {
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(ForeignText);
        let writer = next()?.parse().map_err(|_| ForeignText)?;
        let number = next()?.parse().map_err(|_| ForeignText)?;
        let sent_at = Duration::from_nanos(next()?.parse().map_err(|_| ForeignText)?);
        match words.next() {
            None => Ok(Self { writer, number, sent_at }),
            Some(_) => Err(ForeignText),
        }
    }
}

/// Counts the messages that arrive.
#[derive(Debug)]
pub struct Tally {
    readers: Vec<Reader>,
    /// Which message each seq is, by who saw it first.
    order: BTreeMap<u64, (usize, u32)>,
    expected: usize,
    twice: u64,
    out_of_order: u64,
    latencies: Vec<Duration>,
}

#[derive(Debug, Default, Clone)]
struct Reader {
    last_seq: u64,
    /// By writer: the numbers that came, and the highest of them.
    seen: BTreeMap<(usize, u32), ()>,
    highest: BTreeMap<usize, u32>,
}

impl Tally {
    /// Each of so many readers is to see so many messages of each writer.
    pub fn new(readers: usize, writers: usize, messages: u32) -> Self {
        Self {
            readers: vec![Reader::default(); readers],
            order: BTreeMap::new(),
            expected: readers * writers * messages as usize,
            twice: 0,
            out_of_order: 0,
            latencies: Vec::new(),
        }
    }

    /// A reader saw a message under that seq, then.
    pub fn saw(&mut self, reader: usize, seq: u64, message: Message, at: Duration) {
        let name = (message.writer, message.number);
        let Some(reader) = self.readers.get_mut(reader) else {
            return;
        };
        if reader.seen.insert(name, ()).is_some() {
            self.twice += 1;
            return;
        }
        let highest = reader.highest.entry(message.writer).or_insert(message.number);
        let is_late = message.number < *highest || seq <= reader.last_seq;
        *highest = message.number.max(*highest);
        reader.last_seq = seq.max(reader.last_seq);
        // Who reads the same seq reads the same message.
        let is_other = *self.order.entry(seq).or_insert(name) != name;
        self.out_of_order += u64::from(is_late || is_other);
        // The first one of a writer waits for his connection; it is not like the rest.
        if message.number > 0 {
            self.latencies.push(at.saturating_sub(message.sent_at));
        }
    }

    /// Whether every reader has every message.
    pub fn is_complete(&self) -> bool {
        self.lost() == 0
    }

    /// Messages that readers saw, each one's first time.
    pub fn delivered(&self) -> u64 {
        self.readers.iter().map(|reader| reader.seen.len() as u64).sum()
    }

    /// Messages that readers did not see.
    pub fn lost(&self) -> u64 {
        (self.expected as u64).saturating_sub(self.delivered())
    }

    /// Messages that a reader saw again.
    pub fn twice(&self) -> u64 {
        self.twice
    }

    /// Messages that came after one that their writer wrote later, or against the seqs, or under
    /// a seq that is another message for another reader.
    pub fn out_of_order(&self) -> u64 {
        self.out_of_order
    }

    /// How long so many percent of the messages took at most.
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        // The smallest that at least so many are not above.
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn message(writer: usize, number: u32) -> Message {
        Message { writer, number, sent_at: ms(100) }
    }

    /// One reader, one writer, these numbers under these seqs.
    fn counts(seen: &[(u64, u32)]) -> (u64, u64, u64) {
        let mut tally = Tally::new(1, 1, 4);
        for (seq, number) in seen {
            tally.saw(0, *seq, message(0, *number), ms(101));
        }
        (tally.lost(), tally.twice(), tally.out_of_order())
    }

    #[test]
    fn a_text_tells_its_message() {
        let sent = Message { writer: 1, number: 42, sent_at: Duration::from_nanos(123_456_789) };
        assert_eq!(sent.to_string().parse(), Ok(sent));
        for foreign in ["", "1", "1 2", "1 2 x", "1 2 3 4", "a b c"] {
            assert_eq!(foreign.parse::<Message>(), Err(ForeignText));
        }
    }

    #[test]
    fn what_is_lost_doubled_or_disordered_is_told() {
        assert_eq!(counts(&[(1, 0), (2, 1), (3, 2), (4, 3)]), (0, 0, 0));
        assert_eq!(counts(&[(1, 0), (2, 1), (4, 3)]), (1, 0, 0));
        assert_eq!(counts(&[(1, 0), (2, 1), (2, 1), (3, 2), (4, 3)]), (0, 1, 0));
        assert_eq!(counts(&[(1, 0), (2, 2), (3, 1), (4, 3)]), (0, 0, 1), "by number");
        assert_eq!(counts(&[(1, 0), (3, 1), (2, 2), (4, 3)]), (0, 0, 1), "by seq");
    }

    #[test]
    fn readers_who_see_different_orders_are_told() {
        let mut tally = Tally::new(2, 2, 1);
        for (reader, seq, writer) in [(0, 1, 0), (0, 2, 1), (1, 1, 1), (1, 2, 0)] {
            tally.saw(reader, seq, message(writer, 0), ms(101));
        }
        assert_eq!((tally.lost(), tally.out_of_order(), tally.is_complete()), (0, 2, true));
    }

    #[test]
    fn percentiles_leave_out_the_first_of_each_writer() {
        let mut tally = Tally::new(1, 1, 101);
        assert_eq!(tally.percentile(50), None);
        tally.saw(0, 1, message(0, 0), ms(9_999));
        for number in 1..=100 {
            tally.saw(0, u64::from(number) + 1, message(0, number), ms(100 + u64::from(number)));
        }
        let found = [0, 1, 50, 99, 100].map(|percent| tally.percentile(percent).unwrap());
        assert_eq!(found, [ms(1), ms(1), ms(50), ms(99), ms(100)]);
    }
}
