//! The Tertulia server: one process, one UDP port, one data directory.
//!
//! A command comes in on a connection's control stream (`net`), gets its place in the log
//! (`log`) where `state` decides what becomes of it, is durable when `store` has committed
//! it, and goes out to everyone through the rings of the `hub`.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod addresses;
mod admin;
mod bulk;
mod certificate;
mod config;
mod data_dir;
mod files;
mod foundation;
mod hub;
mod limits;
mod log;
mod metrics;
mod nearby;
mod net;
mod reload;
mod server;
mod signal;
mod start_error;
mod state;
mod store;
mod system;
mod verification;

pub use admin::{
    AccountLine, AdminError, AuditLine, BackupDone, CheckReport, InviteRequest, Recovered,
    Restored, Stats, accounts, audit, backup, check, recover, request_invite, restore, stats,
};
pub use bulk::{Bulk, BulkError};
pub use config::{
    CertificateFiles, ConfigError, ConfigFile, FileLimits, LogFormat, Nearby, Rates, ServerConfig,
    TrustBy,
};
pub use data_dir::default_data_dir;
pub use net::Bare;
pub use server::Server;
pub use start_error::StartError;
pub use store::StoreError;
pub use system::SystemEnv;
