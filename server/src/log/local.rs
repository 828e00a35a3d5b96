//! The embedded log: one writer, group commit.
//!
//! There is no timer: an idle writer commits at once, and what arrives during a commit is the
//! next batch. The writer is lent to one short blocking job a batch, so that a simulation can
//! run the job inline.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tertulia_proto::{Env, Epoch, LogPosition, Timestamp};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Duration, Instant},
};
use tracing::{error, warn};

use super::{Appending, Closed, CommitLog, StorageFailed, order_guard::OrderGuard};
use crate::{
    data_dir::DataDir,
    limits,
    metrics::Metrics,
    state::{Actor, Effect, LogCommand, Outcome, Reply},
    store::{Marks, Writer, wal_path},
};

type Answer = oneshot::Sender<Result<Outcome, StorageFailed>>;

/// Receives what a commit did, in log order, before the answers go out.
pub(crate) trait Published: Send + 'static {
    /// Effects of durable entries.
    fn publish<'a>(&mut self, effects: impl Iterator<Item = &'a Effect>);
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
    /// Starts the writer's task, which holds the data directory. It ends when every handle is
    /// gone, after what was appended is committed and the database closed.
    pub(crate) fn start(
        writer: Writer,
        epoch: Epoch,
        data: Arc<DataDir>,
        env: Arc<dyn Env>,
        metrics: Arc<Metrics>,
        published: impl Published,
    ) -> (Self, JoinHandle<()>) {
        let (queue, jobs) = mpsc::channel(limits::COMMIT_QUEUE);
        let head = Arc::new(Mutex::new(writer.head()));
        let task = Task {
            data,
            env,
            metrics,
            jobs,
            head: Arc::clone(&head),
            checkpointing: Arc::default(),
            started: Instant::now(),
        };
        (Self { epoch, queue, head }, tokio::spawn(task.run(writer, published)))
    }
}

