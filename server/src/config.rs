//! How a server is set up.

use std::{
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use tertulia_certs::HostPort;
use tertulia_proto::Registration;

/// How a server is set up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The data directory; made if need be. It may hold foreign files.
    pub data: PathBuf,
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// The operator's certificate; otherwise one is made at the first start.
    pub certificate: Option<CertificateFiles>,
    /// The address that links carry; otherwise it is found out.
    pub advertise: Option<HostPort>,
    /// Who may register.
    pub registration: Registration,
    /// Whether the server is announced in the local network.
    pub nearby: Nearby,
}

/// PEM files that the operator names.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The certificate, or a chain that begins with it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// A file that holds the key's passphrase.
    pub passphrase: Option<PathBuf>,
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
            advertise: None,
            registration: Registration::Invite,
            nearby: Nearby::default(),
        }
    }
}
