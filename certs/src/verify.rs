//! TLS as we speak it, and the rules by which each side believes the other.
//!
//! TLS 1.3 only, both sides show a certificate, X25519MLKEM768 preferred, no resumption and no
//! early data: on a resumed connection no verifier runs, and early data can be replayed.
//! Time, for [`Trust::Roots`], is rustls' own clock.

use std::fmt;
use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::CertificateDer;
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::device::DeviceIdentity;
use crate::error::{CertificateError, TlsError};
use crate::fingerprint::KeyFingerprint;
use crate::invite_link::Trust;
use crate::server_cert::ServerIdentity;

mod device;
mod server;

pub use device::DEVICE_CERTIFICATE_LEN_MAX;
pub use server::ObservedKey;

/// How a server speaks TLS: it lets in every client that proves to hold the key of the certificate
/// it shows, and leaves it to the caller what that key may do. `alpn` is the only protocol spoken.
pub fn server_config(identity: &ServerIdentity, alpn: &[u8]) -> Result<ServerConfig, TlsError> {
    let provider = provider();
    let verifier = device::Verifier::new(&provider);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified_key().clone())));
    config.alpn_protocols = vec![alpn.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// How a client speaks TLS to the server that `trust` names, and a handle that tells which key was
/// shown. For [`Trust::Roots`] the system's roots are read now, from `SSL_CERT_FILE` where set.
///
/// The handshake's end proves the server's key only; that the server lets this device in is known
/// no sooner than by its first answer.
pub fn client_config(
    device: &DeviceIdentity,
    trust: &Trust,
    alpn: &[u8],
) -> Result<(ClientConfig, ObservedKey), TlsError> {
    match trust {
        Trust::Pinned(pin) => believing(device, server::Rule::Pinned(*pin), alpn),
        Trust::Roots => client_config_with_roots(device, system_roots()?, alpn),
    }
}

/// How a client speaks TLS to a server of which nothing is known yet: any key is taken, once the
/// server has proved that it holds it, and the handle tells which. For looking at a server before a
/// person decides about it; whatever is sent on such a connection may be read by anybody.
pub fn client_config_for_first_sight(
    device: &DeviceIdentity,
    alpn: &[u8],
) -> Result<(ClientConfig, ObservedKey), TlsError> {
    believing(device, server::Rule::FirstSight, alpn)
}

/// As [`client_config`] with [`Trust::Roots`], by these roots instead of the system's.
pub fn client_config_with_roots(
    device: &DeviceIdentity,
    roots: RootCertStore,
    alpn: &[u8],
) -> Result<(ClientConfig, ObservedKey), TlsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsError::NoRoots(error.to_string()))?;
    believing(device, server::Rule::Roots(verifier), alpn)
}

/// Who is at the other end: the fingerprint of the one certificate of a connection's
/// `peer_identity()`. The handshake has proved that the peer holds its key.
pub fn peer_fingerprint(
    identity: &[CertificateDer<'_>],
) -> Result<KeyFingerprint, CertificateError> {
    match identity {
        [certificate] => KeyFingerprint::of_certificate(certificate),
        _ => Err(CertificateError::Count(identity.len())),
    }
}

/// A server showed another key than the pinned one: the hard stop. `Display` is the text for
/// people, of several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChanged {
    /// The key in the link.
    pub expected: KeyFingerprint,
    /// The key that the server showed.
    pub found: KeyFingerprint,
}

impl fmt::Display for KeyChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "This is not the server you know: it shows another key.\n\
             expected: {}\n\
             \x20         ({})\n\
             found:    {}\n\
             \x20         ({})\n\
             Somebody may be between you and your server, or its owner has changed the key.\n\
             Nothing was sent. Ask the owner in another way (by voice, in person) which key is \
             right.\n\
             If it was changed on purpose, join with a new link from the owner; otherwise do not \
             connect.",
            self.expected,
            self.expected.phrase(),
            self.found,
            self.found.phrase()
        )
    }
}

impl std::error::Error for KeyChanged {}

fn believing(
    device: &DeviceIdentity,
    rule: server::Rule,
    alpn: &[u8],
) -> Result<(ClientConfig, ObservedKey), TlsError> {
    let provider = provider();
    let observed = ObservedKey::default();
    let verifier = server::Verifier::new(rule, observed.clone(), &provider);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
            device.certified_key().clone(),
        )));
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    Ok((config, observed))
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems carry roots that webpki cannot read; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why =
            found.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
        return Err(TlsError::NoRoots(why));
    }
    Ok(roots)
}

/// The order of key exchanges is said here rather than left to a feature flag of rustls.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![
            kx_group::X25519MLKEM768,
            kx_group::X25519,
            kx_group::SECP256R1,
            kx_group::SECP384R1,
        ],
        ..default_provider()
    })
}
