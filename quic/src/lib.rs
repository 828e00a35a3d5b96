//! What both ends do alike over QUIC so that a lost packet does not cost a round trip.
//!
//! - [`Copies`]: small frames, which went out on their stream, follow once or a few times as
//!   datagrams, spread in time, for as long as the path loses packets. On a clean path nothing
//!   does. They only make things faster: with each of them lost or replayed the outcome is the
//!   same, because the receiver drops what it has.
//! - [`Copies`] also notices where nothing is heard of the other end any more: writing is held,
//!   small probes ask, and when there is a way again what may be lost goes out at once.
//! - [`EagerSocket`]: what a handshake rests on goes out again after some milliseconds.
//! - [`SharedSocket`]: with many connections each holds less.
//! - [`Knocks`]: where no connection stands any more a few bytes ask whether there is a way again.
//! - [`WindowFloor`]: the congestion window goes by delay, so that a file hardly delays what is
//!   beside it, and never falls below what a chat needs.
//! - [`Pace`]: a file is written in small steps.
//!
//! The decisions ([`shield`], `watch`, `first_flight`) know no clock and no socket.

#![forbid(unsafe_code)]

mod budget;
mod copies;
mod due;
mod first_flight;
mod flying;
mod gentle;
mod knocks;
mod loss;
mod lull;
mod pace;
mod packets;
mod recent;
mod schedule;
mod segments;
pub mod shield;
mod socket;
mod watch;
mod window_floor;

pub use copies::Copies;
pub use knocks::Knocks;
pub use pace::Pace;
pub use segments::SharedSocket;
pub use shield::Awaited;
pub use socket::EagerSocket;
pub use window_floor::{Congestion, WindowFloor};
