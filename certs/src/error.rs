//! What can be wrong with identities. Messages are for people: what, why, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A certificate, as a peer showed it or as a file holds it, is not one we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not a certificate, or not a well-formed one.
    #[error("not a certificate that can be read ({0})")]
    Malformed(String),
    /// A peer must show one certificate and nothing else.
    #[error("{0} certificates were shown instead of one")]
    Count(usize),
    /// A device certificate above the bound, in bytes.
    #[error("a device certificate of {0} bytes is too large")]
    TooLarge(usize),
    /// A device key that is neither Ed25519 nor ECDSA P-256 in its usual encoding.
    #[error("a device key must be Ed25519 or ECDSA P-256")]
    KeyKind,
}

/// An identity's files cannot be used, or not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A file that was asked for cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or its folder cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A new identity would overwrite one that is there.
    #[error("{} exists already and is not overwritten: choose another folder, or move it away first", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file was read, but what it holds will not do.
    #[error("{}: {reason}; {remedy}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What its owner can do about it.
        remedy: String,
    },
    /// A host name for a new certificate is neither a DNS name nor an address.
    #[error(
        "{0:?} is neither a host name nor an address: names are ASCII, as in xn--msica-3ya.example"
    )]
    Host(String),
    /// The library that makes keys and certificates failed.
    #[error("making a key or certificate failed: {0}")]
    Make(String),
}

impl IdentityError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    pub(crate) fn unusable(
        path: &Path,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.into(), remedy: remedy.into() }
    }
}

impl From<rcgen::Error> for IdentityError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error.to_string())
    }
}

impl From<rustls::Error> for IdentityError {
    fn from(error: rustls::Error) -> Self {
        Self::Make(error.to_string())
    }
}

/// A TLS configuration could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// rustls refused the settings.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
    /// The link says `ca`, but this system trusts no authority.
    #[error(
        "this system has no root certificates to check the server with ({0}): \
         install the package ca-certificates, or name a file of roots in SSL_CERT_FILE"
    )]
    NoRoots(String),
}
