//! What both ends do alike over QUIC so that a lost packet does not cost a round trip.
//!
//! - [`Copies`]: small frames, which went out on their stream, follow once or a few times as
//!   datagrams, spread in time, for as long as the path loses packets. On a clean path nothing
//!   does. They only make things faster: with each of them lost or replayed the outcome is the
//!   same, because the receiver drops what it has.
//! - [`WindowFloor`]: the congestion window goes by delay, so that a file hardly delays what is
//!   beside it, and never falls below what a chat needs.
//! - [`Pace`]: a file is written in small steps.
//!
//! The decisions ([`shield`]) know no clock and no socket.

#![forbid(unsafe_code)]

mod budget;
mod copies;
mod due;
mod gentle;
mod loss;
mod pace;
mod schedule;
pub mod shield;
mod window_floor;

pub use copies::Copies;
pub use pace::Pace;
pub use window_floor::{Congestion, WindowFloor};
