//! A server keeps its key whatever happens to its files, and never takes a new one by itself.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tertulia_certs::server_cert::{SERVER_CERT_FILE, SERVER_KEY_FILE};
use tertulia_certs::{IdentityError, ServerIdentity};

fn start(dir: &Path) -> Result<ServerIdentity, IdentityError> {
    ServerIdentity::load_or_create(dir)
}

#[test]
fn the_same_server_at_each_start() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("data/server");
    let first = start(&dir).unwrap();
    assert_eq!(start(&dir).unwrap().fingerprint(), first.fingerprint());
    assert_eq!(start(&dir).unwrap().certified_key().cert, first.certified_key().cert);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&dir.join(SERVER_KEY_FILE))), (0o700, 0o600));
}

#[test]
fn a_crash_between_key_and_certificate_changes_no_identity() {
    let home = tempfile::tempdir().unwrap();
    let before = start(home.path()).unwrap().fingerprint();
    fs::remove_file(home.path().join(SERVER_CERT_FILE)).unwrap();
    assert_eq!(start(home.path()).unwrap().fingerprint(), before);
    assert!(home.path().join(SERVER_CERT_FILE).exists());
}

#[test]
fn a_lost_key_is_an_error_with_its_remedy() {
    let home = tempfile::tempdir().unwrap();
    start(home.path()).unwrap();
    let key = home.path().join(SERVER_KEY_FILE);
    fs::remove_file(&key).unwrap();
    let text = start(home.path()).unwrap_err().to_string();
    assert!(text.contains(key.to_str().unwrap()) && text.contains("backup"), "{text}");
    assert!(!key.exists(), "no new key in silence");
}

#[test]
fn broken_files_are_named_and_left_alone() {
    for name in [SERVER_KEY_FILE, SERVER_CERT_FILE] {
        let home = tempfile::tempdir().unwrap();
        start(home.path()).unwrap();
        let path = home.path().join(name);
        let label = if name == SERVER_KEY_FILE { "PRIVATE KEY" } else { "CERTIFICATE" };
        let empty_pem = format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
        for broken in [b"".as_slice(), b"garbage", b"\xff\xfe", empty_pem.as_bytes()] {
            fs::write(&path, broken).unwrap();
            let error = start(home.path()).unwrap_err();
            assert!(matches!(error, IdentityError::Unusable { .. }), "{error:?}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert_eq!(fs::read(&path).unwrap(), broken);
        }
    }
}

#[test]
fn files_that_anybody_may_change_are_refused() {
    for name in [SERVER_KEY_FILE, SERVER_CERT_FILE] {
        let home = tempfile::tempdir().unwrap();
        start(home.path()).unwrap();
        fs::set_permissions(home.path().join(name), Permissions::from_mode(0o666)).unwrap();
        let text = start(home.path()).unwrap_err().to_string();
        assert!(text.contains("chmod o-w") && text.contains(name), "{text}");
    }
}

#[test]
fn debug_shows_who_and_nothing_secret() {
    let home = tempfile::tempdir().unwrap();
    let server = start(home.path()).unwrap();
    let expected = format!("ServerIdentity {{ fingerprint: {:?}, .. }}", server.fingerprint());
    assert_eq!(format!("{server:?}"), expected);
}
