//! The command as scripts call it: stdout, stderr, exit code.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, too")]

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tertulia_certs::{KeyFingerprint, read_certificates};

/// How one call ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    #[track_caller]
    fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// Nothing on stdout, one line on stderr.
    #[track_caller]
    fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        assert_eq!(self.stderr.matches('\n').count(), 1, "{}", self.stderr);
        self.stderr
    }
}

fn certs(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tertulia-certs"));
    command.current_dir(dir);
    command
}

fn call(dir: &Path, args: &str) -> Ended {
    let Output { status, stdout, stderr } = certs(dir).args(args.split(' ')).output().unwrap();
    Ended {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// A folder with an identity of the server's in `a`, and its fingerprint by the library.
fn with_identity() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    call(dir.path(), "new --out a --host chat.example --host 192.0.2.7").done();
    let certificate = &read_certificates(&dir.path().join("a/server-cert.pem")).unwrap()[0];
    let fingerprint = KeyFingerprint::of_certificate(certificate).unwrap().to_string();
    (dir, fingerprint)
}

#[test]
fn new_writes_private_files_and_says_which() {
    let dir = tempfile::tempdir().unwrap();
    let said: Value =
        serde_json::from_str(&call(dir.path(), "--json new --out x/y").done()).unwrap();
    let key = call(dir.path(), "fingerprint x/y/server-cert.pem").done();
    assert_eq!(
        said,
        json!({"certificate": "x/y/server-cert.pem", "key": "x/y/server-key.key", "fingerprint": key.trim_end()})
    );
    for (path, expected) in [
        ("x", 0o700),
        ("x/y", 0o700),
        ("x/y/server-key.key", 0o600),
        ("x/y/server-cert.pem", 0o600),
    ] {
        let mode = dir.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{path}");
    }
}

#[test]
fn new_overwrites_nothing() {
    let (dir, _) = with_identity();
    let path = |name: &str| dir.path().join("a").join(name);
    let before = fs::read(path("server-key.key")).unwrap();
    let said = call(dir.path(), "new --out a").failed(1);
    assert!(said.contains("exists already") && said.contains("another folder"), "{said}");
    fs::remove_file(path("server-cert.pem")).unwrap();
    call(dir.path(), "new --out a").failed(1);
    assert!(!path("server-cert.pem").exists());
    assert_eq!(fs::read(path("server-key.key")).unwrap(), before);
}

#[test]
fn new_says_why_it_cannot() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let said = call(dir.path(), "new --out file/x").failed(1);
    assert!(said.contains("cannot write file/x"), "{said}");
    let said = call(dir.path(), "new --out a --host música.example").failed(2);
    assert!(said.contains("música.example") && said.contains("xn--"), "{said}");
    assert!(!dir.path().join("a").exists(), "nothing is half made");
}

#[test]
fn show_tells_people_and_programs_the_same() {
    let (dir, fingerprint) = with_identity();
    let words = fingerprint.parse::<KeyFingerprint>().unwrap().phrase();
    let text = call(dir.path(), "show a/server-cert.pem").done();
    assert_eq!(
        text,
        format!(
            "subject      CN=chat.example\n\
             names        chat.example, 192.0.2.7\n\
             not before   2020-01-01T00:00:00Z\n\
             not after    4096-01-01T00:00:00Z\n\
             key          ECDSA P-256\n\
             version      3\n\
             fingerprint  {fingerprint}\n\
             words        {words}\n"
        )
    );
    let object: Value =
        serde_json::from_str(&call(dir.path(), "show --json a/server-cert.pem").done()).unwrap();
    assert_eq!(
        object,
        json!({
            "subject": "CN=chat.example", "names": ["chat.example", "192.0.2.7"],
            "not_before": "2020-01-01T00:00:00Z", "not_after": "4096-01-01T00:00:00Z",
            "key": "ECDSA P-256", "version": 3, "fingerprint": fingerprint,
            "words": words,
        })
    );
}

