//! Ana's device, a server, and TLS between them without a network.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, SignatureAlgorithm};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use tempfile::TempDir;
use tertulia_certs::{
    DeviceIdentity, KeyFingerprint, ObservedKey, ServerIdentity, Trust, client_config,
    server_config,
};

pub(crate) const ALPN: &[u8] = b"tertulia/1";

/// A server and a device, each in a folder of its own.
pub(crate) struct World {
    home: TempDir,
    pub(crate) server: ServerIdentity,
    pub(crate) device: DeviceIdentity,
}

impl World {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self {
            server: ServerIdentity::load_or_create(&home.path().join("server")).unwrap(),
            device: DeviceIdentity::load_or_create(&home.path().join("ana")).unwrap(),
            home,
        }
    }

    pub(crate) fn another_server(&self) -> ServerIdentity {
        ServerIdentity::load_or_create(&self.home.path().join("another server")).unwrap()
    }

    pub(crate) fn server_config(&self) -> ServerConfig {
        server_config(&self.server, ALPN).unwrap()
    }

    /// The device's side, pinning the server.
    pub(crate) fn client_config(&self) -> ClientConfig {
        self.client_pinning(self.server.fingerprint()).0
    }

    pub(crate) fn client_pinning(&self, pin: KeyFingerprint) -> (ClientConfig, ObservedKey) {
        client_config(&self.device, &Trust::Pinned(pin), ALPN).unwrap()
    }
}

/// A key of `algorithm` with any chain over it: what an attacker's own software could show.
pub(crate) fn forged(
    algorithm: &'static SignatureAlgorithm,
    chain: impl FnOnce(&KeyPair) -> Vec<CertificateDer<'static>>,
) -> Arc<CertifiedKey> {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let der = PrivatePkcs8KeyDer::from(key.serialize_der());
    Arc::new(CertifiedKey::new(chain(&key), any_supported_type(&der.into()).unwrap()))
}

/// The victim's public certificate with a key of the thief's own.
pub(crate) fn stolen(
    victim: &CertifiedKey,
    algorithm: &'static SignatureAlgorithm,
) -> Arc<CertifiedKey> {
    forged(algorithm, |_| victim.cert.clone())
}

pub(crate) fn self_signed(key: &KeyPair) -> CertificateDer<'static> {
    CertificateParams::default().self_signed(key).unwrap().into()
}

/// A device's key with a chain of this length.
pub(crate) fn ed25519_chain(len: usize) -> Arc<CertifiedKey> {
    forged(&PKCS_ED25519, |key| vec![self_signed(key); len])
}

/// Which side refused, and why.
#[derive(Debug)]
pub(crate) enum Refusal {
    ByClient(Error),
    ByServer(Error),
}

/// Runs a whole handshake, and one byte each way, in memory.
pub(crate) fn handshake(
    client: ClientConfig,
    server: ServerConfig,
    name: &str,
) -> Result<(ClientConnection, ServerConnection), Refusal> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut flight = Vec::new();
        client.write_tls(&mut flight).unwrap();
        server.read_tls(&mut flight.as_slice()).unwrap();
        server.process_new_packets().map_err(Refusal::ByServer)?;
        let mut flight = Vec::new();
        server.write_tls(&mut flight).unwrap();
        client.read_tls(&mut flight.as_slice()).unwrap();
        client.process_new_packets().map_err(Refusal::ByClient)?;
    }
    Ok((client, server))
}
