//! The certificates we make ourselves: X.509 v3 shells that carry a key through TLS.

use std::sync::Arc;

use rcgen::{Certificate, CertificateParams, DnType, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// A certificate over `key`, signed by itself, for `hosts` (DNS names or addresses; may be empty).
///
/// Its dates are constants: whoever pins a key ignores them, and the clock of a small machine that
/// has just started is often wrong.
pub(crate) fn certificate(
    key: &KeyPair,
    subject: &str,
    hosts: &[String],
) -> Result<Certificate, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    params.distinguished_name.push(DnType::CommonName, subject);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.self_signed(key)
}

/// A chain with the key that signs for it, in the form rustls takes.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'_>,
) -> Result<Arc<CertifiedKey>, rustls::Error> {
    Ok(Arc::new(CertifiedKey::new(chain, any_supported_type(key)?)))
}
