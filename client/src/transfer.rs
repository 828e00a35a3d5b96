//! Files, up and down, beside everything else: each on a stream of its own, by a task of its own
//! that goes on where it was on the next connection. The client's task knows nothing of them.

mod download;
mod line;
mod part;
mod record;
mod source;
mod stream;
mod upload;

use std::{fmt, io, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use tertulia_proto::{Attachment, Env, Features, MessageId, Refusal, RoomId, Seq, Timestamp};
use thiserror::Error;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time,
};

pub(crate) use download::{Wanted, download, place_in};
pub(crate) use line::{Line, LineWatch, Lines};
pub(crate) use record::FOLDER as UPLOADS;
pub(crate) use upload::upload;

/// What is read, sent and written of a file at once.
const PIECE: usize = 64 << 10;
/// Before the same again, where a stream ended and its connection did not.
const AGAIN: Duration = Duration::from_secs(1);
/// Times in a row that nothing moved, though there was a connection, before it is given up.
const PATIENCE: u32 = 8;

/// What transfers stand on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) env: Arc<dyn Env>,
    pub(crate) profile: PathBuf,
    pub(crate) line: LineWatch,
}

/// How far a file got, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is through.
    pub done: u64,
    /// All of it; 0 while that is not known.
    pub total: u64,
}

/// A file that became a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The message.
    pub message_id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Its number there.
    pub seq: Seq,
    /// The server's commit time.
    pub time: Timestamp,
    /// The file.
    pub file: Attachment,
}

/// Why a file did not get through.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The file here can't be read or written.
    #[error("{0}")]
    Local(String),
    /// A file is there already, and was not to be replaced.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The server's answer.
    #[error("{0}")]
    Refused(Refusal),
    /// The server knows nothing of files.
    #[error("this server takes no files: it is older than this program")]
    Unsupported,
    /// What came is not what the message tells of.
    #[error("what the server sent is not the file that the message tells of")]
    Differs,
    /// There is a connection, and nothing moves on it.
    #[error("the server is there, but the file does not move; try again later")]
    Stuck,
    /// Taken back.
    #[error("cancelled")]
    Cancelled,
    /// The client is closed.
    #[error("closed")]
    Closed,
}

impl TransferError {
    fn local(path: &std::path::Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_owned()),
            _ => Self::Local(format!("{}: {error}", path.display())),
        }
    }
}

/// A file on its way. Dropped, the way ends; what got through is kept, and the same again goes on
/// from there.
pub struct Transfer<T> {
    progress: watch::Receiver<Progress>,
    outcome: oneshot::Receiver<Result<T, TransferError>>,
    cancel: Option<oneshot::Sender<()>>,
    settle: oneshot::Sender<()>,
    /// Ends with this.
    task: Task,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

/// What is left to do once the outcome is where it outlives the process; where nobody says so, it is
/// not done.
type Rest = Option<Pin<Box<dyn Future<Output = ()> + Send>>>;

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer")
            .field("progress", &*self.progress.borrow())
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Transfer<T> {
    /// Starts a task.
    fn start<F>(work: impl FnOnce(Reins) -> F) -> Self
    where
        F: Future<Output = (Result<T, TransferError>, Rest)> + Send + 'static,
    {
        let (shown, progress) = watch::channel(Progress::default());
        let (done, outcome) = oneshot::channel();
        let (cancel, cancelled) = oneshot::channel();
        let (settle, settled) = oneshot::channel();
        let work = work(Reins { shown, cancelled });
        let task = tokio::spawn(async move {
            let (outcome, rest) = work.await;
            // Nobody may be waiting any more.
            let _ = done.send(outcome);
            if let Some(rest) = rest
                && settled.await.is_ok()
            {
                rest.await;
            }
        });
        Self { progress, outcome, cancel: Some(cancel), settle, task: Task(task) }
    }

    /// How far it got; changes as it goes on.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Takes it back: what got through is thrown away, here and there. The outcome says whether it
    /// was in time.
    pub fn cancel(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            // It ended by itself.
            let _ = cancel.send(());
        }
    }

    /// Waits for the end, across reconnects.
    ///
    /// Cancel safe.
    pub async fn outcome(&mut self) -> Result<T, TransferError> {
        (&mut self.outcome).await.unwrap_or(Err(TransferError::Closed))
    }

