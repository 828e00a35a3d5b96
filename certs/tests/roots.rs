//! Links that say `ca`: the system's roots and the dialled name decide.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

mod common;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use common::{ALPN, Refusal, World, handshake};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{CertificateError as TlsCertificateError, Error, RootCertStore, ServerConfig};
use tertulia_certs::{
    ServerIdentity, TlsError, Trust, client_config, client_config_with_roots, server_config,
};

const HOST: &str = "chat.example";
/// Tells a test of this file that it runs again as its own child, and on which folder.
const CHILD_DIR: &str = "TERTULIA_TEST_ROOTS_DIR";

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca() -> Ca {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate by `ca` for [`HOST`], loaded from files as an operator's are.
fn server(ca: &Ca, dir: &Path, expired: bool) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    if expired {
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let own = params.signed_by(&key, ca).unwrap();
    let (cert_file, key_file) = (dir.join("chain.pem"), dir.join("key.pem"));
    fs::write(&cert_file, own.pem() + &ca.pem()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();
    server_config(&ServerIdentity::load(&cert_file, &key_file, None).unwrap(), ALPN).unwrap()
}

fn trusting(ca: &Ca) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    roots
}

/// What a client of `world` that trusts `ca` says to the server under this name.
fn verdict(world: &World, ca: &Ca, server: ServerConfig, name: &str) -> Result<(), Error> {
    let (client, observed) = client_config_with_roots(&world.device, trusting(ca), ALPN).unwrap();
    let verdict = match handshake(client, server, name) {
        Ok(_) => Ok(()),
        Err(Refusal::ByClient(error)) => Err(error),
        Err(Refusal::ByServer(error)) => panic!("the server refused: {error}"),
    };
    assert!(observed.get().is_some(), "the key is told in every case");
    verdict
}

#[test]
fn a_chain_to_a_trusted_root_for_the_right_name_is_believed() {
    let (world, ca, dir) = (World::new(), ca(), tempfile::tempdir().unwrap());
    verdict(&world, &ca, server(&ca, dir.path(), false), HOST).unwrap();
}

#[test]
fn a_wrong_name_another_root_an_old_date_and_self_made_are_refused() {
    let (world, ca, dir) = (World::new(), ca(), tempfile::tempdir().unwrap());
    let fresh = || server(&ca, dir.path(), false);
    let wrong = |error: Result<(), Error>| match error.unwrap_err() {
        Error::InvalidCertificate(error) => error,
        error => panic!("{error}"),
    };
    let name = wrong(verdict(&world, &ca, fresh(), "other.example"));
    assert!(matches!(name, TlsCertificateError::NotValidForNameContext { .. }), "{name}");
    let root = wrong(verdict(&world, &self::ca(), fresh(), HOST));
    assert!(
        matches!(root, TlsCertificateError::UnknownIssuer | TlsCertificateError::BadSignature),
        "{root}"
    );
    let date = wrong(verdict(&world, &ca, server(&ca, dir.path(), true), HOST));
    assert!(matches!(date, TlsCertificateError::ExpiredContext { .. }), "{date}");
    let own = wrong(verdict(&world, &ca, world.server_config(), HOST));
    assert_eq!(own, TlsCertificateError::UnknownIssuer);
}

#[test]
fn a_pin_believes_an_expired_chain_for_another_name() {
    let (world, dir) = (World::new(), tempfile::tempdir().unwrap());
    let server = server(&ca(), dir.path(), true);
    let identity =
        ServerIdentity::load(&dir.path().join("chain.pem"), &dir.path().join("key.pem"), None)
            .unwrap();
    let (client, _) = world.client_pinning(identity.fingerprint());
    handshake(client, server, "127.0.0.1").unwrap();
}

#[test]
fn the_systems_roots_come_from_ssl_cert_file() {
    let (ca, dir) = (ca(), tempfile::tempdir().unwrap());
    server(&ca, dir.path(), false);
    fs::write(dir.path().join("roots.pem"), ca.pem()).unwrap();
    fs::write(dir.path().join("empty.pem"), "").unwrap();
    // The environment is read once for a whole process, so a child of our own looks at it.
    for roots in ["roots.pem", "empty.pem"] {
        let child = Command::new(env::current_exe().unwrap())
            .args(["child_of_the_test_above", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .env("SSL_CERT_FILE", dir.path().join(roots))
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        assert!(child.status.success(), "{roots}: {}", String::from_utf8_lossy(&child.stderr));
    }
}

#[test]
fn child_of_the_test_above() {
    let Some(dir) = env::var_os(CHILD_DIR) else {
        return;
    };
    let dir = Path::new(&dir);
    let world = World::new();
    let config = client_config(&world.device, &Trust::Roots, ALPN);
    if env::var("SSL_CERT_FILE").unwrap().ends_with("empty.pem") {
        let error = config.unwrap_err();
        assert!(matches!(error, TlsError::NoRoots(_)), "{error}");
        assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
        return;
    }
    let server = ServerIdentity::load(&dir.join("chain.pem"), &dir.join("key.pem"), None).unwrap();
    handshake(config.unwrap().0, server_config(&server, ALPN).unwrap(), HOST).unwrap();
}
