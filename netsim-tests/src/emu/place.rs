//! A network namespace: a thread in it, and a tokio runtime on that thread.
//!
//! A namespace belongs to a thread: what that opens, or a program that it starts, is in it.

use std::{
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, unshare};
use tokio::{
    runtime::{self, Handle},
    sync::oneshot,
};

use super::ip::ip;

/// Jobs that do not end are left to themselves.
const LAST_JOBS: Duration = Duration::from_secs(5);

/// It ends with this value.
#[derive(Debug)]
pub struct Place {
    handle: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Place {
    /// A new namespace; `arrange` runs in it first.
    pub(super) fn new<T: Send + 'static>(
        name: &str,
        arrange: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<(Self, T)> {
        let (ready, made) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let begun = begin(arrange);
            match begun {
                Ok((runtime, arranged)) => {
                    // Nobody waits for it: then it ends at once, since `end` is gone too.
                    let _ = ready.send(Ok((runtime.handle().clone(), arranged)));
                    let _ = runtime.block_on(ended);
                    runtime.shutdown_timeout(LAST_JOBS);
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        let (handle, arranged) = made.recv().context("a namespace's thread ended")??;
        Ok((Self { handle, end: Some(end), thread: Some(thread) }, arranged))
    }

    /// Where tasks are spawned that are to be in the namespace.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn begin<T>(arrange: impl FnOnce() -> Result<T>) -> Result<(runtime::Runtime, T)> {
    unshare(CloneFlags::CLONE_NEWNET).context("a network namespace can't be made")?;
    ip("link set lo up")?;
    let arranged = arrange()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    Ok((runtime, arranged))
}
