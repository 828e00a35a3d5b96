//! The name of a key: what links pin and what servers know devices by.

use std::fmt;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};

use crate::base32;
use crate::error::CertificateError;

/// SHA-256 of a public key's SubjectPublicKeyInfo in DER (RFC 5280 section 4.1): the identity of a
/// server or a device. Shown as 52 characters of lower-case base32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyFingerprint([u8; 32]);

impl KeyFingerprint {
    /// A fingerprint kept elsewhere as bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of a SubjectPublicKeyInfo in DER. The bytes are hashed as they are.
    pub fn of_spki(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The fingerprint of the key within a certificate.
    ///
    /// Reads with the same parser that checks TLS signatures, so that the key named here is the
    /// key that signs. It refuses X.509 v1: those never travel, see
    /// [`ServerIdentity::load`](crate::ServerIdentity::load).
    pub fn of_certificate(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let parsed = ParsedCertificate::try_from(certificate)
            .map_err(|error| CertificateError::Malformed(error.to_string()))?;
        Ok(Self::of_spki(&parsed.subject_public_key_info()))
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base32::encode(&self.0))
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFingerprint({}..)", base32::encode(&self.0[..5]))
    }
}

impl FromStr for KeyFingerprint {
    type Err = ParseFingerprintError;

    /// Reads exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        base32::decode(text).map(Self).ok_or(ParseFingerprintError)
    }
}

/// The text is not a fingerprint as we write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key's fingerprint is 52 characters, a-z and 2-7")]
pub struct ParseFingerprintError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_and_parse_are_inverse() {
        let fingerprint = KeyFingerprint::of_spki(b"a key");
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 52);
        assert_eq!(text.parse(), Ok(fingerprint));
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = KeyFingerprint::from_bytes([7; 32]).to_string();
        // The last character carries one bit: another one there would be an alias of the same key.
        let alias = format!("{}b", &text[..51]);
        for other in [&text.to_uppercase(), &text[..51], &format!("{text}a"), &alias, ""] {
            assert_eq!(other.parse::<KeyFingerprint>(), Err(ParseFingerprintError), "{other}");
        }
    }

    #[test]
    fn debug_is_short() {
        let fingerprint = KeyFingerprint::from_bytes([0; 32]);
        assert_eq!(format!("{fingerprint:?}"), "KeyFingerprint(aaaaaaaa..)");
    }
}
