//! What became of the messages of one room: counted where they arrive.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use tertulia_proto::{Body, Change, LaneMessage, MessageText, RoomId};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use crate::speaker::Frames;

/// One of so many deliveries is timed: to read each would take longer than to carry it.
const TIMED: u64 = 16;
/// The frame type of a message in a lane.
const POSTED: u64 = 256;
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

    /// Waits until at most so many messages are under way to anybody.
    pub(super) async fn at_most_under_way(&self, messages: u64) {
        loop {
            let moved = self.moved.notified();
            if self.posted() * self.audience <= self.delivered() + messages * self.audience {
                return;
            }
            moved.await;
        }
    }

    /// How long deliveries took since this was last called.
    pub(super) fn take_times(&self) -> Vec<Duration> {
        std::mem::take(&mut self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads a member's lane to its end, and counts.
    pub(super) async fn listen(&self, mut lane: Frames) -> anyhow::Result<()> {
        let mut heard = 0u64;
        while let Some(frame) = lane.next_ever().await? {
            if frame.kind != POSTED {
                continue;
            }
            heard += 1;
            if heard.is_multiple_of(TIMED)
                && let Some(LaneMessage::Event(event)) = LaneMessage::decode(&frame)?
                && let Change::Posted(message) = &event.change
                && let Some(Body::Text(text)) = &message.body
            {
                self.time(text.as_str());
            }
            self.delivered.fetch_add(1, Relaxed);
            self.moved.notify_waiters();
        }
        Ok(())
    }

    fn time(&self, text: &str) {
        let written = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
        if let Some(written) = written.map(Duration::from_nanos) {
            let took = self.began.elapsed().saturating_sub(written);
            self.times.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        }
    }
}
