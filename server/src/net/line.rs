//! A short line between two branches of one connection's work.
//!
//! tokio's channels keep room for 32 entries from the beginning on, which is most of what an idle
//! connection would hold here. This one holds what is in it.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, task::coop};

/// Room that an empty line keeps, in entries.
const KEPT: usize = 4;

/// At most so many entries, first in, first out. For one who pushes and one who takes.
pub(crate) struct Line<T> {
    bound: usize,
    state: Mutex<State<T>>,
    pushed: Notify,
    taken: Notify,
}

struct State<T> {
    entries: VecDeque<T>,
    is_closed: bool,
}

impl<T> Line<T> {
    pub(crate) fn new(bound: usize) -> Self {
        let state = Mutex::new(State { entries: VecDeque::new(), is_closed: false });
        Self { bound, state, pushed: Notify::new(), taken: Notify::new() }
    }

    /// Adds one unless the line is full: then it is dropped.
    pub(crate) fn try_push(&self, entry: T) {
        let _ = self.offer(entry);
    }

    /// Adds one as soon as there is room.
    pub(crate) async fn push(&self, entry: T) {
        let mut rest = self.offer(entry);
        while let Err(entry) = rest {
            self.taken.notified().await;
            rest = self.offer(entry);
        }
    }

    /// Nothing more comes.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.pushed.notify_one();
    }

    /// The next one; `None` once the line is closed and empty.
    ///
    /// Cancellation safe: what is not returned stays.
    pub(crate) async fn next(&self) -> Option<T> {
        // As with tokio's channels: who floods one connection does not keep the others waiting.
        coop::consume_budget().await;
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.pushed.notified().await;
        }
    }

    /// The next one, or that none comes; `None` where one may.
    fn take(&self) -> Option<Option<T>> {
        let mut state = self.lock();
        let Some(entry) = state.entries.pop_front() else {
            return state.is_closed.then_some(None);
        };
        if state.entries.is_empty() && state.entries.capacity() > KEPT {
            state.entries = VecDeque::new();
        }
        drop(state);
        self.taken.notify_one();
        Some(Some(entry))
    }

    fn offer(&self, entry: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.entries.len() >= self.bound {
            return Err(entry);
        }
        state.entries.push_back(entry);
        drop(state);
        self.pushed.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_pushes_waits_where_the_line_is_full_and_nothing_is_lost_or_out_of_order() {
        let line = Line::new(3);
        let pushing = async {
            for n in 0..100 {
                line.push(n).await;
                assert!(line.lock().entries.len() <= 3);
            }
            line.close();
        };
        let taking = async {
            let mut taken = Vec::new();
            while let Some(n) = line.next().await {
                taken.push(n);
            }
            taken
        };
        let ((), taken) = tokio::join!(pushing, taking);
        assert_eq!(taken, (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_an_empty_line_holds_little() {
        let line = Line::new(64);
        assert_eq!(line.lock().entries.capacity(), 0);
        for n in 0..100 {
            line.try_push(n);
        }
        line.close();
        let mut taken = 0;
        while line.next().await.is_some() {
            taken += 1;
        }
        assert_eq!(taken, 64);
        assert!(line.lock().entries.capacity() <= KEPT);
    }
}
