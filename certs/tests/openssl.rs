//! Keys and certificates made by the real openssl, and ours read by it. Says so and passes where
//! openssl is not installed.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{ALPN, World, handshake};
use tempfile::TempDir;
use tertulia_certs::{
    CertificateInfo, DeviceIdentity, IdentityError, ServerIdentity, read_certificates,
    server_config,
};

/// A folder to run openssl in, or `None` where there is no openssl.
fn workshop() -> Option<TempDir> {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed");
        return None;
    }
    Some(tempfile::tempdir().unwrap())
}

#[track_caller]
fn openssl(dir: &Path, args: &str) -> String {
    let output = Command::new("openssl").args(args.split(' ')).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn load(dir: &Path, key: &str, passphrase: Option<&str>) -> Result<ServerIdentity, IdentityError> {
    ServerIdentity::load(&dir.join("server-cert.pem"), &dir.join(key), passphrase)
}

/// The four commands of countless guides: an encrypted RSA key and an X.509 v1 certificate.
fn four_commands(dir: &Path) {
    openssl(dir, "genpkey -algorithm RSA -out server-key.key -aes256 -pass pass:sésamo");
    openssl(
        dir,
        "req -new -key server-key.key -out server.csr -subj /CN=chat.example -passin pass:sésamo",
    );
    openssl(
        dir,
        "x509 -req -days 365 -in server.csr -signkey server-key.key -out server-cert.pem -passin pass:sésamo",
    );
}

#[test]
fn the_v1_certificate_of_openssls_four_commands_serves_and_keeps_its_pin() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    four_commands(dir);
    let file = &read_certificates(&dir.join("server-cert.pem")).unwrap()[0];
    let info = CertificateInfo::from_der(file).unwrap();
    assert_eq!((info.version, info.key.as_str()), (1, "RSA 2048"), "what this test is about");

    let encrypted = load(dir, "server-key.key", Some("sésamo")).unwrap();
    openssl(dir, "rsa -in server-key.key -out plain.key -passin pass:sésamo");
    let plain = load(dir, "plain.key", None).unwrap();
    let world = World::new();
    for identity in [encrypted, plain] {
        assert_eq!(identity.fingerprint(), info.fingerprint);
        let (client, observed) = world.client_pinning(info.fingerprint);
        handshake(client, server_config(&identity, ALPN).unwrap(), "localhost").unwrap();
        assert_eq!(observed.get(), Some(info.fingerprint));
    }
}

#[test]
fn an_encrypted_key_says_what_it_lacks() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    four_commands(dir);
    let none = load(dir, "server-key.key", None).unwrap_err().to_string();
    assert!(none.contains("encrypted") && none.contains("--key-passphrase-file"), "{none}");
    for wrong in ["", "sesamo", "sésamo\n"] {
        let text = load(dir, "server-key.key", Some(wrong)).unwrap_err().to_string();
        assert!(text.contains("passphrase does not open it"), "{text}");
    }
}

#[test]
fn keys_of_every_form_are_read_and_the_legacy_one_is_told_how_to_convert() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    four_commands(dir);
    let pin = load(dir, "server-key.key", Some("sésamo")).unwrap().fingerprint();
    openssl(dir, "rsa -in server-key.key -traditional -out pkcs1.key -passin pass:sésamo");
    openssl(dir, "pkcs8 -topk8 -in pkcs1.key -scrypt -out scrypt.key -passout pass:x");
    openssl(dir, "rsa -in pkcs1.key -traditional -aes128 -out legacy.key -passout pass:x");
    assert!(fs::read_to_string(dir.join("pkcs1.key")).unwrap().contains("BEGIN RSA PRIVATE KEY"));
    assert_eq!(load(dir, "pkcs1.key", None).unwrap().fingerprint(), pin);
    assert_eq!(load(dir, "scrypt.key", Some("x")).unwrap().fingerprint(), pin);

    let text = load(dir, "legacy.key", Some("x")).unwrap_err().to_string();
    let (_, command) = text.split_once("convert it: openssl ").expect(&text);
    let command = command.replace('\'', "") + " -passin pass:x -passout pass:y";
    openssl(dir, &command);
    let converted = "legacy.key.pem";
    assert_eq!(load(dir, converted, Some("y")).unwrap().fingerprint(), pin, "the remedy works");
}

#[test]
fn an_ec_key_in_sec1_with_its_parameters_is_read() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    openssl(dir, "ecparam -name prime256v1 -genkey -out sec1.key");
    openssl(dir, "req -x509 -new -key sec1.key -days 1 -subj /CN=x -out server-cert.pem");
    let text = fs::read_to_string(dir.join("sec1.key")).unwrap();
    assert!(text.contains("BEGIN EC PARAMETERS") && text.contains("BEGIN EC PRIVATE KEY"));
    let identity = load(dir, "sec1.key", None).unwrap();
    let world = World::new();
    let (client, _) = world.client_pinning(identity.fingerprint());
    handshake(client, server_config(&identity, ALPN).unwrap(), "localhost").unwrap();
}

#[test]
fn a_key_too_weak_and_a_key_of_another_certificate_are_refused() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    openssl(
        dir,
        "req -x509 -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=x -out server-cert.pem",
    );
    let text = load(dir, "weak.key", None).unwrap_err().to_string();
    assert!(text.contains("weak.key") && text.contains("2048 bits"), "{text}");
    openssl(dir, "genpkey -algorithm RSA -out other.key");
    let text = load(dir, "other.key", None).unwrap_err().to_string();
    assert!(text.contains("another key") && text.contains("other.key"), "{text}");
}

#[test]
fn openssl_reads_the_keys_and_certificates_that_we_write() {
    let Some(dir) = workshop() else { return };
    let dir = dir.path();
    DeviceIdentity::load_or_create(dir).unwrap();
    ServerIdentity::create(dir, &["chat.example".to_owned(), "::1".to_owned()]).unwrap();
    assert!(openssl(dir, "pkey -in device-key.pem -noout -text").contains("ED25519"));
    assert!(openssl(dir, "pkey -in server-key.key -noout -text").contains("prime256v1"));
    openssl(dir, "verify -x509_strict -check_ss_sig -CAfile server-cert.pem server-cert.pem");
    let text = openssl(dir, "x509 -in server-cert.pem -noout -text");
    for expected in [
        "Version: 3",
        "CN = chat.example",
        "DNS:chat.example",
        "IP Address:0:0:0:0:0:0:0:1",
        "Not Before: Jan  1 00:00:00 2020",
        "Not After : Jan  1 00:00:00 4096",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}
