//! QUIC: the endpoint, and the life of each connection.

mod admission;
mod bucket;
mod commands;
mod connection;
mod crowd;
mod endpoint;
mod frames;
mod greeting;
mod lanes;
mod pages;
mod quota;
mod replies;
mod request_order;
mod transport;
mod typing;

use std::sync::{Arc, Mutex, PoisonError};

use quinn::ConnectionError;
use tertulia_proto::{Env, Registration, close::CloseCode, frame::FrameError};
use tokio::time::Instant;

pub(crate) use endpoint::accept_loop;
pub(crate) use transport::{EndpointKeys, bind_socket, endpoint_config, server_config};

use bucket::Bucket;

use crate::{hub::Hub, limits, log::CommitLog, signal::Signal, store::Readers};

/// What every connection works with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) env: Arc<dyn Env>,
    pub(crate) log: Box<dyn CommitLog>,
    pub(crate) readers: Readers,
    pub(crate) hub: Arc<Hub>,
    pub(crate) registration: Registration,
    /// Raised when the server stops.
    pub(crate) stopping: Signal,
    pub(crate) quotas: quota::Quotas,
    /// Registrations over the whole server.
    registrations: Mutex<Bucket>,
}

impl Shared {
    pub(crate) fn new(
        env: Arc<dyn Env>,
        log: Box<dyn CommitLog>,
        readers: Readers,
        hub: Arc<Hub>,
        registration: Registration,
        stopping: Signal,
    ) -> Arc<Self> {
        let quotas = quota::Quotas::default();
        let (burst, rate) = (limits::REGISTER_BURST, limits::REGISTER_RATE);
        let registrations = Mutex::new(Bucket::new(burst, rate, Instant::now()));
        Arc::new(Self { env, log, readers, hub, registration, stopping, quotas, registrations })
    }

    /// Whether one more may register now, or how long to wait.
    fn may_register(&self) -> Result<(), std::time::Duration> {
        let mut bucket = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(Instant::now())
    }
}

/// Why a connection's work ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The client closed it, or it was lost.
    Lost(ConnectionError),
    /// This server closes it, with that code and reason.
    Close(CloseCode, &'static str),
}

impl From<ConnectionError> for Ended {
    fn from(error: ConnectionError) -> Self {
        Self::Lost(error)
    }
}

impl From<FrameError> for Ended {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Malformed => Self::Close(CloseCode::PROTOCOL, "malformed frame header"),
            FrameError::TooLarge { .. } => {
                Self::Close(CloseCode::FRAME_TOO_LARGE, "frame over the limit")
            }
        }
    }
}

impl From<tertulia_proto::DecodeError> for Ended {
    fn from(_: tertulia_proto::DecodeError) -> Self {
        Self::Close(CloseCode::PROTOCOL, "malformed frame body")
    }
}

impl From<rusqlite::Error> for Ended {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "a read from the database failed");
        Self::Close(CloseCode::INTERNAL, "the database can't be read")
    }
}
