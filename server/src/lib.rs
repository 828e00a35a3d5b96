//! The Tertulia server: one process, one UDP port, one data directory.
//!
//! A command comes in on a connection's control stream (`net`), gets its place in the log
//! (`log`) where `state` decides what becomes of it, is durable when `store` has committed
//! it, and goes out to everyone through the rings of the `hub`.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod addresses;
mod admin;
mod config;
mod data_dir;
mod foundation;
mod hub;
mod limits;
mod log;
mod nearby;
mod net;
mod server;
mod signal;
mod start_error;
mod state;
mod store;
mod system;

pub use admin::{AdminError, InviteRequest, request_invite};
pub use config::{CertificateFiles, Nearby, ServerConfig};
pub use data_dir::default_data_dir;
pub use server::Server;
pub use start_error::StartError;
pub use store::StoreError;
pub use system::SystemEnv;
