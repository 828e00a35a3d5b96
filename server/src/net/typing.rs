//! Typing notices, in and out: soft state that no receipt, no order and no store knows of.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use quinn::Connection;
use tertulia_proto::{AccountId, Typing};
use tokio::time::Instant;

use super::{Shared, bucket::Bucket};
use crate::{
    hub::{Bell, ConnectionId},
    limits,
};

/// Takes in that a person is writing. Too often is as good as never.
#[derive(Debug)]
pub(crate) struct TypingIn<'a> {
    shared: &'a Shared,
    id: ConnectionId,
    account: AccountId,
    bucket: Mutex<Bucket>,
}

impl<'a> TypingIn<'a> {
    pub(crate) fn new(shared: &'a Shared, id: ConnectionId, account: AccountId) -> Self {
        let (burst, rate) = (limits::TYPING_BURST, limits::TYPING_RATE);
        let bucket = Mutex::new(Bucket::new(burst, rate, Instant::now()));
        Self { shared, id, account, bucket }
    }

    /// From whichever way it came.
    pub(crate) fn take(&self, typing: &Typing) {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        if bucket.take(Instant::now()).is_ok() {
            self.shared.hub.typing(self.id, self.account, typing.room);
        }
    }
}

/// Sends what the bell was told, as datagrams.
pub(crate) async fn send_datagrams(connection: &Connection, bell: &Bell) -> Infallible {
    loop {
        let notice = bell.typing().await;
        // One that does not fit the path, or comes too late, is not missed.
        let _ = connection.send_datagram(notice.datagram);
    }
}
