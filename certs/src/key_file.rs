//! Reading private keys in the forms that openssl and others write.

use std::path::Path;

use pkcs8::der::{Document, Error as DerError};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument, pkcs5};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::IdentityError;
use crate::files;

/// The private key in a PEM file: PKCS#8, PKCS#1 or SEC1, or PKCS#8 encrypted with PBES2
/// (RFC 8018), which `passphrase` opens. A passphrase for a key that needs none is ignored.
pub(crate) fn read_private_key(
    path: &Path,
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let pem = read_text(path, "name a file in PEM form, not DER")?;
    if pem.contains("\nDEK-Info:") {
        return Err(IdentityError::unusable(
            path,
            "its encryption is the legacy one (DEK-Info), which protects little",
            converted(path),
        ));
    }
    if let Some(start) = pem.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        return decrypt(path, &pem[start..], passphrase);
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        IdentityError::unusable(
            path,
            "no private key in PEM form is in it",
            "name a key file such as `openssl genpkey` writes (-----BEGIN PRIVATE KEY-----)",
        )
    })
}

/// The passphrase in a file: all of it but one line end.
pub fn read_passphrase(path: &Path) -> Result<String, IdentityError> {
    let mut text = read_text(path, "write the passphrase in UTF-8")?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn read_text(path: &Path, remedy: &str) -> Result<String, IdentityError> {
    let bytes = files::read_trusted(path).map_err(|error| IdentityError::read(path, error))?;
    String::from_utf8(bytes).map_err(|_| IdentityError::unusable(path, "it is not text", remedy))
}

fn decrypt(
    path: &Path,
    pem: &str,
    passphrase: Option<&str>,
) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let passphrase = passphrase.ok_or_else(|| {
        IdentityError::unusable(
            path,
            "the key is encrypted",
            "name the file with its passphrase (--key-passphrase-file)",
        )
    })?;
    let key = decrypted(pem, passphrase).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) => {
            IdentityError::unusable(path, "the passphrase does not open it", "check the passphrase")
        }
        error => IdentityError::unusable(
            path,
            format!("the encrypted key cannot be read ({error})"),
            converted(path),
        ),
    })?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

fn decrypted(pem: &str, passphrase: &str) -> pkcs8::Result<SecretDocument> {
    let (_, der) = Document::from_pem(pem)?;
    let info = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes())?;
    let plain = info.encryption_algorithm.decrypt(passphrase, info.encrypted_data.as_bytes())?;
    // One wrong passphrase in 256 ends in valid padding around noise, which is no DER.
    let decoded: Result<SecretDocument, DerError> = plain.try_into();
    decoded.map_err(|_| pkcs5::Error::DecryptFailed.into())
}

fn converted(path: &Path) -> String {
    let path = path.display();
    format!("convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in '{path}' -out '{path}.pem'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_after_a_passphrase_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        for (text, expected) in
            [("sésamo", "sésamo"), (" a b \n", " a b "), ("a\r\n", "a"), ("a\n\n", "a\n"), ("", "")]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read_passphrase(&path).unwrap(), expected);
        }
    }
}
