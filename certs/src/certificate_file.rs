//! What a certificate file says, for loading it and for showing it to people.
//!
//! Files may hold X.509 v1, which TLS peers never see; so this reads with a parser of its own.
//! What a peer shows is read by [`verify`](crate::verify) only.

use std::net::IpAddr;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Encode, Error as DerError, Reader, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::error::{CertificateError, IdentityError};
use crate::files;
use crate::fingerprint::KeyFingerprint;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// All certificates in a PEM file, at least one, the server's own first.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let pem = files::read_trusted(path).map_err(|error| IdentityError::read(path, error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(IdentityError::unusable(
            path,
            "no certificate in PEM form is in it",
            "name a file with -----BEGIN CERTIFICATE-----",
        )),
    }
}

/// What a certificate says of itself. Texts have their control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// X.509 version, 1 to 3.
    pub version: u8,
    /// Distinguished name (RFC 4514).
    pub subject: String,
    /// The host names and addresses it is for.
    pub names: Vec<String>,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
    /// The kind of key, such as `ECDSA P-256`.
    pub key: String,
    /// The identity.
    pub fingerprint: KeyFingerprint,
}

impl CertificateInfo {
    /// Reads a certificate of any X.509 version. Checks no signature.
    pub fn from_der(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        parse(certificate).map_err(|error| CertificateError::Malformed(error.to_string()))
    }
}

fn parse(der: &[u8]) -> Result<CertificateInfo, DerError> {
    let certificate = Certificate::from_der(der)?;
    let tbs = certificate.tbs_certificate();
    let spki = tbs.subject_public_key_info();
    Ok(CertificateInfo {
        version: match tbs.version() {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        },
        subject: printable(&tbs.subject().to_string()),
        names: match tbs.get_extension::<SubjectAltName>()? {
            Some((_, names)) => names.0.iter().filter_map(host).collect(),
            None => Vec::new(),
        },
        not_before: tbs.validity().not_before.to_date_time().to_string(),
        not_after: tbs.validity().not_after.to_date_time().to_string(),
        key: key_kind(spki),
        fingerprint: KeyFingerprint::of_spki(&spki.to_der()?),
    })
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(printable(name.as_str())),
        GeneralName::IpAddress(octets) => {
            let v4 = <[u8; 4]>::try_from(octets.as_bytes()).map(IpAddr::from);
            let v6 = || <[u8; 16]>::try_from(octets.as_bytes()).map(IpAddr::from);
            v4.or_else(|_| v6()).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn key_kind(spki: &SubjectPublicKeyInfoOwned) -> String {
    let parameter = spki.algorithm.parameters.as_ref();
    let curve = parameter.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    match (spki.algorithm.oid, curve) {
        (ED25519, _) => "Ed25519".to_owned(),
        (EC, Some(P256)) => "ECDSA P-256".to_owned(),
        (EC, Some(P384)) => "ECDSA P-384".to_owned(),
        (EC, Some(P521)) => "ECDSA P-521".to_owned(),
        (RSA, _) => match rsa_bits(spki.subject_public_key.raw_bytes()) {
            Ok(bits) => format!("RSA {bits}"),
            Err(_) => "RSA".to_owned(),
        },
        (other, _) => other.to_string(),
    }
}

/// Length of the modulus in an RSAPublicKey (RFC 8017 appendix A.1.1).
fn rsa_bits(der: &[u8]) -> Result<usize, DerError> {
    SliceReader::new(der)?.sequence(|reader| {
        let modulus = UintRef::decode(reader)?;
        let _exponent = UintRef::decode(reader)?;
        let zeros = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
        Ok(modulus.as_bytes().len() * 8 - zeros)
    })
}

/// A stranger's text must not steer the terminal it is shown on.
fn printable(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, char| {
        match char.is_control() {
            true => shown.extend(char.escape_default()),
            false => shown.push(char),
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use rcgen::KeyPair;

    use super::*;
    use crate::self_signed;

    #[test]
    fn both_parsers_name_the_same_key() {
        let key = KeyPair::generate().unwrap();
        let hosts = ["chat.example", "192.0.2.7", "2001:db8::7"].map(str::to_owned);
        let certificate = self_signed::certificate(&key, "María\u{9b}2J", &hosts).unwrap();
        let info = CertificateInfo::from_der(certificate.der()).unwrap();
        assert_eq!(Ok(info.fingerprint), KeyFingerprint::of_certificate(certificate.der()));
        assert_eq!(info.names, hosts);
        assert_eq!(info.subject, "CN=María\\u{9b}2J");
        assert_eq!((info.version, info.key.as_str()), (3, "ECDSA P-256"));
        assert_eq!(info.not_before, "2020-01-01T00:00:00Z");
        assert_eq!(info.not_after, "4096-01-01T00:00:00Z");
    }
}
