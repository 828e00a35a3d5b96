//! What becomes of a message that was handed to the client.

use tertulia_proto::{MessageId, Refusal, Seq, Timestamp};
use tokio::sync::oneshot;

use crate::{driver::Outcome, error::SendError};

/// A message on its way; see [`Client::queue`](crate::Client::queue).
#[derive(Debug)]
pub struct Queued {
    stored: oneshot::Receiver<Result<MessageId, SendError>>,
    outcome: oneshot::Receiver<Outcome>,
}

/// A message that is durable on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The message.
    pub message_id: MessageId,
    /// Its number in its room.
    pub seq: Seq,
    /// The server's commit time.
    pub time: Timestamp,
}

/// A message that the server will not have, or that never reached the outbox.
#[derive(Debug)]
pub enum Unsent {
    /// The server's answer; the message stays in the outbox as failed.
    Refused {
        /// The message.
        message_id: MessageId,
        /// Why.
        refusal: Refusal,
    },
    /// It was cancelled, or the client was closed before the receipt came.
    Dropped,
    /// It is not in the outbox.
    NotStored(SendError),
}

impl Queued {
    pub(crate) fn new(
        stored: oneshot::Receiver<Result<MessageId, SendError>>,
        outcome: oneshot::Receiver<Outcome>,
    ) -> Self {
        Self { stored, outcome }
    }

    /// Waits for the receipt, across reconnects, or for the final refusal.
    pub async fn outcome(self) -> Result<Sent, Unsent> {
        let stored = self.stored.await.unwrap_or(Err(SendError::Closed));
        stored.map_err(Unsent::NotStored)?;
        match self.outcome.await {
            Ok(Outcome::Sent { message_id, seq, time }) => Ok(Sent { message_id, seq, time }),
            Ok(Outcome::Refused { message_id, refusal }) => {
                Err(Unsent::Refused { message_id, refusal })
            }
            Err(_) => Err(Unsent::Dropped),
        }
    }
}
