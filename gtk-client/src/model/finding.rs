//! A search in a room: what was found, which of it is in sight, and how far back it has looked.
//! Pure.

use tertulia_client::{
    Beyond, Pattern, Searched,
    proto::{Seq, Timestamp},
};

/// Messages found that are kept; then it looks no further.
const FOUND: usize = 1_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Finding {
    pattern: Pattern,
    /// The newest first.
    found: Vec<Seq>,
    at: Option<usize>,
    looked_to: Option<(Seq, Timestamp)>,
    beyond: Beyond,
}

impl Finding {
    /// Nothing was looked at yet.
    pub(crate) fn new(pattern: Pattern) -> Self {
        Self { pattern, found: Vec::new(), at: None, looked_to: None, beyond: Beyond::Here }
    }

    /// What is looked for.
    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// What was looked at goes down to here.
    pub(crate) fn looked_to(&self) -> Option<(Seq, Timestamp)> {
        self.looked_to
    }

    /// What is before that.
    pub(crate) fn beyond(&self) -> Beyond {
        if self.found.len() >= FOUND { Beyond::Nothing } else { self.beyond }
    }

    /// Takes the next step's result; whether it found something.
    pub(crate) fn take(&mut self, step: Searched) -> bool {
        let Searched { found, looked_to, beyond } = step;
        self.looked_to = looked_to.or(self.looked_to);
        self.beyond = beyond;
        let before = self.found.len();
        let room = FOUND.saturating_sub(before);
        self.found.extend(found.iter().take(room).map(|event| event.head.seq));
        self.found.len() > before
    }

    /// Goes to the next one, further back or (`false`) nearer; which that is. `None`: there is none.
    pub(crate) fn step(&mut self, back: bool) -> Option<Seq> {
        let at = match (self.at, back) {
            (None, true) => Some(0),
            (None, false) => None,
            (Some(at), true) => Some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
        let seq = at.and_then(|at| self.found.get(at)).copied()?;
        self.at = at;
        Some(seq)
    }

    /// The one in sight.
    pub(crate) fn current(&self) -> Option<Seq> {
        self.found.get(self.at?).copied()
    }

    /// Which one is in sight, counted from 1 at the newest, and how many there are.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.at.map_or(0, |at| at + 1), self.found.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::event;

    fn step(seqs: &[u64], to: u64, beyond: Beyond) -> Searched {
        let found = seqs.iter().copied().map(event).collect();
        Searched { found, looked_to: Some((Seq(to), Timestamp(to))), beyond }
    }

    #[test]
    fn one_goes_from_the_newest_back_and_again_nearer() {
        let mut finding = Finding::new(Pattern::new("x").unwrap());
        assert_eq!((finding.step(true), finding.count()), (None, (0, 0)));
        assert!(finding.take(step(&[9, 5], 4, Beyond::Server)));
        assert_eq!((finding.step(false), finding.current()), (None, None));
        assert_eq!(finding.step(true), Some(Seq(9)));
        assert_eq!(finding.step(true), Some(Seq(5)));
        assert_eq!((finding.step(true), finding.current()), (None, Some(Seq(5))), "stays there");
        assert_eq!(finding.count(), (2, 2));
        assert!(!finding.take(step(&[], 2, Beyond::Server)));
        assert!(finding.take(step(&[1], 1, Beyond::Nothing)));
        assert_eq!((finding.step(true), finding.beyond()), (Some(Seq(1)), Beyond::Nothing));
        assert_eq!((finding.step(false), finding.looked_to().unwrap().0), (Some(Seq(5)), Seq(1)));
    }

    #[test]
    fn no_more_is_kept_than_the_bound_says_and_then_it_looks_no_further() {
        let mut finding = Finding::new(Pattern::new("x").unwrap());
        let many: Vec<u64> = (1..=FOUND as u64 + 5).rev().collect();
        assert!(finding.take(step(&many, 1_000, Beyond::Server)));
        assert_eq!((finding.count().1, finding.beyond()), (FOUND, Beyond::Nothing));
    }
}