    /// To be called once the outcome was told or written down, where a process that is killed does
    /// not take it along. Until then a file that was sent is the same message if it is sent again:
    /// who was killed before may do just that.
    pub async fn settle(self) {
        let Self { outcome, settle, mut task, .. } = self;
        drop(outcome);
        // It has nothing left to do.
        let _ = settle.send(());
        let _ = (&mut task.0).await;
    }
}

/// How a task is held.
struct Reins {
    shown: watch::Sender<Progress>,
    cancelled: oneshot::Receiver<()>,
}

impl Reins {
    /// Returns when it is to be taken back; never, once it can't be any more.
    async fn cancelled(cancelled: &mut oneshot::Receiver<()>) {
        if cancelled.await.is_err() {
            std::future::pending().await
        }
    }
}

/// How one try ended.
enum Tried<T> {
    /// It is over.
    Over(Result<T, TransferError>),
    /// Not now; again after that long.
    Later(Duration),
    /// The stream or its connection was lost.
    Lost,
    /// What is there of it is no good: from the beginning.
    Anew,
}

/// What is tried on one connection after the other.
trait Way {
    type End: Send + 'static;

    /// One try.
    fn go(&mut self, line: &Line) -> impl Future<Output = Tried<Self::End>> + Send;

    /// How far it got by now, in bytes.
    fn moved(&self) -> u64;

    /// Returns when it is taken back.
    fn cancelled(&mut self) -> impl Future<Output = ()> + Send;
}

/// Tries until it is over: on each connection that comes, and again on one that stays.
async fn until_over<W: Way + Send>(way: &mut W, line: LineWatch) -> Result<W::End, TransferError> {
    let (mut idle, mut far, mut anew) = (0, way.moved(), false);
    loop {
        // Without a connection nothing is told to the server: what it has there it throws away by
        // itself.
        let found = tokio::select! {
            biased;
            () = way.cancelled() => return Err(TransferError::Cancelled),
            found = line.line() => found,
        };
        let Some(now) = found else { return Err(TransferError::Closed) };
        if !now.features.has(Features::FILES) {
            return Err(TransferError::Unsupported);
        }
        match way.go(&now).await {
            Tried::Over(outcome) => return outcome,
            // What the server refuses for now it may refuse for long: whoever waits decides.
            Tried::Later(wait) => {
                tokio::select! {
                    biased;
                    () = way.cancelled() => return Err(TransferError::Cancelled),
                    () = time::sleep(wait) => continue,
                }
            }
            Tried::Anew if anew => return Err(TransferError::Differs),
            Tried::Anew => {
                anew = true;
                continue;
            }
            Tried::Lost => {}
        }
        idle = if way.moved() > far { 0 } else { idle + 1 };
        far = far.max(way.moved());
        // Another connection does not wait.
        if time::timeout(AGAIN, line.left(now.generation)).await.is_ok() {
            idle = 0;
        }
        if idle >= PATIENCE {
            return Err(TransferError::Stuck);
        }
    }
}

impl Ground {
    /// Runs a job that blocks.
    async fn block<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = oneshot::channel();
        self.env.run_blocking(Box::new(move || {
            // Nobody may be waiting any more.
            let _ = done.send(job());
        }));
        result.await.unwrap_or_else(|_| Err(io::Error::other("the job was lost")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Waiting(oneshot::Receiver<()>);

    impl Way for Waiting {
        type End = ();

        async fn go(&mut self, _: &Line) -> Tried<()> {
            Tried::Over(Ok(()))
        }

        fn moved(&self) -> u64 {
            0
        }

        async fn cancelled(&mut self) {
            Reins::cancelled(&mut self.0).await;
        }
    }

    #[tokio::test]
    async fn what_waits_for_a_connection_can_be_taken_back() {
        let lines = Lines::default();
        let line = lines.watch();
        let (cancel, cancelled) = oneshot::channel();
        let waits = tokio::spawn(async move { until_over(&mut Waiting(cancelled), line).await });
        cancel.send(()).unwrap();
        assert!(matches!(waits.await.unwrap(), Err(TransferError::Cancelled)));
    }
}
