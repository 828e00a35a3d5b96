//! What the crowd does: writes as fast as all can read, at a pace, or one message at a time.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::{Context, Result, bail};
use quinn::SendStream;
use tertulia_proto::{Body, MessageId, ReqId, Request, Send, ServerMessage};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, interval, sleep, timeout},
};

use super::{Plan, crowd::Crowd, host::Host, room::Room};
use crate::speaker::Frames;

/// Messages under way to their readers, where all write as fast as they can.
const UNDER_WAY: u64 = 512;
/// One write carries at most so many.
const OF_ONE_WRITE: u64 = 16;
/// Between two single posts.
const PAUSE: Duration = Duration::from_millis(20);
/// What is not there by then is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// How people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As fast as everybody reads.
    Saturate,
    /// So many deliveries a second in all, one message at a time.
    Paced(u32),
    /// One message, then the next when everybody has it.
    Single,
}

impl Shape {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Saturate => "saturate",
            Self::Paced(_) => "paced",
            Self::Single => "single",
        }
    }
}

/// What one measurement found.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    pub(super) took: Duration,
    pub(super) cpu: Duration,
    pub(super) deliveries: u64,
    /// Messages whose receipts came.
    pub(super) stored: u64,
    /// Of a share of the deliveries; where posts are single, until the last one had it.
    pub(super) times: Vec<Duration>,
}

/// Measures as often as the plan says, after a while of the same.
pub(super) async fn run(mut crowd: Crowd, host: &Host, plan: &Plan) -> Result<Vec<Window>> {
    let senders = plan.writers();
    let rooms = crowd.rooms.clone();
    let stored = Arc::new(AtomicU64::new(0));
    let posts = Arc::new(Mutex::new(Vec::new()));
    let mut work = JoinSet::new();
    let pens: Vec<_> = crowd.members.drain(..senders).collect();
    for (number, member) in pens.into_iter().enumerate() {
        let room = Arc::clone(&rooms[member.room]);
        work.spawn(receipts(member.control, Arc::clone(&stored)));
        let pen = Pen { number: number as u64, next: member.next.0, send: member.send };
        match plan.shape {
            Shape::Saturate => work.spawn(pen.race(room, (UNDER_WAY / rooms.len() as u64).max(4))),
            Shape::Paced(rate) => {
                let messages = f64::from(rate) / (room.audience as f64 * senders as f64);
                work.spawn(pen.walk(room, Duration::from_secs_f64(1.0 / messages)))
            }
            Shape::Single => work.spawn(pen.wait(room, Arc::clone(&posts))),
        };
    }
    let measured = async {
        let mut windows = Vec::new();
        sleep(plan.time / 2).await;
        for _ in 0..plan.repeats {
            take(&rooms, &posts);
            let before = (Instant::now(), host.cpu()?, delivered(&rooms), stored.load(Relaxed));
            sleep(plan.time).await;
            windows.push(Window {
                took: before.0.elapsed(),
                cpu: host.cpu()?.saturating_sub(before.1),
                deliveries: delivered(&rooms) - before.2,
                stored: stored.load(Relaxed) - before.3,
                times: take(&rooms, &posts),
            });
        }
        Ok(windows)
    };
    tokio::select! {
        windows = measured => windows,
        Some(ended) = work.join_next() => match ended.context("a writer broke off")?? {},
    }
}

fn delivered(rooms: &[Arc<Room>]) -> u64 {
    rooms.iter().map(|room| room.delivered()).sum()
}

/// The times so far: where posts are single, theirs.
fn take(rooms: &[Arc<Room>], posts: &Mutex<Vec<Duration>>) -> Vec<Duration> {
    let deliveries = rooms.iter().flat_map(|room| room.take_times()).collect();
    let posts = std::mem::take(&mut *posts.lock().unwrap_or_else(PoisonError::into_inner));
    if posts.is_empty() { deliveries } else { posts }
}

/// Counts the receipts of one who writes.
async fn receipts(mut control: Frames, stored: Arc<AtomicU64>) -> Result<Infallible> {
    while let Some(frame) = control.next_ever().await? {
        match ServerMessage::decode(&frame)? {
            Some(ServerMessage::Receipt(_)) => {
                stored.fetch_add(1, Relaxed);
            }
            Some(ServerMessage::Rejected(no)) => bail!("a message was refused: {no:?}"),
            _ => {}
        }
    }
    bail!("the server ended a control stream")
}

/// One who writes.
struct Pen {
    number: u64,
    next: u64,
    send: SendStream,
}

impl Pen {
    async fn race(mut self, room: Arc<Room>, under_way: u64) -> Result<Infallible> {
        loop {
            room.at_most_under_way(under_way.saturating_sub(OF_ONE_WRITE.min(under_way / 2))).await;
            self.write(&room, OF_ONE_WRITE.min(under_way / 2)).await?;
        }
    }

    async fn walk(mut self, room: Arc<Room>, every: Duration) -> Result<Infallible> {
        // Not all in the same millisecond.
        sleep(every.mul_f64((self.number as f64 * 0.618).fract())).await;
        let mut ticks = interval(every);
        loop {
            ticks.tick().await;
            self.write(&room, 1).await?;
        }
    }

    async fn wait(
        mut self,
        room: Arc<Room>,
        posts: Arc<Mutex<Vec<Duration>>>,
    ) -> Result<Infallible> {
        loop {
            let began = Instant::now();
            self.write(&room, 1).await?;
            timeout(PATIENCE, room.at_most_under_way(0)).await.context("it never came")?;
            posts.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed());
            sleep(PAUSE).await;
        }
    }

    /// Writes so many messages at once.
    async fn write(&mut self, room: &Room, messages: u64) -> Result<()> {
        let mut bytes = Vec::new();
        for _ in 0..messages {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&self.next.to_be_bytes());
            id[8..].copy_from_slice(&self.number.to_be_bytes());
            let body = Body::Text(room.write());
            let send = Send { message_id: MessageId(id), room: room.id, reply_to: None, body };
            let request = Request { req_id: ReqId(self.next), command: Ok(send.into()) };
            bytes.extend_from_slice(&request.encode());
            self.next += 1;
        }
        Ok(self.send.write_all(&bytes).await?)
    }
}