impl CommitLog for LocalLog {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn append(&self, actor: Actor, command: LogCommand) -> Appending<'_> {
        Box::pin(async move {
            let (answer, pending) = oneshot::channel();
            self.queue.send(Job { actor, command, answer }).await.map_err(|_| Closed)?;
            Ok(pending)
        })
    }

    fn head(&self) -> LogPosition {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Task {
    data: Arc<DataDir>,
    env: Arc<dyn Env>,
    metrics: Arc<Metrics>,
    jobs: mpsc::Receiver<Job>,
    head: Arc<Mutex<LogPosition>>,
    checkpointing: Arc<AtomicBool>,
    started: Instant,
}

/// When a batch is committed.
#[derive(Debug, Clone, Copy)]
struct Now {
    /// What entries say.
    wall: Timestamp,
    /// What no operator can set.
    since_start: Duration,
}

/// What one blocking job needs and gives back.
struct Desk {
    writer: Writer,
    guard: OrderGuard,
}

impl Task {
    async fn run(mut self, writer: Writer, mut published: impl Published) {
        let mut desk = Desk { writer, guard: OrderGuard::default() };
        let mut jobs = Vec::with_capacity(limits::COMMIT_BATCH);
        while self.jobs.recv_many(&mut jobs, limits::COMMIT_BATCH).await > 0 {
            let (batch, answers): (Vec<_>, Vec<_>) =
                jobs.drain(..).map(|job| ((job.actor, job.command), job.answer)).unzip();
            let begun = Instant::now();
            self.metrics.commit_batch.observe(batch.len() as f64);
            let committed = self.commit(desk, batch).await;
            self.metrics.commit_seconds.observe(begun.elapsed().as_secs_f64());
            let Some((lent, results)) = committed else {
                error!("the writer was lost; no more commits");
                return;
            };
            desk = lent;
            *self.head.lock().unwrap_or_else(PoisonError::into_inner) = desk.writer.head();
            published.publish(results.iter().flat_map(effects));
            for (result, answer) in results.into_iter().zip(answers) {
                match &result {
                    Ok(Outcome::Applied(applied)) => {
                        self.metrics.messages.inc_by(u64::from(is_message(&applied.reply)));
                    }
                    Ok(_) => {}
                    Err(StorageFailed) => drop(self.metrics.commit_failures.inc()),
                }
                // The asker may have gone away; the outcome stands all the same.
                let _ = answer.send(result);
            }
        }
        let (done, closed) = oneshot::channel();
        self.env.run_blocking(Box::new(move || {
            let _ = done.send(desk.writer.close());
        }));
        if let Ok(Err(error)) = closed.await {
            warn!(%error, "the database was not closed cleanly; nothing is lost");
        }
    }

    /// Lends the desk to one job.
    async fn commit(
        &self,
        mut desk: Desk,
        batch: Vec<(Actor, LogCommand)>,
    ) -> Option<(Desk, Vec<Result<Outcome, StorageFailed>>)> {
        let (done, result) = oneshot::channel();
        let now = Now { wall: self.env.wall_clock(), since_start: self.started.elapsed() };
        let path = self.data.database();
        let (env, checkpointing) = (Arc::clone(&self.env), Arc::clone(&self.checkpointing));
        self.env.run_blocking(Box::new(move || {
            let results = desk.commit(now, &batch);
            let (head, marks) = (desk.writer.head(), desk.writer.marks().clone());
            let _ = done.send((desk, results));
            checkpoint(&path, &*env, checkpointing, (head, marks));
        }));
        result.await.ok()
    }
}

impl Desk {
    /// Commits a batch. Where it fails its commands are tried one by one, so that one that can't
    /// be stored takes no other with it.
    fn commit(
        &mut self,
        now: Now,
        batch: &[(Actor, LogCommand)],
    ) -> Vec<Result<Outcome, StorageFailed>> {
        let whole =
            batch.iter().all(|(actor, command)| self.guard.admits(actor, command, now.since_start));
        if whole {
            match self.writer.commit(now.wall, batch) {
                Ok(outcomes) => return outcomes.into_iter().map(Ok).collect(),
                Err(error) => error!(%error, commands = batch.len(), "a commit failed"),
            }
        }
        batch.iter().map(|one| self.commit_one(now, one)).collect()
    }

    fn commit_one(
        &mut self,
        now: Now,
        one: &(Actor, LogCommand),
    ) -> Result<Outcome, StorageFailed> {
        let (actor, command) = one;
        // What is there already is no message that slips in: its author is told so.
        let admits = self.guard.admits(actor, command, now.since_start);
        if !admits && !self.writer.has(actor, command).unwrap_or_default() {
            return Err(StorageFailed);
        }
        let outcomes = self.writer.commit(now.wall, std::slice::from_ref(one));
        let outcome = outcomes.ok().and_then(|mut outcomes| outcomes.pop());
        outcome.ok_or_else(|| {
            self.guard.failed(actor, command, now.since_start);
            StorageFailed
        })
    }
}

fn effects(result: &Result<Outcome, StorageFailed>) -> &[Effect] {
    match result {
        Ok(Outcome::Applied(applied)) => &applied.effects,
        _ => &[],
    }
}

const fn is_message(reply: &Reply) -> bool {
    matches!(reply, Reply::Posted { .. })
}

/// Folds a large write-ahead log in, off the writer's path, one at a time.
fn checkpoint(
    path: &Path,
    env: &dyn Env,
    running: Arc<AtomicBool>,
    (head, marks): (LogPosition, Marks),
) {
    let is_large =
        std::fs::metadata(wal_path(path)).is_ok_and(|wal| wal.len() > limits::CHECKPOINT_BYTES);
    if !is_large || running.swap(true, Ordering::AcqRel) {
        return;
    }
    let path = path.to_owned();
    env.run_blocking(Box::new(move || {
        if let Err(error) = Writer::checkpoint(&path, head, &marks) {
            warn!(%error, "a checkpoint failed; it is tried again");
        }
        running.store(false, Ordering::Release);
    }));
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{
        AccountId, Body, DisplayName, HistoryPolicy, MessageId, MessageText, RoomId, RoomKind,
        RoomName, Send, Topic, skeleton,
    };

    use super::*;
    use crate::state::{MakeRoom, RegisterDevice, Reply};

    const KEY: [u8; 32] = [7; 32];

    /// A desk over a database with a room and a person, and where that is.
    fn desk() -> (tempfile::TempDir, Desk, Actor) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(&dir.path().join("tertulia.db"), Epoch([1; 16])).unwrap();
        let (lobby, name) = (RoomName::new("lobby").unwrap(), DisplayName::new("Ana").unwrap());
        let lobby = MakeRoom::new(
            None,
            lobby,
            RoomKind::Public,
            Topic::default(),
            HistoryPolicy::default(),
        );
        let handle = name.handle().unwrap();
        let ana = RegisterDevice {
            device: KEY,
            name,
            skeleton: skeleton(handle.as_str()),
            handle,
            invite_hash: None,
            invite_needed: false,
        };
        let stranger = Actor { account: AccountId(0), device: Some(KEY) };
        let batch =
            [(Actor::SERVER, LogCommand::CreateRoom(lobby)), (stranger, LogCommand::Register(ana))];
        let outcomes = writer.commit(Timestamp(1), &batch).unwrap();
        let Some(Outcome::Applied(registered)) = outcomes.last() else { panic!("{outcomes:?}") };
        let Reply::Registered(account) = registered.reply else { panic!("{outcomes:?}") };
        (dir, Desk { writer, guard: OrderGuard::default() }, Actor { account, device: Some(KEY) })
    }

    fn message(id: u8) -> LogCommand {
        let (message_id, room) = (MessageId([id; 16]), RoomId(1));
        let body = Body::Text(MessageText::new("x").unwrap());
        LogCommand::Send(Send { message_id, room, reply_to: None, body }.into())
    }

    /// Which of the messages got through, at that wall time, a second after the start.
    fn commit(desk: &mut Desk, ana: Actor, wall: u64, ids: &[u8]) -> Vec<bool> {
        let batch: Vec<_> = ids.iter().map(|id| (ana, message(*id))).collect();
        let now = Now { wall: Timestamp(wall), since_start: Duration::from_secs(1) };
        desk.commit(now, &batch).into_iter().map(|result| result.is_ok()).collect()
    }

    #[test]
    fn a_clock_that_is_set_lets_no_message_slip_in_before_a_failed_one() {
        let (_dir, mut desk, ana) = desk();
        let start = Duration::ZERO;
        desk.guard.failed(&ana, &message(1), start);
        let tomorrow = 24 * 3_600 * 1_000;
        assert_eq!(commit(&mut desk, ana, tomorrow, &[2, 1, 2]), [false, true, true]);
    }

    #[test]
    fn what_is_there_already_is_said_while_another_message_is_waited_for() {
        let (_dir, mut desk, ana) = desk();
        assert_eq!(commit(&mut desk, ana, 1, &[1]), [true]);
        desk.guard.failed(&ana, &message(2), Duration::ZERO);
        assert_eq!(commit(&mut desk, ana, 1, &[1, 3]), [true, false], "3 is still to wait for 2");
    }
}