#[test]
fn a_chain_is_one_object_per_line_and_its_first_fingerprint() {
    let (dir, fingerprint) = with_identity();
    call(dir.path(), "new --out b").done();
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let chain = read("a/server-cert.pem") + &read("b/server-cert.pem");
    fs::write(dir.path().join("chain.pem"), chain).unwrap();
    let shown = call(dir.path(), "show chain.pem --json").done();
    let objects: Vec<Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["fingerprint"], fingerprint);
    assert_eq!(objects[1]["subject"], "CN=tertulia server");
    assert_eq!(call(dir.path(), "fingerprint chain.pem").done(), fingerprint + "\n");
}

#[test]
fn fingerprint_prints_the_key_of_links_as_openssl_computes_it() {
    let (dir, fingerprint) = with_identity();
    assert_eq!(
        call(dir.path(), "fingerprint a/server-cert.pem").done(),
        format!("{fingerprint}\n")
    );
    let json = call(dir.path(), "--json fingerprint a/server-cert.pem").done();
    assert_eq!(json, format!("{{\"fingerprint\":\"{fingerprint}\"}}\n"));

    let pipeline = "openssl x509 -in a/server-cert.pem -noout -pubkey \
                    | openssl pkey -pubin -outform der | sha256sum";
    let output =
        Command::new("sh").args(["-c", pipeline]).current_dir(dir.path()).output().unwrap();
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("not compared with openssl, which is not installed");
        return;
    }
    let fingerprint: KeyFingerprint = fingerprint.parse().unwrap();
    let ours: String = fingerprint.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.split_whitespace().next(), Some(ours.as_str()));
}

#[test]
fn check_says_whether_they_belong_together() {
    let (dir, fingerprint) = with_identity();
    call(dir.path(), "new --out b").done();
    let said = call(dir.path(), "check a/server-cert.pem a/server-key.key --json").done();
    let object: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(object["fingerprint"], fingerprint);
    let said = call(dir.path(), "check a/server-cert.pem b/server-key.key").failed(2);
    assert!(said.contains("another key than b/server-key.key"), "{said}");
}

#[test]
fn check_warns_of_a_readable_key_and_refuses_a_writable_one() {
    let (dir, _) = with_identity();
    let key = dir.path().join("a/server-key.key");
    let chmod = |mode| fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
    chmod(0o640);
    let ended = call(dir.path(), "check a/server-cert.pem a/server-key.key");
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.stderr,
        "warning: others can read a/server-key.key; run: chmod go-r 'a/server-key.key'\n"
    );
    chmod(0o602);
    let said = call(dir.path(), "check a/server-cert.pem a/server-key.key").failed(2);
    assert!(said.contains("chmod o-w 'a/server-key.key'"), "{said}");
}

#[test]
fn wrong_files_and_flags_end_with_2() {
    let (dir, _) = with_identity();
    fs::write(
        dir.path().join("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    for (args, expected) in [
        ("show missing.pem", "cannot read missing.pem"),
        ("fingerprint a/server-key.key", "a/server-key.key: no certificate"),
        ("show broken.pem", "broken.pem: not a certificate"),
        ("check a/server-key.key a/server-cert.pem", "no certificate"),
        ("check a/server-cert.pem a/server-cert.pem", "no private key"),
        (
            "check a/server-cert.pem a/server-key.key --key-passphrase-file missing",
            "cannot read missing",
        ),
    ] {
        let said = call(dir.path(), args).failed(2);
        assert!(said.contains(expected), "{args}: {said}");
    }
    for args in ["", "new", "show", "frobnicate", "show --colour x"] {
        let ended = call(dir.path(), args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args}");
    }
}

#[test]
fn help_and_version_are_results() {
    let dir = tempfile::tempdir().unwrap();
    assert!(call(dir.path(), "--help").done().contains("fingerprint"));
    let version = format!("tertulia-certs {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(call(dir.path(), "--version").done(), version);
}

#[test]
fn a_closed_stdout_ends_quietly_and_a_full_one_does_not() {
    let (dir, _) = with_identity();
    let with_stdout = |stdout: Stdio| {
        let output = certs(dir.path())
            .args(["show", "a/server-cert.pem"])
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn();
        let output = output.unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    assert_eq!(with_stdout(writer.into()), (Some(0), String::new()));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (code, said) = with_stdout(full.into());
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot write to standard output"), "{said}");
}
