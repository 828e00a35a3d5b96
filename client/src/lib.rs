//! The headless client: one profile, one server, one connection that comes back by itself.
//!
//! [`Client::open`] gives a handle and a bounded stream of [`ClientEvent`]s. What is sent is
//! durable in the outbox before `send` returns, goes out in order, survives restarts, and is
//! posted exactly once. The window and `tertulia-cli` are two users of this library.

#![forbid(unsafe_code)]

mod handle;
mod model;

pub use handle::{Client, ClientConfig, Closed, JoinError, OpenError, RequestError, SendError};
pub use model::{
    Account, ClientEvent, Connection, Content, Delivery, Item, ItemKey, PresenceView, RoomView,
    Snapshot, Status, Trouble,
};
pub use tertulia_certs as certs;
pub use tertulia_proto as proto;
