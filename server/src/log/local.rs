//! The embedded log: one writer, group commit.
//!
//! There is no timer: an idle writer commits at once, and what arrives during a commit is the
//! next batch. The writer is lent to one short blocking job a batch, so that a simulation can
//! run the job inline.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tertulia_proto::{Env, Epoch, LogPosition};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use super::{Appending, Closed, CommitLog, StorageFailed};
use crate::{
    limits,
    state::{Actor, Effect, LogCommand, Outcome},
    store::{Writer, wal_path},
};

type Answer = oneshot::Sender<Result<Outcome, StorageFailed>>;

/// Receives what a commit did, in log order, before the answers go out.
pub(crate) trait Published: Send + 'static {
    /// Effects of durable entries.
    fn publish(&mut self, effects: &[Effect]);
}

/// Handle to the writer's task.
#[derive(Debug)]
pub(crate) struct LocalLog {
    epoch: Epoch,
    queue: mpsc::Sender<Job>,
    head: Arc<Mutex<LogPosition>>,
}

#[derive(Debug)]
struct Job {
    actor: Actor,
    command: LogCommand,
    answer: Answer,
}

impl LocalLog {
    /// Starts the writer's task. It ends when every handle is gone, after what was appended is
    /// committed; then `JoinHandle` gives back the result of closing the database.
    pub(crate) fn start(
        writer: Writer,
        epoch: Epoch,
        path: PathBuf,
        env: Arc<dyn Env>,
        published: impl Published,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, jobs) = mpsc::channel(limits::COMMIT_QUEUE);
        let head = Arc::new(Mutex::new(writer.head()));
        let task = Task {
            path,
            env,
            jobs,
            head: Arc::clone(&head),
            checkpointing: Arc::default(),
        };
        (
            Self { epoch, queue, head },
            tokio::spawn(task.run(writer, published)),
        )
    }
}

impl CommitLog for LocalLog {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn append(&self, actor: Actor, command: LogCommand) -> Appending<'_> {
        Box::pin(async move {
            let (answer, pending) = oneshot::channel();
            self.queue
                .send(Job {
                    actor,
                    command,
                    answer,
                })
                .await
                .map_err(|_| Closed)?;
            Ok(pending)
        })
    }

    fn head(&self) -> LogPosition {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    path: PathBuf,
    env: Arc<dyn Env>,
    jobs: mpsc::Receiver<Job>,
    head: Arc<Mutex<LogPosition>>,
    checkpointing: Arc<AtomicBool>,
}

impl Task {
    async fn run(mut self, mut writer: Writer, mut published: impl Published) {
        let mut jobs = Vec::with_capacity(limits::COMMIT_BATCH);
        while self.jobs.recv_many(&mut jobs, limits::COMMIT_BATCH).await > 0 {
            let (batch, answers): (Vec<_>, Vec<_>) = jobs
                .drain(..)
                .map(|job| ((job.actor, job.command), job.answer))
                .unzip();
            let Some((lent, results)) = self.commit(writer, batch).await else {
                error!("the writer was lost; no more commits");
                return;
            };
            writer = lent;
            *self.head.lock().unwrap_or_else(PoisonError::into_inner) = writer.head();
            for (result, answer) in results.into_iter().zip(answers) {
                if let Ok(Outcome::Applied(applied)) = &result {
                    published.publish(&applied.effects);
                }
                // The asker may have gone away; the outcome stands all the same.
                let _ = answer.send(result);
            }
            self.checkpoint();
        }
        let (done, closed) = oneshot::channel();
        self.env.run_blocking(Box::new(move || {
            let _ = done.send(writer.close());
        }));
        if let Ok(Err(error)) = closed.await {
            warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }

    /// Lends the writer to one job. Where a batch fails its commands are tried one by one, so
    /// that one that can't be stored takes no other with it.
    async fn commit(
        &self,
        mut writer: Writer,
        batch: Vec<(Actor, LogCommand)>,
    ) -> Option<(Writer, Vec<Result<Outcome, StorageFailed>>)> {
        let (done, result) = oneshot::channel();
        let now = self.env.wall_clock();
        self.env.run_blocking(Box::new(move || {
            let results = match writer.commit(now, &batch) {
                Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
                Err(error) => {
                    error!(%error, commands = batch.len(), "a commit failed");
                    batch
                        .iter()
                        .map(|one| commit_one(&mut writer, now, one))
                        .collect()
                }
            };
            let _ = done.send((writer, results));
        }));
        result.await.ok()
    }

    /// Folds the write-ahead log in, off the writer's path, one at a time.
    fn checkpoint(&self) {
        let large = std::fs::metadata(wal_path(&self.path))
            .is_ok_and(|wal| wal.len() > limits::CHECKPOINT_BYTES);
        if !large || self.checkpointing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (path, running) = (self.path.clone(), Arc::clone(&self.checkpointing));
        self.env.run_blocking(Box::new(move || {
            if let Err(error) = Writer::checkpoint(&path) {
                warn!(%error, "a checkpoint failed; it is tried again");
            }
            running.store(false, Ordering::Release);
        }));
    }
}

fn commit_one(
    writer: &mut Writer,
    now: tertulia_proto::Timestamp,
    one: &(Actor, LogCommand),
) -> Result<Outcome, StorageFailed> {
    let outcomes = writer.commit(now, std::slice::from_ref(one));
    outcomes
        .ok()
        .and_then(|mut outcomes| outcomes.pop())
        .ok_or(StorageFailed)
}
