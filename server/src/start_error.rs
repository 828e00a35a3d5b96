//! Why a server did not start, in words for the one who started it.

use std::{io, net::SocketAddr, path::PathBuf};

use tertulia_certs::IdentityError;
use tertulia_proto::Refusal;
use thiserror::Error;

use crate::store::StoreError;

/// The server did not start. Each text says what, why, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process holds the data directory.
    #[error("{0} is in use by another tertulia-server: stop it, or give another --data")]
    DataInUse(PathBuf),
    /// A restore was interrupted.
    #[error(
        "a restore of {0} was interrupted: run it again (the former files are in its \
         set-aside folders)"
    )]
    Replacing(PathBuf),
    /// The data directory can't be used.
    #[error("{path} can't be used: {source}")]
    Data {
        /// The directory, or a file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The UDP port is taken.
    #[error("udp {0} is in use: stop what listens there, or give another --listen ADDR:PORT")]
    PortInUse(SocketAddr),
    /// The UDP address can't be listened on.
    #[error("can't listen on udp {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The metrics page can't be served there.
    #[error("can't serve metrics on tcp {address}: {source}")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key can't be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The certificate does not go with the other settings.
    #[error("{0}")]
    Certificate(String),
    /// TLS or QUIC refused the settings.
    #[error("TLS can't be set up: {0}")]
    Tls(anyhow::Error),
    /// The invite was not made.
    #[error("the invite was not made: {0}")]
    Invite(Refusal),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
