//! The link: what the server puts in it, and what a client makes of it.

use std::{fs, net::UdpSocket};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tertulia_netsim::process::{Cli, ServerProcess};

use crate::world::{WRONG, done, lonely_server, one};

/// `tertulia://ADDRESSES/KEY/INVITE`, taken apart.
fn parts(link: &str) -> (Vec<String>, String, String) {
    let rest = link.strip_prefix("tertulia://").unwrap();
    let parts: Vec<&str> = rest.split('/').collect();
    let [addresses, key, invite] = parts[..] else { panic!("{link}") };
    (addresses.split(',').map(str::to_owned).collect(), key.to_owned(), invite.to_owned())
}

#[test]
fn a_link_is_safe_to_paste_and_has_the_key_and_the_invite_in_base32() {
    let (dir, server) = lonely_server();
    let link = server.owner_link().unwrap();
    let is_safe = |c: char| c.is_ascii_alphanumeric() || ":/,.-[]".contains(c);
    assert!(link.chars().all(is_safe), "{link}");
    let (_, key, invite) = parts(&link);
    let is_base32 =
        |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    // 256 and 128 bits, five a letter.
    assert!(key.len() == 52 && is_base32(&key), "{key}");
    assert!(invite.len() == 26 && is_base32(&invite), "{invite}");
    let chain =
        tertulia_certs::read_certificates(&dir.path().join("data/server-cert.pem")).unwrap();
    let fingerprint = tertulia_certs::KeyFingerprint::of_certificate(&chain[0]).unwrap();
    assert_eq!(key, fingerprint.to_string());
    let other = server.invite(&[]).unwrap();
    assert_eq!(parts(&other).1, key);
    assert_ne!(parts(&other).2, invite);
}

#[test]
fn a_link_carries_the_advertised_the_specific_or_the_machines_own_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let start = |name: &str, listen: &str, more: &[&str]| {
        let server = ServerProcess::start_with(&dir.path().join(name), listen, more).unwrap();
        let (addresses, ..) = parts(&server.owner_link().unwrap());
        (addresses, server.address().port(), server)
    };
    let advertise = ["--advertise", "chat.example:7000"];
    let (addresses, _, _server) = start("advertised", "127.0.0.1:0", &advertise);
    assert_eq!(addresses, ["chat.example:7000"]);

    let (addresses, port, _server) = start("specific", "127.0.0.1:0", &[]);
    assert_eq!(addresses, [format!("127.0.0.1:{port}")], "the real port");

    let (addresses, port, _server) = start("any", "0.0.0.0:0", &["--nearby", "off"]);
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.ends_with(&format!(":{port}"))));
    let loopback = format!("127.0.0.1:{port}");
    assert!(addresses == [loopback.clone()] || !addresses.contains(&loopback), "{addresses:?}");
}

#[test]
fn every_address_of_a_link_is_tried() {
    let (dir, server) = lonely_server();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let refusing = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let real = server.address().to_string();
    let several =
        format!("no-such-host.invalid:1,{},{refusing},{real}", silent.local_addr().unwrap());
    let link = server.owner_link().unwrap().replace(&real, &several);
    let ana = Cli::joined(dir.path().join("ana"), &link, "Ana").unwrap();
    done(&ana, &["send", "lobby", "through the last of four"]);
}

#[test]
fn an_address_of_ipv6_is_in_brackets() {
    let dir = tempfile::tempdir().unwrap();
    if let Err(error) = UdpSocket::bind("[::1]:0") {
        eprintln!("skipped: no IPv6 on this machine ({error})");
        return;
    }
    let server = ServerProcess::start_with(&dir.path().join("data"), "[::1]:0", &[]).unwrap();
    let link = server.owner_link().unwrap();
    let address = format!("[::1]:{}", server.address().port());
    assert_eq!(parts(&link).0, [address.as_str()]);
    let ana = Cli::new(dir.path().join("ana"));
    assert_eq!(one(&ana, &["join", &link, "--name", "Ana"])["server"], address);
}

#[test]
fn a_link_that_says_ca_takes_what_the_systems_roots_vouch_for_and_a_new_key_is_no_alarm() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let ca = |name: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::OrganizationName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let ours = ca("ours");
    fs::write(path("roots.pem"), ours.pem()).unwrap();
    fs::write(path("others.pem"), ca("others").pem()).unwrap();
    fs::write(path("pretended.pem"), ca("ours").pem()).unwrap();
    let issue = || {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        fs::write(path("cert.pem"), own.signed_by(&key, &ours).unwrap().pem()).unwrap();
        fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    };
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let own = ["--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let start = |listen: &str| ServerProcess::start_with(&path("data"), listen, &own).unwrap();
    let call = |roots: &str, arguments: &[&str]| {
        let mut command = Cli::new(path("ana")).command(arguments).unwrap();
        command.env("SSL_CERT_FILE", path(roots)).env_remove("SSL_CERT_DIR");
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    issue();
    let server = start("127.0.0.1:0");
    let address = server.address().to_string();
    let (_, pin, invite) = parts(&server.owner_link().unwrap());
    let link = |host: &str| format!("tertulia://{host}:{}/ca/{invite}", server.address().port());
    let join = |roots: &str, link: &str| call(roots, &["join", link, "--name", "Ana"]);
    let (code, said) = join("roots.pem", &link("127.0.0.1"));
    assert!(code == WRONG && said.contains("certificate"), "another name: {code} {said}");
    for roots in ["others.pem", "pretended.pem"] {
        let (code, said) = join(roots, &link("localhost"));
        assert!(code == WRONG && said.contains("certificate"), "{roots}: {code} {said}");
    }
    assert_eq!(join("roots.pem", &link("localhost")), (0, String::new()));

    issue();
    assert_eq!(server.terminate().unwrap(), Some(0));
    let server = start(&address);
    assert_ne!(parts(&server.invite(&[]).unwrap()).1, pin, "renewed, with another key");
    assert_eq!(call("roots.pem", &["send", "lobby", "still here"]), (0, String::new()));
    let (code, said) = call("others.pem", &["users"]);
    assert!(code == WRONG && said.contains("certificate"), "{code} {said}");
}
