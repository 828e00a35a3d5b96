//! How many objects of a kind there are. What grows while one uses the window and nothing more is
//! shown was lost somewhere.

use std::cell::Cell;

/// Kinds that are counted.
pub(crate) const KINDS: [&str; 3] = ["lines", "cells", "messages"];
/// Lines of timelines.
pub(crate) const LINES: usize = 0;
/// Rows of lists of messages.
pub(crate) const CELLS: usize = 1;
/// What messages are shown by.
pub(crate) const MESSAGES: usize = 2;

thread_local! {
    static COUNTS: [Cell<usize>; KINDS.len()] = const { [const { Cell::new(0) }; KINDS.len()] };
}

/// How many of each kind there are in this thread.
pub(crate) fn census() -> [usize; KINDS.len()] {
    COUNTS.with(|counts| [LINES, CELLS, MESSAGES].map(|kind| counts[kind].get()))
}

/// Counts what it is a part of.
#[derive(Debug)]
pub(crate) struct Counted<const KIND: usize>(());

impl<const KIND: usize> Default for Counted<KIND> {
    fn default() -> Self {
        COUNTS.with(|counts| counts[KIND].set(counts[KIND].get() + 1));
        Self(())
    }
}

impl<const KIND: usize> Drop for Counted<KIND> {
    fn drop(&mut self) {
        // Where the thread ends nobody asks any more.
        let _ = COUNTS.try_with(|counts| counts[KIND].set(counts[KIND].get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_counted_and_what_is_gone_is_not() {
        let before = census();
        let some: Vec<Counted<CELLS>> = (0..3).map(|_| Counted::default()).collect();
        assert_eq!(census()[CELLS], before[CELLS] + 3);
        drop(some);
        assert_eq!(census(), before);
    }
}
