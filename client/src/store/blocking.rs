//! A value that blocks, used from tasks that must not.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tertulia_proto::Env;
use tokio::sync::oneshot;

/// Runs jobs on its value through [`Env::run_blocking`].
pub(crate) struct Blocking<T> {
    value: Arc<Mutex<T>>,
    env: Arc<dyn Env>,
}

impl<T: Send + 'static> Blocking<T> {
    pub(crate) fn new(value: T, env: Arc<dyn Env>) -> Self {
        Self { value: Arc::new(Mutex::new(value)), env }
    }

    /// Starts a job. Two that run at once run in either order: who needs an order starts the next
    /// after the answer. No answer comes only if the job panicked.
    pub(crate) fn start<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> oneshot::Receiver<R> {
        let (tx, rx) = oneshot::channel();
        let value = Arc::clone(&self.value);
        self.env.run_blocking(Box::new(move || {
            // A transaction that a panic cut short was rolled back: the value is whole.
            let mut value = value.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody waits any more: the job was done all the same.
            let _ = tx.send(job(&mut value));
        }));
        rx
    }
}

impl<T> fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}
