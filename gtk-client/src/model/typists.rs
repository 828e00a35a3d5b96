//! Who is writing, and until when that is worth showing. Pure: no widgets, no clock.

use std::time::Duration;

use tertulia_client::proto::{AccountId, Author, limits};

/// Shown so long after the last notice; who goes on writing is heard of twice in that time.
const SHOWN: Duration = Duration::from_millis(2 * limits::TYPING_INTERVAL_MS);
/// More people are not told apart; of these the one heard of longest ago goes.
const PEOPLE: usize = 8;

/// People who are writing in one room, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Typists {
    people: Vec<(Author, Duration)>,
}

impl Typists {
    /// Somebody is writing.
    pub(crate) fn heard(&mut self, person: Author, now: Duration) {
        let until = now + SHOWN;
        if let Some(known) = self.people.iter_mut().find(|(one, _)| one.account == person.account) {
            *known = (person, until);
            return;
        }
        if self.people.len() >= PEOPLE {
            let oldest = (0..self.people.len()).min_by_key(|at| self.people[*at].1);
            oldest.map(|at| self.people.remove(at));
        }
        self.people.push((person, until));
    }

    /// Somebody has written.
    pub(crate) fn posted(&mut self, account: AccountId) {
        self.people.retain(|(person, _)| person.account != account);
    }

    /// Forgets those not heard of for long; when to look again.
    pub(crate) fn expire(&mut self, now: Duration) -> Option<Duration> {
        self.people.retain(|(_, until)| *until > now);
        self.people.iter().map(|(_, until)| *until - now).min()
    }

    /// Whether nobody is.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Their names as typed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(|(person, _)| person.display.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::author;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn names(typists: &Typists) -> Vec<&str> {
        typists.names().collect()
    }

    #[test]
    fn one_who_stops_is_gone_six_seconds_after_the_last_notice() {
        let mut typists = Typists::default();
        typists.heard(author("Ana"), at(10));
        typists.heard(author("Beto"), at(12));
        assert_eq!(typists.expire(at(12)), Some(at(4)));
        typists.heard(author("Ana"), at(13));
        assert_eq!(names(&typists), ["Ana", "Beto"]);
        assert_eq!(typists.expire(at(18)), Some(at(1)), "Beto was heard of at 12, Ana at 13");
        assert_eq!(names(&typists), ["Ana"]);
        assert_eq!(typists.expire(at(19)), None);
        assert!(typists.is_empty());
    }

    #[test]
    fn one_who_posted_writes_no_more_and_may_begin_again() {
        let mut typists = Typists::default();
        typists.heard(author("Ana"), at(1));
        typists.heard(author("Beto"), at(1));
        typists.posted(author("Ana").account);
        assert_eq!(names(&typists), ["Beto"]);
        typists.heard(author("Ana"), at(2));
        assert_eq!(names(&typists), ["Beto", "Ana"]);
    }

    #[test]
    fn a_crowd_is_bounded() {
        let mut typists = Typists::default();
        for (n, second) in ('a'..='z').zip(1..) {
            typists.heard(author(&format!("{n}{n}{n}")), at(second));
        }
        assert_eq!(names(&typists).len(), PEOPLE);
        assert_eq!(names(&typists).last(), Some(&"zzz"));
    }
}
