//! The hostile network: what Tertulia must survive, tried on the real programs.
//!
//! [`link`] is a bad link, for tests and for everybody's own server; [`emu`] puts such links between
//! real kernels; [`netsim`] sends messages
//! through links of all kinds and counts. [`process`] starts servers and command-line clients as processes, so that tests can kill them;
//! the tests read as stories. [`sim`] is all of it without network, clock or processes. [`speaker`]
//! is a client that speaks frames by hand; with it [`growth`] measures large histories and
//! [`fanout`] what one message to many costs; [`idle`] is what it costs to be there. [`golden`]
//! writes down what clients of a version say and hear, and holds later servers to it.

#![forbid(unsafe_code)]

pub mod emu;
pub mod fanout;
pub mod golden;
pub mod growth;
pub mod idle;
pub mod kills;
pub mod latencies;
pub mod link;
pub mod netsim;
pub mod peer;
pub mod power;
pub mod process;
pub mod report;
pub mod sim;
pub mod speaker;
pub mod versus;
