//! Files on their way: the transfer lives on tokio, what becomes of it is awaited on the main loop.

use std::time::Duration;

use gtk::glib;
use tertulia_client::{Client, Progress, Transfer, TransferError};
use tokio::sync::{oneshot, watch};

use super::{Bridge, joined, runtime};

/// Between two looks at how far a file is.
const SHOWN_EVERY: Duration = Duration::from_millis(80);

/// Takes a transfer back; dropped it does nothing.
#[derive(Debug)]
pub(crate) struct Cancel(oneshot::Sender<()>);

impl Cancel {
    /// Only once, and too late where it is over.
    pub(crate) fn cancel(self) {
        // It ended by itself.
        let _ = self.0.send(());
    }
}

/// How far a file is, as it goes on.
#[derive(Debug)]
pub(crate) struct Course(watch::Receiver<Progress>);

impl Course {
    /// Tells `shown` until the transfer ends, not more often than one sees.
    pub(crate) async fn follow(mut self, shown: impl Fn(Progress)) {
        while self.0.changed().await.is_ok() {
            let progress = *self.0.borrow_and_update();
            shown(progress);
            glib::timeout_future(SHOWN_EVERY).await;
        }
    }
}

/// What came of a transfer, and itself, which may be settled.
pub(crate) type Carried<T> = Result<(T, Transfer<T>), TransferError>;

/// What came of it is shown, and written down where that is needed.
pub(crate) fn settle<T: Send + 'static>(transfer: Transfer<T>) {
    drop(runtime().spawn(transfer.settle()));
}

impl Bridge {
    /// Begins a transfer; its end is awaited, and [`settle`]d where it matters.
    pub(crate) fn carry<T, F>(
        &self,
        begin: F,
    ) -> (Cancel, Course, impl Future<Output = Carried<T>> + use<T, F>)
    where
        T: Send + 'static,
        F: FnOnce(&Client) -> Transfer<T>,
    {
        // The transfer's own task belongs there.
        let within = runtime().enter();
        let mut transfer = begin(&self.client);
        drop(within);
        let course = Course(transfer.progress());
        let (cancel, cancelled) = oneshot::channel();
        let outcome = runtime().spawn(async move {
            let outcome = tokio::select! {
                biased;
                outcome = transfer.outcome() => outcome,
                Ok(()) = cancelled => {
                    transfer.cancel();
                    transfer.outcome().await
                }
            };
            outcome.map(|outcome| (outcome, transfer))
        });
        (Cancel(cancel), course, async move { joined(outcome.await) })
    }
}
