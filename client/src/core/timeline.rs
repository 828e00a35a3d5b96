//! One room's events in order: duplicates dropped, early ones held, holes named.

use std::collections::BTreeMap;

use tertulia_proto::{Event, Seq};

/// Events held ahead of a hole; what comes beyond is fetched by pages like the hole itself.
pub(crate) const EARLY_EVENTS: usize = 256;

/// One request for a page, told from every other of this client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(pub(crate) u64);

/// A reader's place in a room.
#[derive(Debug)]
pub(crate) struct Timeline {
    have: Seq,
    /// The newest event known to exist; over `have` there is a hole.
    known: Seq,
    early: BTreeMap<Seq, Event>,
    fetching: Option<Ticket>,
}

impl Timeline {
    /// A reader that has everything up to `have`.
    pub(crate) fn new(have: Seq) -> Self {
        Self { have, known: have, early: BTreeMap::new(), fetching: None }
    }

    /// The newest of the run without gaps.
    pub(crate) fn have(&self) -> Seq {
        self.have
    }

    /// An event arrived: those that are next now, in order.
    pub(crate) fn arrived(&mut self, event: Event) -> Vec<Event> {
        let seq = event.head.seq;
        if seq <= self.have {
            return Vec::new();
        }
        self.known = self.known.max(seq);
        if seq == self.have.next() {
            self.have = seq;
            let mut ready = vec![event];
            self.release(&mut ready);
            return ready;
        }
        if self.early.len() < EARLY_EVENTS {
            self.early.insert(seq, event);
        }
        Vec::new()
    }

    /// A page after [`Timeline::hole`] arrived: the events that are next now, in order. A page that
    /// begins later says that what lies before can't be had any more; an empty one, that nothing
    /// can.
    pub(crate) fn filled(&mut self, page: Vec<Event>) -> Vec<Event> {
        let mut ready = Vec::new();
        let had = self.have;
        let mut page = page.into_iter().skip_while(|event| event.head.seq <= had).peekable();
        match page.peek() {
            Some(first) => self.have = first.head.seq.prev(),
            None => {
                let next = self.early.keys().next().map_or(self.known, |seq| seq.prev());
                self.have = had.max(next);
            }
        }
        for event in page {
            if event.head.seq != self.have.next() {
                break;
            }
            self.have = event.head.seq;
            ready.push(event);
        }
        self.release(&mut ready);
        self.known = self.known.max(self.have);
        ready
    }

    /// Events up to `seq` exist, and nobody will send them unasked.
    pub(crate) fn exists(&mut self, seq: Seq) {
        self.known = self.known.max(seq);
    }

    /// Forgets the place: the next event is the one after `have`.
    pub(crate) fn reset(&mut self, have: Seq) {
        *self = Self::new(have);
    }

    /// After which event a page is to be asked for, if one is and none is on its way.
    pub(crate) fn hole(&self) -> Option<Seq> {
        (self.known > self.have && self.fetching.is_none()).then_some(self.have)
    }

    /// The page of [`Timeline::hole`] is on its way.
    pub(crate) fn fetch(&mut self, ticket: Ticket) {
        self.fetching = Some(ticket);
    }

    /// A page came, or will not come. `false`: it is not the one that is waited for (any more).
    pub(crate) fn fetched(&mut self, ticket: Ticket) -> bool {
        self.fetching.take_if(|waited_for| *waited_for == ticket).is_some()
    }

