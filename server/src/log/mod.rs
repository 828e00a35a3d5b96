//! The log: gives commands their order and makes them durable. In a cluster another
//! implementation takes this one's place; nothing else may assume that the server is alone.

mod local;
mod order_guard;

use std::{future::Future, pin::Pin};

use tertulia_proto::{Epoch, LogPosition};
use tokio::sync::oneshot;

use crate::state::{Actor, LogCommand, Outcome};

pub(crate) use local::{LocalLog, Published};

/// The seam where commands become entries.
pub(crate) trait CommitLog: std::fmt::Debug + Send + Sync + 'static {
    /// Identity of the history.
    fn epoch(&self) -> Epoch;

    /// Puts a command in line: commands appended one after another keep that order. Waits while
    /// the line is full. The answer comes once the outcome is durable.
    ///
    /// Cancellation safe: a cancelled call appended nothing.
    fn append(&self, actor: Actor, command: LogCommand) -> Appending<'_>;

    /// The newest position.
    fn head(&self) -> LogPosition;
}

/// A command on its way into the line.
pub(crate) type Appending<'a> = Pin<Box<dyn Future<Output = Result<Pending, Closed>> + Send + 'a>>;

/// The outcome to come, durable when it comes. An error means that the log stopped, or that the
/// disk refused: the command was not applied.
pub(crate) type Pending = oneshot::Receiver<Result<Outcome, StorageFailed>>;

/// The disk refused the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StorageFailed;

/// The log stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;
