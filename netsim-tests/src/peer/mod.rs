//! The baseline: the same chat over TLS 1.3 and TCP, as a good program of that kind would do it.
//!
//! Store, log, rules, rings and frames are those of our server ([`tertulia_server::Bare`]), the
//! certificates are ours. All that differs is what carries the frames: one connection (or two, of
//! which the quicker one counts) with Nagle's delay off and a congestion control of one's choice,
//! all rooms on it, written at once. The client keeps no outbox on a disk, which is in its favour.

mod client;
mod congestion;
mod frames;
mod server;

pub use client::{Client, Person};
pub use congestion::{Congestion, NotHere};
pub use server::Server;

/// What is spoken.
const ALPN: &[u8] = b"tertulia-tcp/1";
/// Frames that wait for the network in one direction of one connection.
const WAITING: usize = 1_024;
