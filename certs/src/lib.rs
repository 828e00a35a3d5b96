//! Identities and trust of Tertulia.
//!
//! A server and a device are each known by one thing: the SHA-256 of their public key
//! ([`KeyFingerprint`]). Certificates only carry that key through TLS; names and dates in a pinned
//! certificate mean nothing to us, so a renewal with the same key is no event.
//!
//! - who we are: [`DeviceIdentity`], [`ServerIdentity`], kept in files by [`files`]
//! - whom we trust: [`ServerLink`] says it, [`verify`] enforces it within the TLS handshake
//!
//! What is not here: accounts and invites' validity (the server's state decides), and where a
//! client remembers its servers.
#![forbid(unsafe_code)]

pub mod certificate_file;
pub mod device;
pub mod error;
pub mod files;
pub mod fingerprint;
pub mod host_port;
pub mod invite_link;
pub mod server_cert;
pub mod verify;
pub mod words;

mod base32;
mod key_file;
mod self_signed;

pub use certificate_file::{CertificateInfo, read_certificates};
pub use device::DeviceIdentity;
pub use error::{CertificateError, IdentityError, TlsError};
pub use fingerprint::KeyFingerprint;
pub use host_port::{DEFAULT_PORT, HostPort};
pub use invite_link::{InviteToken, LinkError, ServerLink, Trust};
pub use key_file::read_passphrase;
pub use server_cert::ServerIdentity;
pub use verify::{
    KeyChanged, ObservedKey, client_config, client_config_for_first_sight,
    client_config_with_roots, peer_fingerprint, server_config,
};
