//! Events that came as copies before their turn.

use std::collections::BTreeMap;

use tertulia_proto::{Event, RoomId, Seq};

/// Events held at once; more are let go: they come on their lanes.
const HELD: usize = 64;

/// Holds copied events until those before them are here. Nothing is ever asked for because of
/// them: what is missing is on its way on a lane.
#[derive(Debug, Default)]
pub(crate) struct EarlyCopies(BTreeMap<(RoomId, Seq), Event>);

impl EarlyCopies {
    /// Takes a copy in.
    pub(crate) fn hold(&mut self, event: Event) {
        if self.0.len() < HELD {
            self.0.entry((event.head.room, event.head.seq)).or_insert(event);
        }
    }

    /// The event that follows `have` in a room, if it is here; what is older is let go.
    pub(crate) fn next(&mut self, room: RoomId, have: Seq) -> Option<Event> {
        while let Some((key, _)) = self.0.range((room, Seq(0))..=(room, have)).next() {
            let key = *key;
            self.0.remove(&key);
        }
        self.0.remove(&(room, have.next()))
    }

    /// Lets those of a room go.
    pub(crate) fn forget(&mut self, room: RoomId) {
        self.0.retain(|(of, _), _| *of != room);
    }

    /// Lets all go.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::room::tests::posted;

    fn seqs(copies: &mut EarlyCopies, mut have: u64) -> Vec<u64> {
        std::iter::from_fn(|| {
            let next = copies.next(RoomId(1), Seq(have))?;
            have = next.head.seq.0;
            Some(have)
        })
        .collect()
    }

    #[test]
    fn they_come_out_in_their_turn_and_once() {
        let mut copies = EarlyCopies::default();
        for seq in [4, 2, 5, 2, 9, 1] {
            copies.hold(posted(seq));
        }
        assert_eq!(seqs(&mut copies, 1), [2]);
        assert_eq!(seqs(&mut copies, 2), [0; 0]);
        assert_eq!(seqs(&mut copies, 3), [4, 5], "the third came on its lane");
        assert_eq!(seqs(&mut copies, 20), [0; 0]);
        assert!(copies.0.is_empty(), "the ninth is old by now");
    }

    #[test]
    fn no_more_are_held_than_the_bound_and_rooms_are_apart() {
        let mut copies = EarlyCopies::default();
        (2..1_000).for_each(|seq| copies.hold(posted(seq)));
        assert_eq!(copies.0.len(), HELD);
        assert_eq!(copies.next(RoomId(2), Seq(1)), None);
        copies.forget(RoomId(1));
        assert!(copies.0.is_empty());
    }
}
