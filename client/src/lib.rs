//! The headless client: one profile, one server, one connection that comes back by itself.
//!
//! [`Client::open`] gives a handle and a bounded stream of [`ClientEvent`]s. What is sent is
//! durable in the outbox before `send` returns, goes out in order, survives restarts, and is
//! posted exactly once. The window and `tertulia-cli` are two users of this library.

#![forbid(unsafe_code)]

mod connection;
mod core;
mod driver;
mod error;
mod glimpse;
mod handle;
mod lists;
mod model;
pub mod nearby;
mod rooms;
mod search;
mod sent;
mod store;
mod system;
mod timeline;
mod transfer;
mod transport;
pub mod typed;

pub use self::core::search::Pattern;
pub use error::{JoinError, OpenError, RequestError, SendError};
pub use glimpse::{Glimpse, known_server, peek};
pub use handle::{Client, ClientConfig, Closed, Follow};
pub use model::{
    Account, ClientEvent, Connection, Content, Delivery, Item, ItemKey, PresenceView, RoomView,
    Snapshot, Status, Trouble,
};
pub use search::{Beyond, Searched};
pub use sent::{Queued, Sent, Unsent};
pub use store::{
    forget::{ForgetError, forget},
    profile::compare,
};
pub use system::SystemEnv;
pub use tertulia_certs as certs;
pub use tertulia_proto as proto;
pub use tertulia_quic::{Congestion, Knocks};
pub use transfer::{Progress, Transfer, TransferError, Uploaded};
