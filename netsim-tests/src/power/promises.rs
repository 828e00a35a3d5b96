//! What people were told, and what of it a server's database keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use tertulia_proto::{MessageId, RoomId};

use crate::{link::rng::Rng, sim::facts::Facts};

/// Everybody is there from the start.
pub const LOBBY: RoomId = RoomId(1);
/// The longest filling of a line, in bytes.
const LONGEST: f64 = 3_000.0;

/// A line of a run: which one of whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Whose.
    pub writer: usize,
    /// From 0.
    pub number: u32,
}

impl fmt::Display for Line {
    /// With something behind, so that pages fill and logs grow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rng = Rng::of(self.writer as u64, u64::from(self.number));
        let filling = "x".repeat((rng.unit() * rng.unit() * LONGEST) as usize);
        write!(f, "{} {} {filling}", self.writer, self.number)
    }
}

/// The text is none of a run's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is none of this run's")]
pub struct ForeignText;

impl FromStr for Line {
    type Err = ForeignText;

    fn from_str(text: &str) -> Result<Self, ForeignText> {
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(ForeignText);
        let writer = next()?.parse().map_err(|_| ForeignText)?;
        let number = next()?.parse().map_err(|_| ForeignText)?;
        Ok(Self { writer, number })
    }
}

/// Somebody was told, at that time (microseconds since 1970, rather late than early).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: u64,
    /// What.
    pub what: Promise,
}

/// What must be so from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// The server has this key: its link was shown.
    Key(String),
    /// Somebody is registered under that handle.
    Joined(String),
    /// A line has its place: by a receipt.
    Posted(Line, u64, MessageId),
    /// A line will have its place: it is in an outbox.
    Queued(Line, MessageId),
    /// A message has its place: somebody was shown it.
    Shown(u64, MessageId),
}

/// What became of promises.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What was looked for.
    pub promises: u64,
    /// What is not there, though somebody was told that it is.
    pub lost: u64,
    /// Lines that are there more than once.
    pub twice: u64,
    /// Lines that stand before an earlier one of their writer, or without it.
    pub out_of_order: u64,
    /// The first few of all that, in words.
    pub troubles: Vec<String>,
}

impl Kept {
    /// Troubles that are told of one comparison.
    const TOLD: usize = 5;

    /// Whether all is as it must be.
    pub fn is_good(&self) -> bool {
        self.lost + self.twice + self.out_of_order == 0 && self.troubles.is_empty()
    }

    /// Something else that must not be.
    pub fn trouble(&mut self, text: impl FnOnce() -> String) {
        if self.troubles.len() < Self::TOLD {
            self.troubles.push(text());
        }
    }

    /// Both.
    pub fn add(&mut self, other: Self) {
        self.promises += other.promises;
        self.lost += other.lost;
        self.twice += other.twice;
        self.out_of_order += other.out_of_order;
        other.troubles.into_iter().for_each(|trouble| self.trouble(|| trouble));
    }
}

/// Compares what was promised until then with what there is.
pub fn compare<'a>(facts: &Facts, told: impl IntoIterator<Item = &'a Told>, until: u64) -> Kept {
    compare_but(&BTreeSet::new(), facts, told, until)
}

/// The same where some lines need not be there: nobody was told anything of them.
pub fn compare_but<'a>(
    excused: &BTreeSet<Line>,
    facts: &Facts,
    told: impl IntoIterator<Item = &'a Told>,
    until: u64,
) -> Kept {
    let mut kept = lines(facts, excused);
    let events = facts.rooms.get(&LOBBY).map_or(&[][..], |room| room.events.as_slice());
    let places: BTreeMap<u64, Option<MessageId>> =
        events.iter().map(|event| (event.seq.0, event.seen.message_id)).collect();
    let posted: BTreeSet<MessageId> = places.values().copied().flatten().collect();
    for Told { what, .. } in told.into_iter().filter(|told| told.at < until) {
        let is_there = match what {
            Promise::Key(_) => true,
            Promise::Joined(handle) => facts.accounts.contains_key(handle),
            Promise::Posted(_, seq, id) | Promise::Shown(seq, id) => {
                places.get(seq) == Some(&Some(*id))
            }
            Promise::Queued(_, id) => posted.contains(id),
        };
        kept.promises += 1;
        if !is_there {
            kept.lost += 1;
            kept.trouble(|| format!("lost: {what:?}"));
        }
    }
    kept
}

