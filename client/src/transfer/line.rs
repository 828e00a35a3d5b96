//! The connection that carries files, as those see it who wait for one. They wake in the order in
//! which they began to wait: tokio's `watch` draws an order, which no simulation could replay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tertulia_proto::{Epoch, Features};
use tokio::sync::Notify;

/// A connection that carries files.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) generation: u64,
    pub(crate) quic: quinn::Connection,
    pub(crate) features: Features,
    pub(crate) epoch: Epoch,
}

/// Who says which connection there is; with its drop there will be none any more.
#[derive(Debug, Default)]
pub(crate) struct Lines(Arc<State>);

/// Waits for connections. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct LineWatch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    now: Mutex<Now>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Now {
    line: Option<Line>,
    is_over: bool,
}

impl Lines {
    /// From now on it is that one, or none.
    pub(crate) fn set(&self, line: Option<Line>) {
        self.0.now().line = line;
        self.0.changed.notify_waiters();
    }

    /// For whoever waits.
    pub(crate) fn watch(&self) -> LineWatch {
        LineWatch(Arc::clone(&self.0))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        *self.0.now() = Now { line: None, is_over: true };
        self.0.changed.notify_waiters();
    }
}

impl LineWatch {
    /// The connection, as soon as there is one; `None`: there will be none any more. Cancel safe.
    pub(crate) async fn line(&self) -> Option<Line> {
        self.found(|line| line.cloned()).await
    }

    /// Returns when the connection is not that of `generation` any more. Cancel safe.
    pub(crate) async fn left(&self, generation: u64) {
        let is_left = |line: &Line| line.generation != generation;
        self.found(|line| line.is_none_or(is_left).then_some(())).await;
    }

    async fn found<T>(&self, look: impl Fn(Option<&Line>) -> Option<T>) -> Option<T> {
        loop {
            // Before the look: what changes in between wakes it.
            let changed = self.0.changed.notified();
            {
                let now = self.0.now();
                match look(now.line.as_ref()) {
                    Some(found) => return Some(found),
                    None if now.is_over => return None,
                    None => {}
                }
            }
            changed.await;
        }
    }
}

impl State {
    fn now(&self) -> MutexGuard<'_, Now> {
        // Nothing panics while it holds the lock.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn who_waits_first_wakes_first_and_all_when_there_will_be_none() {
        let (lines, order) = (Lines::default(), Arc::new(Mutex::new(Vec::new())));
        let mut waiting = JoinSet::new();
        for n in 0..30 {
            let (line, order) = (lines.watch(), Arc::clone(&order));
            waiting.spawn(async move {
                let found = line.line().await;
                order.lock().unwrap().push((n, found.is_some()));
            });
            // On one thread it waits by then.
            yield_now().await;
        }
        lines.set(None);
        yield_now().await;
        assert!(order.lock().unwrap().is_empty(), "there is none yet");
        drop(lines);
        while waiting.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), (0..30).map(|n| (n, false)).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn where_there_is_none_any_one_is_left() {
        Lines::default().watch().left(1).await;
        let lines = Lines::default();
        lines.watch().left(1).await;
    }
}
