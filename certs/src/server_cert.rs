//! The key of a server and the certificates it shows.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;

use crate::certificate_file::{CertificateInfo, read_certificates};
use crate::error::{CertificateError, IdentityError};
use crate::files;
use crate::fingerprint::KeyFingerprint;
use crate::key_file::read_private_key;
use crate::self_signed;

/// The server's certificate within its folder.
pub const SERVER_CERT_FILE: &str = "server-cert.pem";
/// The server's private key within its folder.
pub const SERVER_KEY_FILE: &str = "server-key.key";

/// The subject of a certificate that we make with no host name to put there.
const SUBJECT: &str = "tertulia server";

/// A server's private key with the certificate chain that carries it.
pub struct ServerIdentity {
    certified: Arc<CertifiedKey>,
    fingerprint: KeyFingerprint,
}

impl ServerIdentity {
    /// Loads `dir/server-cert.pem` and `dir/server-key.key`, or creates both if there is neither.
    /// A key without its certificate (a crash in between) gets a new one: the key is the identity.
    /// Files that cannot be used are an error and stay as they are.
    pub fn load_or_create(dir: &Path) -> Result<Self, IdentityError> {
        files::create_private_dir(dir).map_err(|error| IdentityError::write(dir, error))?;
        let (cert, key) = (dir.join(SERVER_CERT_FILE), dir.join(SERVER_KEY_FILE));
        if !exists(&key)? {
            if exists(&cert)? {
                return Err(IdentityError::unusable(
                    &key,
                    format!("the key of {SERVER_CERT_FILE} is missing"),
                    format!(
                        "put its backup in place; or move {SERVER_CERT_FILE} away to begin with a \
                         new key (everybody then needs a new link)"
                    ),
                ));
            }
            create_key(dir)?;
        }
        if !exists(&cert)? {
            create_certificate(dir, &[])?;
        }
        Self::load(&cert, &key, None)
    }

    /// Makes a new ECDSA P-256 identity in `dir`, its certificate for `hosts` (DNS names or
    /// addresses; may be empty). Refuses where either file exists.
    pub fn create(dir: &Path, hosts: &[String]) -> Result<Self, IdentityError> {
        if let Some(bad) = hosts.iter().find(|host| ServerName::try_from(host.as_str()).is_err()) {
            return Err(IdentityError::Host(bad.clone()));
        }
        files::create_private_dir(dir).map_err(|error| IdentityError::write(dir, error))?;
        let (cert, key) = (dir.join(SERVER_CERT_FILE), dir.join(SERVER_KEY_FILE));
        for path in [&cert, &key] {
            if exists(path)? {
                return Err(IdentityError::Exists { path: path.clone() });
            }
        }
        create_key(dir)?;
        create_certificate(dir, hosts)?;
        Self::load(&cert, &key, None)
    }

    /// Loads PEM files that the operator names: a certificate or a chain, its own first, and the
    /// key: PKCS#8 plain or encrypted with PBES2, PKCS#1 or SEC1. Neither may be world-writable.
    ///
    /// An X.509 v1 certificate, as `openssl x509 -req -signkey` makes, would be refused by every
    /// client's TLS library. Its key then goes out in a v3 certificate of our own, under the same
    /// fingerprint.
    pub fn load(cert: &Path, key: &Path, passphrase: Option<&str>) -> Result<Self, IdentityError> {
        let chain = read_certificates(cert)?;
        let der = read_private_key(key, passphrase)?;
        let pair = KeyPair::try_from(&der).map_err(|error| {
            IdentityError::unusable(
                key,
                format!("TLS cannot sign with it ({error})"),
                "use ECDSA P-256, or RSA of 2048 bits or more",
            )
        })?;
        let chain = presentable(cert, chain, key, &pair)?;
        let certified = self_signed::certified(chain, &der)?;
        Ok(Self { certified, fingerprint: fingerprint_of(&pair) })
    }

    /// The KEY of links to this server.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// What the server shows to clients, with the key that signs for it.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// The chain to show for `pair`: the file's own where TLS peers can read it.
fn presentable(
    cert: &Path,
    chain: Vec<CertificateDer<'static>>,
    key: &Path,
    pair: &KeyPair,
) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let unreadable = |error: CertificateError| {
        IdentityError::unusable(cert, error.to_string(), "have it made anew, as X.509 v3")
    };
    let info = CertificateInfo::from_der(&chain[0]).map_err(unreadable)?;
    if info.fingerprint != fingerprint_of(pair) {
        return Err(IdentityError::unusable(
            cert,
            format!("it belongs to another key than {}", key.display()),
            "name a certificate and a key that were made together",
        ));
    }
    if info.version == 1 {
        return Ok(vec![self_signed::certificate(pair, SUBJECT, &[])?.into()]);
    }
    KeyFingerprint::of_certificate(&chain[0]).map_err(unreadable)?;
    Ok(chain)
}

fn fingerprint_of(pair: &KeyPair) -> KeyFingerprint {
    KeyFingerprint::of_spki(&pair.subject_public_key_info())
}

fn create_key(dir: &Path) -> Result<(), IdentityError> {
    create_file(&dir.join(SERVER_KEY_FILE), &KeyPair::generate()?.serialize_pem())
}

fn create_certificate(dir: &Path, hosts: &[String]) -> Result<(), IdentityError> {
    let key = read_private_key(&dir.join(SERVER_KEY_FILE), None)?;
    // A common name has 64 characters at most (RFC 5280 appendix A.1).
    let host = hosts.first().filter(|host| host.len() <= 64);
    let subject = host.map_or(SUBJECT, String::as_str);
    let certificate = self_signed::certificate(&KeyPair::try_from(&key)?, subject, hosts)?;
    create_file(&dir.join(SERVER_CERT_FILE), &certificate.pem())
}

fn create_file(path: &Path, pem: &str) -> Result<(), IdentityError> {
    files::create_private(path, pem.as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => IdentityError::Exists { path: path.to_owned() },
        _ => IdentityError::write(path, error),
    })
}

fn exists(path: &Path) -> Result<bool, IdentityError> {
    path.try_exists().map_err(|error| IdentityError::read(path, error))
}