/// Every line once, each writer's in order and without holes.
fn lines(facts: &Facts, excused: &BTreeSet<Line>) -> Kept {
    let mut kept = Kept::default();
    let mut next: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut lines, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let events = facts.rooms.values().flat_map(|room| &room.events);
    for event in events {
        let Some(id) = event.seen.message_id else { continue };
        let text = event.seen.text.as_deref().unwrap_or_default();
        let Ok(line) = text.parse::<Line>() else {
            kept.trouble(|| format!("{id} says what nobody wrote"));
            continue;
        };
        if !lines.insert(line) || !ids.insert(id) {
            kept.twice += 1;
            kept.trouble(|| format!("twice: {line:?}"));
            continue;
        }
        let next = next.entry(line.writer).or_default();
        while *next < line.number && excused.contains(&Line { number: *next, ..line }) {
            *next += 1;
        }
        if line.number != *next {
            kept.out_of_order += 1;
            kept.trouble(|| format!("{line:?} stands where {next} belongs"));
        }
        *next = line.number.max(*next) + 1;
    }
    for (room, facts) in &facts.rooms {
        if facts.events.iter().zip(1..).any(|(event, seq)| event.seq.0 != seq) {
            kept.trouble(|| format!("the seqs of room {room} have holes"));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{Seq, Timestamp};

    use super::*;
    use crate::sim::{
        facts::{EventFacts, RoomFacts},
        ledger::Seen,
    };

    fn id(number: u32) -> MessageId {
        MessageId::new(Timestamp(number.into()), [0; 10])
    }

    fn line(number: u32) -> Line {
        Line { writer: 0, number }
    }

    /// A lobby with those lines of one writer.
    fn facts(numbers: &[u32]) -> Facts {
        let event = |(seq, number): (u64, &u32)| EventFacts {
            seq: Seq(seq),
            position: seq,
            time: 0,
            account: 1,
            seen: Seen { message_id: Some(id(*number)), text: Some(line(*number).to_string()) },
            file: None,
        };
        let room = RoomFacts {
            head: Seq(numbers.len() as u64),
            member_count: 1,
            topic: String::new(),
            since_joined: false,
            members: BTreeMap::new(),
            events: (1..).zip(numbers).map(event).collect(),
        };
        Facts { rooms: [(LOBBY, room)].into(), accounts: [("ana".to_owned(), 1)].into() }
    }

    fn told(at: u64, what: Promise) -> Told {
        Told { at, what }
    }

    #[test]
    fn what_was_told_before_the_cut_has_to_be_there_and_only_that() {
        let posted = |number| Promise::Posted(line(number), u64::from(number) + 1, id(number));
        let all = [
            told(1, Promise::Joined("ana".to_owned())),
            told(2, posted(0)),
            told(3, Promise::Shown(1, id(0))),
            told(4, posted(1)),
            told(5, Promise::Shown(2, id(1))),
            told(6, Promise::Joined("beto".to_owned())),
        ];
        let lost = |numbers: &[u32], until| compare(&facts(numbers), &all, until).lost;
        assert_eq!([3, 4, 5, 6, 7].map(|until| lost(&[0], until)), [0, 0, 1, 2, 3]);
        assert_eq!(lost(&[0, 1], 6), 0);
        assert_eq!(lost(&[0, 2], 5), 1, "another message is in its place");
        assert_eq!(compare(&facts(&[0, 1]), &all, 6).promises, 5);
        assert!(compare(&facts(&[0, 1]), &all, 6).is_good());
    }

    #[test]
    fn a_line_that_is_twice_or_before_its_time_is_counted() {
        let counts = |numbers: &[u32]| {
            let kept = compare(&facts(numbers), &[], u64::MAX);
            (kept.twice, kept.out_of_order)
        };
        assert_eq!(counts(&[0, 1, 2]), (0, 0));
        assert_eq!(counts(&[0, 1, 1, 2]), (1, 0));
        assert_eq!(counts(&[0, 2, 1]), (0, 2));
        assert_eq!(counts(&[0, 2, 3]), (0, 1));
        let excused = [line(1)].into();
        let counts =
            |numbers: &[u32]| compare_but(&excused, &facts(numbers), &[], u64::MAX).out_of_order;
        assert_eq!([&[0, 2, 3][..], &[0, 1, 2], &[0, 2, 1], &[0, 3]].map(counts), [0, 0, 1, 1]);
    }

    #[test]
    fn a_line_is_known_by_its_text() {
        let written = Line { writer: 3, number: 17 };
        assert_eq!(written.to_string().parse(), Ok(written));
        assert_eq!("word".parse::<Line>(), Err(ForeignText));
    }
}
