//! The hostile network: what Tertulia must survive, tried on the real programs.
//!
//! [`process`] starts servers and command-line clients as processes, so that tests can kill them;
//! the tests read as stories.

#![forbid(unsafe_code)]

pub mod process;