    fn release(&mut self, ready: &mut Vec<Event>) {
        self.early = self.early.split_off(&self.have.next());
        while let Some(event) = self.early.remove(&self.have.next()) {
            self.have = event.head.seq;
            ready.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::room::tests::posted;

    fn seqs(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.head.seq.0).collect()
    }

    #[test]
    fn next_is_taken_old_is_dropped_early_is_held() {
        let mut timeline = Timeline::new(Seq(4));
        assert_eq!(seqs(&timeline.arrived(posted(5))), [5]);
        assert_eq!(seqs(&timeline.arrived(posted(5))), [0; 0]);
        assert_eq!(seqs(&timeline.arrived(posted(8))), [0; 0]);
        assert_eq!(timeline.hole(), Some(Seq(5)));
        timeline.fetch(Ticket(2));
        assert_eq!(timeline.hole(), None, "asked for once");
        assert!(!timeline.fetched(Ticket(1)) && timeline.fetched(Ticket(2)));
        assert!(!timeline.fetched(Ticket(2)), "came already");
        assert_eq!(seqs(&timeline.filled(vec![posted(6), posted(7)])), [6, 7, 8]);
        assert_eq!((timeline.hole(), timeline.have()), (None, Seq(8)));
    }

    #[test]
    fn no_more_than_the_bound_is_held_and_the_rest_is_fetched() {
        let mut timeline = Timeline::new(Seq(0));
        for seq in 2..=400 {
            assert_eq!(timeline.arrived(posted(seq)), []);
        }
        assert_eq!(timeline.early.len(), EARLY_EVENTS);
        assert_eq!(timeline.filled(vec![posted(1)]).len(), 1 + EARLY_EVENTS);
        assert_eq!(timeline.hole(), Some(Seq(257)));
        assert_eq!(timeline.filled((258..=400).map(posted).collect()).len(), 143);
        assert_eq!(timeline.hole(), None);
    }

    #[test]
    fn what_the_server_has_no_more_is_not_waited_for() {
        let mut timeline = Timeline::new(Seq(0));
        timeline.exists(Seq(10));
        assert_eq!(seqs(&timeline.filled(vec![posted(9), posted(10)])), [9, 10]);
        assert_eq!(timeline.hole(), None);
        timeline.exists(Seq(20));
        timeline.arrived(posted(22));
        assert_eq!(seqs(&timeline.filled(Vec::new())), [22]);
        assert_eq!(timeline.hole(), None);
    }

    #[test]
    fn a_page_from_before_a_reset_is_not_waited_for() {
        let mut timeline = Timeline::new(Seq(0));
        timeline.exists(Seq(10));
        timeline.fetch(Ticket(1));
        timeline.reset(Seq(0));
        timeline.exists(Seq(9));
        assert_eq!(timeline.hole(), Some(Seq(0)));
        timeline.fetch(Ticket(2));
        assert!(!timeline.fetched(Ticket(1)));
        assert_eq!(timeline.hole(), None, "the newer one is on its way");
    }

    #[test]
    fn a_page_that_ends_early_leaves_a_hole() {
        let mut timeline = Timeline::new(Seq(0));
        timeline.exists(Seq(9));
        assert_eq!(seqs(&timeline.filled(vec![posted(1), posted(2)])), [1, 2]);
        assert_eq!(timeline.hole(), Some(Seq(2)));
    }

    proptest! {
        #[test]
        fn whatever_the_order_everything_comes_out_once_in_order(
            arrivals in proptest::collection::vec(1u64..600, 0..900),
            page_len in 1usize..50,
        ) {
            let mut timeline = Timeline::new(Seq(0));
            let mut out = Vec::new();
            let mut newest = 0;
            let page = |after: u64, newest: u64| {
                (after + 1..=newest).take(page_len).map(posted).collect::<Vec<_>>()
            };
            for (i, seq) in arrivals.into_iter().enumerate() {
                newest = newest.max(seq);
                out.extend(timeline.arrived(posted(seq)));
                prop_assert!(timeline.early.len() <= EARLY_EVENTS);
                if let (Some(after), true) = (timeline.hole(), i % 7 == 0) {
                    out.extend(timeline.filled(page(after.0, newest)));
                }
            }
            while let Some(after) = timeline.hole() {
                out.extend(timeline.filled(page(after.0, newest)));
            }
            prop_assert_eq!(seqs(&out), (1..=newest).collect::<Vec<_>>());
        }
    }
}
