//! What became of the messages of one room: counted where they arrive.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use anyhow::{Result, bail};
use bytes::BytesMut;
use tertulia_proto::{Body, Change, Frame, LaneMessage, MessageText, RoomId, ServerMessage};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use super::tally::{POSTED, Tally};
use crate::speaker::Frames;

/// As long as what people write.
const LETTERS: usize = 150;

/// One room and its audience.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    /// How many get each message: all members, who wrote it too.
    pub(super) audience: u64,
    began: Instant,
    posted: AtomicU64,
    delivered: AtomicU64,
    /// Messages whose receipts came.
    stored: AtomicU64,
    /// So many deliveries are waited for: to wake the writers at each would take longer than to
    /// count it.
    awaited: AtomicU64,
    moved: Notify,
    times: Mutex<Vec<Duration>>,
}

impl Room {
    /// `began` is what all of a run's times are measured from.
    pub(super) fn new(id: RoomId, audience: u64, began: Instant) -> Self {
        Self {
            id,
            audience,
            began,
            posted: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            awaited: AtomicU64::new(u64::MAX),
            moved: Notify::new(),
            times: Mutex::default(),
        }
    }

    /// The next message: it says when it was written.
    pub(super) fn write(&self) -> MessageText {
        self.posted.fetch_add(1, Relaxed);
        let text = format!("{:>020} {}", self.began.elapsed().as_nanos(), ".".repeat(LETTERS - 21));
        MessageText::new(&text).unwrap_or_else(|_| unreachable!("digits and full stops"))
    }

    pub(super) fn posted(&self) -> u64 {
        self.posted.load(Relaxed)
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    pub(super) fn stored(&self) -> u64 {
        self.stored.load(Relaxed)
    }

    /// Waits until at most so many messages are under way to anybody.
    pub(super) async fn at_most_under_way(&self, messages: u64) {
        loop {
            let moved = self.moved.notified();
            let due = self.posted().saturating_sub(messages) * self.audience;
            // Said before it is looked at: what is heard in between wakes this one.
            self.awaited.fetch_min(due, Relaxed);
            if self.delivered() >= due {
                return;
            }
            moved.await;
        }
    }

    /// How long deliveries took since this was last called.
    pub(super) fn take_times(&self) -> Vec<Duration> {
        std::mem::take(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads what comes to a member to its end, and counts.
    pub(super) async fn listen(&self, mut from: impl Source) -> Result<()> {
        let mut tally = Tally::default();
        loop {
            let counted = tally.count(from.bytes(), |frame| match frame.kind {
                POSTED => self.time(frame),
                _ => self.answered(frame),
            })?;
            self.hear(counted);
            if !from.fill().await? {
                return Ok(());
            }
        }
    }

    fn hear(&self, messages: u64) {
        let delivered = self.delivered.fetch_add(messages, Relaxed) + messages;
        if messages > 0 && delivered >= self.awaited.load(Relaxed) {
            self.awaited.store(u64::MAX, Relaxed);
            self.moved.notify_waiters();
        }
    }

    fn answered(&self, frame: &Frame) -> Result<()> {
        match ServerMessage::decode(frame)? {
            Some(ServerMessage::Receipt(_)) => {
                self.stored.fetch_add(1, Relaxed);
            }
            Some(ServerMessage::Rejected(no)) => bail!("a message was refused: {no:?}"),
            _ => {}
        }
        Ok(())
    }

    /// Looks how long this one took, if one of ours wrote it.
    fn time(&self, frame: &Frame) -> Result<()> {
        if let Some(LaneMessage::Event(event)) = LaneMessage::decode(frame)?
            && let Change::Posted(message) = &event.change
            && let Some(Body::Text(text)) = &message.body
            && let Some(written) = text.as_str().split(' ').next().and_then(|at| at.parse().ok())
        {
            let took = self.began.elapsed().saturating_sub(Duration::from_nanos(written));
            self.times.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        }
        Ok(())
    }
}

/// Where frames come from.
pub(super) trait Source {
    /// What came and was not taken.
    fn bytes(&mut self) -> &mut BytesMut;

    /// Waits for more; `false` at the end.
    fn fill(&mut self) -> impl Future<Output = Result<bool>> + Send;
}

impl Source for Frames {
    fn bytes(&mut self) -> &mut BytesMut {
        self.bytes_mut()
    }

    async fn fill(&mut self) -> Result<bool> {
        self.fill().await
    }
}
