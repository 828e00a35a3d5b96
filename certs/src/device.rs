//! The key of one device, that is of one profile on one computer.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;

use crate::error::IdentityError;
use crate::files;
use crate::fingerprint::KeyFingerprint;
use crate::self_signed;

/// The device's key within its profile's folder.
pub const DEVICE_KEY_FILE: &str = "device-key.pem";

/// Everything of an Ed25519 private key in PKCS#8 v1 but the seed that follows (RFC 8410 section
/// 7). The v2 form that most Rust libraries write is one that OpenSSL 3.0 cannot load.
const PKCS8_V1_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const REMEDY: &str = "put its backup in place; or, to register anew as another device, move the \
                      file away (the server then no longer knows this one)";

/// One Ed25519 device key of one profile, with the certificate that carries it. The certificate is
/// made anew at each start: only the key is kept.
pub struct DeviceIdentity {
    certified: Arc<CertifiedKey>,
    fingerprint: KeyFingerprint,
}

impl DeviceIdentity {
    /// Loads `dir/device-key.pem`, or creates it (0600, in a folder of 0700 where that is missing
    /// too) if there is no such file. Of several processes that start at once all get the same
    /// key. A file that cannot be used is an error and stays as it is.
    pub fn load_or_create(dir: &Path) -> Result<Self, IdentityError> {
        let path = dir.join(DEVICE_KEY_FILE);
        match Self::load(&path) {
            Err(IdentityError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create_key(dir, &path)?;
                Self::load(&path)
            }
            loaded => loaded,
        }
    }

    /// A device for one look at a server, kept nowhere: it tells the server nothing about this one.
    pub fn passing() -> Result<Self, IdentityError> {
        let der = new_key()?;
        let der = PrivatePkcs8KeyDer::from(&der[..]);
        Self::of(&KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)?, &der)
    }

    /// Who this device is.
    pub fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// What the device shows to servers, with the key that signs for it.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }

    fn load(path: &Path) -> Result<Self, IdentityError> {
        let pem = files::read_trusted(path).map_err(|error| IdentityError::read(path, error))?;
        let broken = |reason: String| IdentityError::unusable(path, reason, REMEDY);
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem)
            .map_err(|error| broken(format!("the device's key is damaged ({error})")))?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)
            .map_err(|error| broken(format!("it is no Ed25519 key ({error})")))?;
        Self::of(&key, &der)
    }

    fn of(key: &KeyPair, der: &PrivatePkcs8KeyDer<'_>) -> Result<Self, IdentityError> {
        let certificate = self_signed::certificate(key, "tertulia device", &[])?;
        Ok(Self {
            fingerprint: KeyFingerprint::of_spki(&key.subject_public_key_info()),
            certified: self_signed::certified(vec![certificate.into()], &der.clone_key().into())?,
        })
    }
}

impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceIdentity")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// A new private key in PKCS#8 v1.
fn new_key() -> Result<[u8; 48], IdentityError> {
    let mut der = [0; 48];
    let (prefix, seed) = der.split_at_mut(PKCS8_V1_PREFIX.len());
    prefix.copy_from_slice(&PKCS8_V1_PREFIX);
    default_provider()
        .secure_random
        .fill(seed)
        .map_err(|_| IdentityError::Make("the system gives no random bytes".to_owned()))?;
    Ok(der)
}

fn create_key(dir: &Path, path: &Path) -> Result<(), IdentityError> {
    let der = new_key()?;
    let der = PrivatePkcs8KeyDer::from(&der[..]);
    let pem = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)?.serialize_pem();

    files::create_private_dir(dir).map_err(|error| IdentityError::write(dir, error))?;
    match files::create_private(path, pem.as_bytes()) {
        // Another process was faster: its key is this profile's.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written.map_err(|error| IdentityError::write(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_same_device_at_each_start_in_private_files() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("profiles/default");
        let first = DeviceIdentity::load_or_create(&dir).unwrap();
        let again = DeviceIdentity::load_or_create(&dir).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        let shown = KeyFingerprint::of_certificate(&first.certified.cert[0]);
        assert_eq!(shown, Ok(first.fingerprint()), "the certificate carries the key");

        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.join(DEVICE_KEY_FILE)), 0o600);
        assert_eq!((mode(&dir), mode(dir.parent().unwrap())), (0o700, 0o700));
    }

    #[test]
    fn two_profiles_are_two_devices() {
        let home = tempfile::tempdir().unwrap();
        let ana = DeviceIdentity::load_or_create(&home.path().join("ana")).unwrap();
        let beto = DeviceIdentity::load_or_create(&home.path().join("beto")).unwrap();
        assert_ne!(ana.fingerprint(), beto.fingerprint());
    }

    #[test]
    fn a_passing_device_is_another_one_each_time() {
        let (one, other) = (DeviceIdentity::passing().unwrap(), DeviceIdentity::passing().unwrap());
        assert_ne!(one.fingerprint(), other.fingerprint());
        let shown = KeyFingerprint::of_certificate(&one.certified.cert[0]);
        assert_eq!(shown, Ok(one.fingerprint()));
    }

    #[test]
    fn processes_that_start_at_once_get_one_key() {
        let home = tempfile::tempdir().unwrap();
        let start = || DeviceIdentity::load_or_create(home.path()).unwrap().fingerprint();
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|fingerprint| *fingerprint == all[0]));
    }

    #[test]
    fn a_broken_key_is_named_with_its_remedy_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(DEVICE_KEY_FILE);
        let p256 = KeyPair::generate().unwrap().serialize_pem();
        for broken in
            ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &p256]
        {
            fs::write(&path, broken).unwrap();
            let text = DeviceIdentity::load_or_create(home.path()).unwrap_err().to_string();
            assert!(text.contains(path.to_str().unwrap()), "{text}");
            assert!(text.contains("backup") && text.contains("move the file away"), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), broken);
        }
    }

    #[test]
    fn a_key_in_pkcs8_v2_is_read_too() {
        let home = tempfile::tempdir().unwrap();
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        fs::write(home.path().join(DEVICE_KEY_FILE), key.serialize_pem()).unwrap();
        let device = DeviceIdentity::load_or_create(home.path()).unwrap();
        let expected = KeyFingerprint::of_spki(&key.subject_public_key_info());
        assert_eq!(device.fingerprint(), expected);
    }

    #[test]
    fn debug_shows_who_and_nothing_secret() {
        let home = tempfile::tempdir().unwrap();
        let device = DeviceIdentity::load_or_create(home.path()).unwrap();
        let expected = format!("DeviceIdentity {{ fingerprint: {:?}, .. }}", device.fingerprint());
        assert_eq!(format!("{device:?}"), expected);
    }
}
