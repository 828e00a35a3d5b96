//! The baseline: the same chat over TLS 1.3 and TCP, as a good program of that kind would do it.
//!
//! Store, log, rules, rings and frames are those of our server ([`tertulia_server::Bare`]), the
//! certificates are ours. All that differs is what carries the frames: one connection (or two, of
//! which the quicker one counts) with Nagle's delay off and a congestion control of one's choice,
//! all rooms on it, written at once. The client keeps no outbox on a disk, which is in its favour;
//! one that comes back ([`Returning`]) keeps in memory what was not receipted.

mod client;
mod congestion;
mod file;
mod frames;
mod returning;
mod server;

pub use client::{Client, FileLine, Person};
pub use congestion::{Congestion, NotHere};
pub use file::Files;
pub use returning::{Returning, Wishes};
pub use server::Server;

/// What is spoken.
const ALPN: &[u8] = b"tertulia-tcp/1";
/// Frames that wait for the network in one direction of one connection.
const WAITING: usize = 1_024;
/// A frame that is a piece of a file. No type of the wire's: nobody but the baseline has it.
const PIECE: u64 = 0x7f_ff00;
/// Bytes of a file that are handed to the connection at once.
const PIECE_BYTES: usize = 8 << 10;
/// Bytes that the kernel takes and has not sent yet: of a file the connection takes no more than it
/// can send soon, so that what is said waits behind little.
const UNSENT: u32 = 16 << 10;
