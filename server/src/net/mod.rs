//! QUIC: the endpoint, and the life of each connection.

mod admission;
mod bare;
mod bucket;
mod commands;
mod connection;
mod connection_ids;
mod crowd;
mod datagrams;
mod endpoint;
mod files;
mod frames;
mod greeting;
mod lanes;
mod line;
mod pages;
mod queue;
mod quota;
mod replies;
mod request_order;
mod shown;
mod transport;
mod typing;

use std::sync::{Arc, Mutex, PoisonError};

use quinn::ConnectionError;
use tertulia_proto::{Env, Registration, close::CloseCode, frame::FrameError};
use tokio::{sync::watch, time::Instant};

pub use bare::Bare;
pub(crate) use endpoint::accept_loop;
pub(crate) use transport::{EndpointKeys, bind_socket, endpoint_config, server_config};

use bucket::Bucket;

use crate::{
    config::{FileLimits, Rates},
    files::Files,
    hub::Hub,
    log::CommitLog,
    metrics::Metrics,
    signal::Signal,
    store::Readers,
};

/// What every connection works with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) env: Arc<dyn Env>,
    pub(crate) log: Box<dyn CommitLog>,
    pub(crate) readers: Readers,
    pub(crate) files: Files,
    pub(crate) hub: Arc<Hub>,
    pub(crate) metrics: Arc<Metrics>,
    settings: watch::Sender<Settings>,
    /// Raised when the server stops.
    pub(crate) stopping: Signal,
    pub(crate) quotas: quota::Quotas,
    /// Registrations over the whole server.
    registrations: Mutex<Bucket>,
}

/// What can be set anew while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) registration: Registration,
    pub(crate) rates: Rates,
    pub(crate) files: FileLimits,
}

impl Shared {
    pub(crate) fn new(
        env: Arc<dyn Env>,
        log: Box<dyn CommitLog>,
        files: Files,
        hub: Arc<Hub>,
        metrics: Arc<Metrics>,
        settings: Settings,
        stopping: Signal,
    ) -> Arc<Self> {
        let quotas = quota::Quotas::default();
        quotas.retune(settings.rates);
        let (burst, rate) = (settings.rates.register_burst, settings.rates.register_rate);
        let registrations = Mutex::new(Bucket::new(burst, rate, Instant::now()));
        let (settings, _) = watch::channel(settings);
        Arc::new(Self {
            env,
            log,
            readers: files.readers().clone(),
            files,
            hub,
            metrics,
            settings,
            stopping,
            quotas,
            registrations,
        })
    }

    /// Who may register.
    pub(crate) fn registration(&self) -> Registration {
        self.settings.borrow().registration
    }

    /// How much of files is kept.
    pub(crate) fn file_limits(&self) -> FileLimits {
        self.settings.borrow().files
    }

    /// Other settings from now on; those of before.
    pub(crate) fn set(&self, settings: Settings) -> Settings {
        let Rates { register_burst, register_rate, .. } = settings.rates;
        self.quotas.retune(settings.rates);
        let mut bucket = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.retune(register_burst, register_rate);
        self.settings.send_replace(settings)
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
