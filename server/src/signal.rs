//! Something that happens, and tasks that wait for it. They wake in the order in which they began
//! to wait: tokio's `watch` draws an order, which no simulation could replay.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;

/// Clones are the same signal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    raised: AtomicU64,
    changed: Notify,
}

impl Signal {
    /// It happens, once more.
    pub(crate) fn raise(&self) {
        self.0.raised.fetch_add(1, Ordering::AcqRel);
        self.0.changed.notify_waiters();
    }

    /// Waits until it has happened at all. Cancel safe.
    pub(crate) async fn raised(&self) {
        self.beyond(0).await;
    }

    /// Follows it, as if it had just happened.
    pub(crate) fn watch(&self) -> Watcher {
        Watcher { signal: self.clone(), seen: None }
    }

    fn count(&self) -> u64 {
        self.0.raised.load(Ordering::Acquire)
    }

    /// Waits until it has happened more often than that; how often by then.
    async fn beyond(&self, seen: u64) -> u64 {
        loop {
            // Before the look: what happens in between wakes it.
            let changed = self.0.changed.notified();
            let count = self.count();
            if count > seen {
                return count;
            }
            changed.await;
        }
    }
}

/// One who follows a signal.
#[derive(Debug)]
pub(crate) struct Watcher {
    signal: Signal,
    seen: Option<u64>,
}

impl Watcher {
    /// Waits until it has happened since the last time; several times are one. Cancel safe.
    pub(crate) async fn changed(&mut self) {
        self.seen = Some(match self.seen {
            Some(seen) => self.signal.beyond(seen).await,
            None => self.signal.count(),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn who_waits_first_wakes_first() {
        let (signal, order) = (Signal::default(), Arc::new(Mutex::new(Vec::new())));
        let waiting_count = Arc::new(AtomicU64::new(0));
        let mut waiting = JoinSet::new();
        for n in 0..100 {
            let (signal, order) = (signal.clone(), Arc::clone(&order));
            let waiting_count = Arc::clone(&waiting_count);
            waiting.spawn(async move {
                waiting_count.fetch_add(1, Ordering::Relaxed);
                signal.raised().await;
                order.lock().unwrap().push(n);
            });
        }
        while waiting_count.load(Ordering::Relaxed) < 100 {
            yield_now().await;
        }
        signal.raise();
        while waiting.join_next().await.is_some() {}
        assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_happened_while_nobody_waited_is_not_missed_and_counts_once() {
        let signal = Signal::default();
        let mut watcher = signal.watch();
        watcher.changed().await;
        signal.raise();
        signal.raise();
        watcher.changed().await;
        signal.raised().await;
        tokio::select! {
            biased;
            () = watcher.changed() => panic!("nothing happened since"),
            () = std::future::ready(()) => {}
        }
    }
}
