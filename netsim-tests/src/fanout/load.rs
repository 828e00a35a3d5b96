//! What the crowd does: writes as fast as all can read, at a pace, or one message at a time.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use tertulia_proto::{Body, MessageId, ReqId, Request, Send};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    task::JoinSet,
    time::{Duration, Instant, interval, sleep, timeout},
};

use super::{
    Plan,
    crowd::Crowd,
    host::{Host, own_cpu},
    room::Room,
};

/// Messages under way to their readers, where all write as fast as they can.
const UNDER_WAY: u64 = 512;
/// The same of one room, where there are many.
const UNDER_WAY_IN_ONE: u64 = 64;
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
    /// One message, then after a pause the next when everybody has it.
    Single,
    /// So many messages at once in each room, then as many when everybody there has them all: with
    /// one at once no packet can carry two.
    Burst(u64),
}

impl Shape {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Saturate => "saturate",
            Self::Paced(_) => "paced",
            Self::Single => "single",
            Self::Burst(_) => "burst",
        }
    }

    /// Messages that are written together, where that is what the shape is about.
    pub(super) fn at_once(self) -> Option<u64> {
        match self {
            Self::Burst(messages) => Some(messages),
            _ => None,
        }
    }
}

/// What one measurement found.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    pub(super) took: Duration,
    pub(super) cpu: Duration,
    /// What the crowd took.
    pub(super) load_cpu: Duration,
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
    let posts = Arc::new(Mutex::new(Vec::new()));
    let mut work = JoinSet::new();
    let pens: Vec<_> = crowd.members.drain(..senders).collect();
    for (number, member) in pens.into_iter().enumerate() {
        let room = Arc::clone(&rooms[member.room]);
        if let Some(answers) = member.answers {
            let room = Arc::clone(&room);
            crowd.ears.spawn(async move { room.listen(answers).await });
        }
        let pen = Pen { number: number as u64, next: member.next.0, send: member.send };
        match plan.shape {
            Shape::Saturate => {
                work.spawn(pen.race(room, (UNDER_WAY / rooms.len() as u64).max(UNDER_WAY_IN_ONE)))
            }
            Shape::Paced(rate) => {
                let messages = f64::from(rate) / (room.audience as f64 * senders as f64);
                work.spawn(pen.walk(room, Duration::from_secs_f64(1.0 / messages)))
            }
            Shape::Single => work.spawn(pen.wait(room, Arc::clone(&posts))),
            Shape::Burst(messages) => work.spawn(pen.burst(room, messages)),
        };
    }
    let measured = async {
        let mut windows = Vec::new();
        sleep(plan.time / 2).await;
        for _ in 0..plan.repeats {
            take(&rooms, &posts);
            let (began, cpu, load_cpu) = (Instant::now(), host.cpu()?, own_cpu()?);
            let (deliveries, stored) = (sum(&rooms, Room::delivered), sum(&rooms, Room::stored));
            sleep(plan.time).await;
            windows.push(Window {
                took: began.elapsed(),
                cpu: host.cpu()?.saturating_sub(cpu),
                load_cpu: own_cpu()?.saturating_sub(load_cpu),
                deliveries: sum(&rooms, Room::delivered) - deliveries,
                stored: sum(&rooms, Room::stored) - stored,
                times: take(&rooms, &posts),
            });
        }
        Ok(windows)
    };
    tokio::select! {
        windows = measured => windows,
        Some(ended) = work.join_next() => match ended.context("a writer broke off")?? {},
        Some(ended) = crowd.ears.join_next() => {
            ended.context("a reader broke off")??;
            bail!("the server ended a connection")
        }
    }
}

fn sum(rooms: &[Arc<Room>], of: fn(&Room) -> u64) -> u64 {
    rooms.iter().map(|room| of(room)).sum()
}

/// The times so far: where posts are single, theirs.
fn take(rooms: &[Arc<Room>], posts: &Mutex<Vec<Duration>>) -> Vec<Duration> {
    let deliveries = rooms.iter().flat_map(|room| room.take_times()).collect();
    let posts = std::mem::take(&mut *posts.lock().unwrap_or_else(PoisonError::into_inner));
    if posts.is_empty() { deliveries } else { posts }
}

/// One who writes.
struct Pen {
    number: u64,
    next: u64,
    send: Box<dyn AsyncWrite + std::marker::Send + Unpin>,
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

    async fn burst(mut self, room: Arc<Room>, messages: u64) -> Result<Infallible> {
        loop {
            self.write(&room, messages).await?;
            timeout(PATIENCE, room.at_most_under_way(0)).await.context("it never came")?;
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
        self.send.write_all(&bytes).await?;
        Ok(self.send.flush().await?)
    }
}
