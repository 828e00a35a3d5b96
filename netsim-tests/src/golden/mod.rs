//! Conversations that were written down: what clients of a version said and heard, byte by byte, so
//! that a later server can be held to it.
//!
//! [`record`] puts a tap between the command line and a server and writes down every frame; what is
//! another one in each run (rooms' and messages' ids, times, places in the log, invites) becomes a
//! named hole. [`play`] says the same to a server of today and compares what it answers.
//!
//! A file is read top to bottom. Its lines:
//!
//! ```text
//! knows TYPE TYPE ..           frame types that clients of that version read; others are skipped
//! given owner                  the hole of that name is the token of the owner's invite ...
//! given member                 ... or of one that an operator makes
//! open N WHO                   connection N is opened, from WHO's device
//! N > TYPE: BYTES              it says this on its control stream
//! N < control TYPE: BYTES      it hears this there, next
//! N < live TYPE: BYTES         or on one of its lanes
//! N < page ID TYPE: BYTES      or on the page that answers request ID
//! close N                      it goes away
//! ```
//!
//! BYTES are a frame's body in hex, with holes: `{number NAME}` for a varint, `{block NAME}` for 16
//! bytes. What a hole held first it holds everywhere; one named `_` may hold anything. Bytes behind
//! the last are not compared: a later version may append fields, and an old client skips them.

mod holes;
mod player;
mod script;
mod tap;
mod template;

pub use player::play;
pub use script::Script;
pub use tap::{Tap, record};
