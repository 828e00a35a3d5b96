//! How a server is set up.

mod file;

use std::{
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use tertulia_certs::HostPort;
use tertulia_proto::Registration;

pub use file::{ConfigError, ConfigFile, LogFormat};

use crate::limits;

/// How a server is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The data directory; made if need be. It may hold foreign files.
    pub data: PathBuf,
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// The operator's certificate; otherwise one is made at the first start.
    pub certificate: Option<CertificateFiles>,
    /// What links say of it.
    pub trust: TrustBy,
    /// The addresses that links carry; otherwise they are found out.
    pub advertise: Vec<HostPort>,
    /// Who may register.
    pub registration: Registration,
    /// What one device, or everybody together, may ask for.
    pub rates: Rates,
    /// How much of files is kept.
    pub files: FileLimits,
    /// Where metrics are served, over HTTP.
    pub metrics: Option<SocketAddr>,
    /// Whether the server is announced in the local network.
    pub nearby: Nearby,
}

/// PEM files that the operator names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, or a chain that begins with it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// A file that holds the key's passphrase.
    pub passphrase: Option<PathBuf>,
}

/// By what clients who join by a link know the server again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrustBy {
    /// Its key, whatever its certificate says: the link carries the fingerprint.
    #[default]
    Pinned,
    /// A certificate that their system's roots vouch for, for the host name that they dial: the
    /// link says `ca`, and a new key is no alarm.
    Ca,
}

/// Bursts, and rates a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "pairs that explain each other")]
pub struct Rates {
    /// Messages of one device; beyond, the server reads slower.
    pub send_burst: u32,
    pub send_rate: u32,
    /// Any other request of one device; beyond, it is refused for a moment.
    pub request_burst: u32,
    pub request_rate: u32,
    /// Registrations over the whole server.
    pub register_burst: u32,
    pub register_rate: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            send_burst: limits::SEND_BURST,
            send_rate: limits::SEND_RATE,
            request_burst: limits::REQUEST_BURST,
            request_rate: limits::REQUEST_RATE,
            register_burst: limits::REGISTER_BURST,
            register_rate: limits::REGISTER_RATE,
        }
    }
}

/// How much of files is kept, in bytes. None is deleted when these are lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// The largest file; 0 for none at all.
    pub largest: u64,
    /// All that one account sent.
    pub account: u64,
    /// All that everybody sent.
    pub total: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            largest: limits::FILE_BYTES,
            account: limits::FILES_OF_ACCOUNT_BYTES,
            total: limits::FILES_BYTES,
        }
    }
}

/// Announcing in the local network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearby {
    /// Whether to announce; what listens on loopback only never is.
    pub enabled: bool,
    /// Under which name; otherwise the machine's.
    pub name: Option<String>,
}

impl Default for Nearby {
    fn default() -> Self {
        Self { enabled: true, name: None }
    }
}

impl ServerConfig {
    /// On `[::]:7575`, with a self-made certificate, by invite.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 7575)),
            certificate: None,
            trust: TrustBy::default(),
            advertise: Vec::new(),
            registration: Registration::Invite,
            rates: Rates::default(),
            files: FileLimits::default(),
            metrics: None,
            nearby: Nearby::default(),
        }
    }
}
