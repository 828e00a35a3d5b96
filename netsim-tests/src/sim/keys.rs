//! Identities from a seed: Ed25519, whose keys and signatures all have one length, so that the
//! sizes of handshakes are the same in every run.

use std::{io, path::Path};

use data_encoding::BASE64;
use tertulia_certs::{device::DEVICE_KEY_FILE, files, server_cert::SERVER_KEY_FILE};

use super::chance::Chance;

/// PKCS#8 v1 of an Ed25519 key, up to the 32 bytes that are the key (RFC 8410, 7).
const PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Gives a server that was never started its key.
pub(super) fn write_server_key(dir: &Path, chance: &Chance) -> io::Result<()> {
    write(dir, SERVER_KEY_FILE, chance)
}

/// Gives a profile that was never opened its key.
pub(super) fn write_device_key(dir: &Path, chance: &Chance) -> io::Result<()> {
    write(dir, DEVICE_KEY_FILE, chance)
}

fn write(dir: &Path, file: &str, chance: &Chance) -> io::Result<()> {
    files::create_private_dir(dir)?;
    let der = [PREFIX.as_slice(), &chance.seed()].concat();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64.encode(&der)
    );
    files::write_private(&dir.join(file), pem.as_bytes())
}
