//! What a client asks of a server: the pinned key, or a certificate by roots it trusts.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError as TlsCertificateError, DigitallySignedStruct, Error, OtherError,
    PeerIncompatible, SignatureScheme,
};

use super::KeyChanged;
use crate::fingerprint::KeyFingerprint;

/// Tells which key a server showed, also where the handshake failed by it: QUIC libraries hide a
/// verifier's error behind an alert number. Clones look at the same handshakes.
#[derive(Clone, Debug, Default)]
pub struct ObservedKey(Arc<Mutex<Option<KeyFingerprint>>>);

impl ObservedKey {
    /// The key shown in the newest handshake of its configuration that came so far; `None` before
    /// the first, and where it was no certificate that can be read. Whoever dials several addresses at once makes a configuration for each.
    ///
    /// Shown is not proved: only a handshake that completes proves that the server holds the key.
    pub fn get(&self) -> Option<KeyFingerprint> {
        // A value of one word cannot be half written.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hard stop, if the newest handshake met another key than `expected`.
    pub fn changed_from(&self, expected: KeyFingerprint) -> Option<KeyChanged> {
        let found = self.get().filter(|found| *found != expected)?;
        Some(KeyChanged { expected, found })
    }

    fn set(&self, shown: Option<KeyFingerprint>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

/// By what a client believes a server.
#[derive(Debug)]
pub(super) enum Rule {
    /// The key alone: names, dates and further certificates are not looked at.
    Pinned(KeyFingerprint),
    /// Nothing yet: any key that signs the handshake.
    FirstSight,
    /// Chain, dates and the dialled name, by the roots within.
    Roots(Arc<WebPkiServerVerifier>),
}

#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    observed: ObservedKey,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(rule: Rule, observed: ObservedKey, provider: &CryptoProvider) -> Self {
        Self { rule, observed, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = KeyFingerprint::of_certificate(end_entity);
        self.observed.set(shown.as_ref().ok().copied());
        let found =
            shown.map_err(|error| TlsCertificateError::Other(OtherError(Arc::new(error))))?;
        match &self.rule {
            Rule::Pinned(expected) if *expected == found => Ok(ServerCertVerified::assertion()),
            Rule::Pinned(expected) => {
                let changed = KeyChanged { expected: *expected, found };
                Err(TlsCertificateError::Other(OtherError(Arc::new(changed))).into())
            }
            Rule::FirstSight => Ok(ServerCertVerified::assertion()),
            Rule::Roots(roots) => {
                roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
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
        self.algorithms.supported_schemes()
    }
}
