//! Copies over a connection of quinn's.

use std::{
    convert::Infallible,
    future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use quinn::{Connection, ConnectionStats};
use tertulia_proto::{DatagramKind, limits};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::shield::{Path, Shield};

/// The copies that one end of a connection sends. Both ends must have [`Features::COPIES`].
///
/// [`Features::COPIES`]: tertulia_proto::Features::COPIES
#[derive(Debug)]
pub struct Copies {
    connection: Connection,
    began: Instant,
    shield: Mutex<Shield>,
    more: Notify,
}

impl Copies {
    /// None are sent before [`Self::run`] is polled.
    pub fn new(connection: &Connection) -> Self {
        Self {
            connection: connection.clone(),
            began: Instant::now(),
            shield: Mutex::default(),
            more: Notify::new(),
        }
    }

    /// Takes note of frames that are being written to a stream: call it together with the write.
    pub fn offer(&self, kind: DatagramKind, frames: &[Bytes]) {
        let now = self.now();
        let mut shield = self.shield();
        if shield.wants_look(now) {
            shield.look(now, &path_of(&self.connection.stats()));
        }
        if shield.offer(now, kind, frames) {
            self.more.notify_one();
        }
    }

    /// How many copies follow a frame now; 0 on a clean path.
    pub fn per_frame(&self) -> usize {
        self.shield().copies()
    }

    /// Sends copies as they are due, for as long as it is polled. Cancel safe.
    pub async fn run(&self) -> Infallible {
        loop {
            let due_at = self.shield().due_at();
            let due = async {
                match due_at {
                    Some(at) => sleep_until(self.began + at).await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.more.notified() => {}
                () = due => self.send_due(),
            }
        }
    }

    fn send_due(&self) {
        let Some(most) = self.connection.max_datagram_size() else { return };
        let most = most.min(limits::DATAGRAM_BYTES);
        let now = self.now();
        while let Some(datagram) = self.shield().take(now, most) {
            // One that the path or a full buffer does not take is not missed.
            let _ = self.connection.send_datagram(datagram);
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn shield(&self) -> MutexGuard<'_, Shield> {
        self.shield.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn path_of(stats: &ConnectionStats) -> Path {
    let path = &stats.path;
    Path { sent: path.sent_packets, lost: path.lost_packets, rtt: path.rtt, window: path.cwnd }
}
