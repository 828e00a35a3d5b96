//! What a server asks of a device: one small certificate, and the proof that it holds its key.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError as TlsCertificateError, DigitallySignedStruct, DistinguishedName, Error,
    OtherError, PeerIncompatible, SignatureScheme,
};

use crate::error::CertificateError;

/// The largest device certificate that is read, in bytes: ours have about 300.
pub const DEVICE_CERTIFICATE_LEN_MAX: usize = 2048;

/// Anything else would only widen what a stranger can make us compute.
const SCHEMES: [SignatureScheme; 2] =
    [SignatureScheme::ED25519, SignatureScheme::ECDSA_NISTP256_SHA256];

/// A SubjectPublicKeyInfo up to its key's bits, and its whole length: Ed25519 (RFC 8410), and
/// P-256 with an uncompressed point (RFC 5480). A key has one such encoding, so that no key goes
/// by two fingerprints.
const KEY_FORMS: [(&[u8], usize); 2] = [
    (b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 44),
    (
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
          \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04",
        91,
    ),
];

/// Lets in every device that signs with the key it shows. Names, dates and the certificate's own
/// signature say nothing about a self-made certificate and are not looked at.
#[derive(Debug)]
pub(super) struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self { algorithms: provider.signature_verification_algorithms }
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match check(end_entity, intermediates) {
            Ok(()) => Ok(ClientCertVerified::assertion()),
            Err(error) => Err(TlsCertificateError::Other(OtherError(Arc::new(error))).into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        SCHEMES.to_vec()
    }
}

fn check(
    certificate: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<(), CertificateError> {
    if !intermediates.is_empty() {
        return Err(CertificateError::Count(1 + intermediates.len()));
    }
    if certificate.len() > DEVICE_CERTIFICATE_LEN_MAX {
        return Err(CertificateError::TooLarge(certificate.len()));
    }
    let parsed = ParsedCertificate::try_from(certificate)
        .map_err(|error| CertificateError::Malformed(error.to_string()))?;
    let spki = parsed.subject_public_key_info();
    let known = |(prefix, len): &(&[u8], usize)| spki.len() == *len && spki.starts_with(prefix);
    match KEY_FORMS.iter().any(known) {
        true => Ok(()),
        false => Err(CertificateError::KeyKind),
    }
}
