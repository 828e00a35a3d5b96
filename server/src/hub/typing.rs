//! Who is writing: told to those who are there now, forgotten at once.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use tertulia_proto::{ServerMessage, TypingNotice};
use tokio::sync::Notify;

use crate::limits;

/// A notice in both forms, encoded once for all who get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedTyping {
    /// For a connection that negotiated datagrams.
    pub(crate) datagram: Bytes,
    /// For the control stream of any other.
    pub(crate) frame: Bytes,
}

impl EncodedTyping {
    pub(super) fn new(notice: TypingNotice) -> Self {
        let datagram = notice.encode_datagram();
        Self { datagram, frame: ServerMessage::from(notice).encode() }
    }
}

/// Notices on their way to one connection; over the bound newer ones are dropped.
#[derive(Debug, Default)]
pub(super) struct TypingQueue {
    waiting: Mutex<VecDeque<EncodedTyping>>,
    rung: Notify,
}

impl TypingQueue {
    pub(super) fn push(&self, notice: &EncodedTyping) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < limits::TYPING_WAITING {
            waiting.push_back(notice.clone());
            drop(waiting);
            self.rung.notify_one();
        }
    }

    /// Waits for the next one.
    ///
    /// Cancellation safe: what is not returned stays.
    pub(super) async fn next(&self) -> EncodedTyping {
        loop {
            let rung = self.rung.notified();
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(next) = next {
                return next;
            }
            rung.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_does_not_come_costs_a_bounded_number_of_notices() {
        let queue = TypingQueue::default();
        let notice = |n: usize| {
            let bytes = Bytes::from(n.to_string());
            EncodedTyping { datagram: bytes.clone(), frame: bytes }
        };
        for n in 0..limits::TYPING_WAITING + 5 {
            queue.push(&notice(n));
        }
        for n in 0..limits::TYPING_WAITING {
            assert_eq!(queue.next().await, notice(n));
        }
        assert!(queue.waiting.lock().unwrap().is_empty());
    }
}
