//! A file beside the chat: pieces that go out where nothing that was said waits, and are counted where
//! they arrive. They are kept nowhere: what a disk takes is not what is measured.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use bytes::Bytes;
use tertulia_proto::frame;
use tokio::sync::{Notify, mpsc};

use super::{PIECE, PIECE_BYTES};

/// Devices of which pieces are counted.
const DEVICES: usize = 4_096;

/// What came of everybody's files; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Files {
    pieces: Arc<Mutex<BTreeMap<[u8; 32], u64>>>,
    changed: Arc<Notify>,
}

impl Files {
    /// One more piece of that device's.
    pub(super) fn add(&self, device: [u8; 32]) {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        if pieces.len() < DEVICES || pieces.contains_key(&device) {
            *pieces.entry(device).or_default() += 1;
        }
        drop(pieces);
        self.changed.notify_waiters();
    }

    /// Waits until so many pieces came, and forgets them.
    pub async fn arrived(&self, device: [u8; 32], wanted: u64) {
        loop {
            let changed = self.changed.notified();
            {
                let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
                if pieces.get(&device).is_some_and(|count| *count >= wanted) {
                    pieces.remove(&device);
                    return;
                }
            }
            changed.await;
        }
    }
}

/// Sends a file, as soon as the connection takes it; how many pieces that are.
pub(super) async fn send(to: &mpsc::Sender<Bytes>, content: &[u8]) -> Result<u64> {
    let mut pieces = 0;
    for piece in content.chunks(PIECE_BYTES) {
        to.send(frame::encode(PIECE, &piece)).await.ok().context("the connection ended")?;
        pieces += 1;
    }
    Ok(pieces)
}
