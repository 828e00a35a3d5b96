//! The three kinds of certificate that people have: made by the server itself, by openssl's four
//! commands, and by an authority; each until two people talk. And their renewal while they do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, Running, ServerProcess, eventually};

const WRONG: i32 = 2;

/// A folder with a server's certificate, and people who trust the authority of this place.
struct Place {
    dir: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Place {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("roots.pem"), authority.pem()).unwrap();
        Self { dir, authority }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A certificate of the authority, put in place as certbot does: whole files, renamed.
    fn certify(&self, key: &KeyPair, host: &str) {
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let own = params.signed_by(key, &self.authority).unwrap();
        self.replace("key.pem", &key.serialize_pem());
        self.replace("cert.pem", &(own.pem() + &self.authority.pem()));
    }

    fn replace(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    fn serve(&self, more: &[&str]) -> Result<ServerProcess, String> {
        let (cert, key) = (self.path("cert.pem"), self.path("key.pem"));
        let mut arguments = vec!["--cert", cert.to_str().unwrap(), "--key", key.to_str().unwrap()];
        arguments.extend(more);
        ServerProcess::start_with(&self.path("data"), "127.0.0.1:0", &arguments)
            .map_err(|error| error.to_string())
    }

    /// A command of somebody on a system that trusts the authority, or of whom it does not.
    fn command(&self, who: &Cli, roots: &str, arguments: &[&str]) -> Called {
        let mut command = who.command(arguments).unwrap();
        command.env("SSL_CERT_FILE", self.path(roots)).env_remove("SSL_CERT_DIR");
        let output = command.output().unwrap();
        Called {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn done(&self, who: &Cli, arguments: &[&str]) -> Vec<Value> {
        let called = self.command(who, "roots.pem", arguments);
        assert_eq!(called.code, 0, "{arguments:?}: {called:?}");
        called.objects().unwrap()
    }

    fn person(&self, link: &str, name: &str) -> Cli {
        let cli = Cli::new(self.path(name));
        self.done(&cli, &["join", link, "--name", name]);
        cli
    }

    /// Somebody who listens, live.
    fn listener(&self, who: &Cli) -> (Running, Box<dyn Iterator<Item = Value>>) {
        let profile = who.profile().to_owned();
        let mut command = Cli::new(profile).command(&["tail", "lobby", "--since", "0"]).unwrap();
        command.env("SSL_CERT_FILE", self.path("roots.pem")).env_remove("SSL_CERT_DIR");
        let mut running = Running::of(command).unwrap();
        let lines = running.lines().unwrap();
        let events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let events = events.filter(|event| event["kind"] == "posted");
        (running, Box::new(events))
    }

    /// Two people talk.
    #[track_caller]
    fn two_talk(&self, server: &ServerProcess) {
        let ana = self.person(&server.owner_link().unwrap(), "Ana");
        let beto = self.person(&server.invite(&[]).unwrap(), "Beto");
        self.done(&ana, &["send", "lobby", "Hola, Beto"]);
        self.done(&beto, &["send", "lobby", "Hola, Ana"]);
        for who in [&ana, &beto] {
            let mut events = self.done(who, &["history", "lobby"]);
            events.retain(|event| event["kind"] == "posted");
            let said: Vec<_> = events.iter().map(|event| &event["text"]).collect();
            assert_eq!(said, ["Hola, Beto", "Hola, Ana"]);
        }
    }
}

fn key_of(link: &str) -> &str {
    link.split('/').nth(3).unwrap()
}

fn logs(server: &ServerProcess, words: &str) {
    eventually(words, || server.log().contains(words).then_some(())).unwrap();
}

#[test]
fn two_people_talk_by_the_certificate_that_the_server_makes() {
    let place = Place::new();
    let server = ServerProcess::start(&place.path("data")).unwrap();
    place.two_talk(&server);
}

#[test]
fn two_people_talk_by_the_certificate_of_openssls_four_commands() {
    let place = Place::new();
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(place.dir.path())
            .output();
        output.inspect(|output| assert!(output.status.success(), "{arguments}: {output:?}"))
    };
    if openssl("version").is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    for command in [
        "genpkey -algorithm RSA -out key.pem -aes256 -pass pass:sésamo",
        "req -new -key key.pem -out server.csr -subj /CN=chat.example -passin pass:sésamo",
        "x509 -req -days 365 -in server.csr -signkey key.pem -out cert.pem -passin pass:sésamo",
    ] {
        openssl(command).unwrap();
    }
    fs::write(place.path("passphrase"), "sésamo\n").unwrap();
    let passphrase = place.path("passphrase");
    let with = ["--key-passphrase-file", passphrase.to_str().unwrap()];
    assert!(place.serve(&[]).unwrap_err().contains("--key-passphrase-file"));
    let server = place.serve(&with).unwrap();
    place.two_talk(&server);
    // The fourth: the same key without its passphrase is the same server.
    let link = server.invite(&[]).unwrap();
    assert_eq!(server.terminate().unwrap(), Some(0));
    openssl("rsa -in key.pem -out key.pem -passin pass:sésamo").unwrap();
    let server = place.serve(&[]).unwrap();
    assert_eq!(key_of(&server.invite(&[]).unwrap()), key_of(&link));
    drop(server);
    assert!(place.serve(&["--trust", "ca"]).unwrap_err().contains("X.509 v1"));
}

#[test]
fn two_people_talk_by_the_certificate_of_an_authority() {
    let place = Place::new();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    let server = place.serve(&["--trust", "ca"]).unwrap();
    let link = server.owner_link().unwrap();
    assert!(link.starts_with("tertulia://localhost:"), "{link}");
    assert_eq!(key_of(&link), "ca");
    let stranger = Cli::new(place.path("stranger"));
    fs::write(place.path("others.pem"), Place::new().authority.pem()).unwrap();
    let refused = place.command(&stranger, "others.pem", &["join", &link, "--name", "Someone"]);
    assert_eq!(refused.code, WRONG, "{refused:?}");
    assert!(refused.stderr.contains("certificate"), "{refused:?}");
    place.two_talk(&server);
}

#[test]
fn trust_by_an_authority_takes_a_certificate_for_the_name_that_is_dialled() {
    let place = Place::new();
    place.certify(&KeyPair::generate().unwrap(), "chat.example");
    let wrong = ["--trust", "ca", "--advertise", "chat.example:7575,other.example:7575"];
    let refused = place.serve(&wrong).unwrap_err();
    assert!(refused.contains("chat.example, not for other.example"), "{refused}");
    let own = ServerProcess::start_with(&place.path("data"), "127.0.0.1:0", &["--trust", "ca"]);
    assert!(own.unwrap_err().to_string().contains("--cert"));
    place.certify(&KeyPair::generate().unwrap(), "*.chat.example");
    let refused = place.serve(&["--trust", "ca"]).unwrap_err();
    assert!(refused.contains("--advertise"), "{refused}");
    let server = place.serve(&["--trust", "ca", "--advertise", "a.chat.example:9"]).unwrap();
    assert!(server.owner_link().unwrap().starts_with("tertulia://a.chat.example:9/ca/"));
}

#[test]
fn a_renewal_by_an_authority_with_a_new_key_is_noticed_and_stops_nobody() {
    let place = Place::new();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    let server = place.serve(&["--trust", "ca"]).unwrap();
    let ana = place.person(&server.owner_link().unwrap(), "Ana");
    let (_running, mut heard) = place.listener(&ana);
    place.done(&ana, &["send", "lobby", "before"]);
    assert_eq!(heard.next().unwrap()["text"], "before");

    // A half-written pair first: the key of the next one, no certificate of it yet.
    let next = KeyPair::generate().unwrap();
    place.replace("key.pem", &next.serialize_pem());
    logs(&server, "not reloaded");
    place.done(&ana, &["send", "lobby", "meanwhile"]);
    assert_eq!(heard.next().unwrap()["text"], "meanwhile");

    place.certify(&next, "localhost");
    logs(&server, "new connections see a new certificate");
    place.done(&ana, &["send", "lobby", "after"]);
    assert_eq!(heard.next().unwrap()["text"], "after", "the old connection lives on");
    let beto = place.person(&server.invite(&[]).unwrap(), "Beto");
    place.done(&beto, &["send", "lobby", "Hola"]);
    assert_eq!(heard.next().unwrap()["text"], "Hola");
}

#[test]
fn a_renewal_with_the_same_key_is_no_event_for_those_who_pin_it() {
    let place = Place::new();
    let key = KeyPair::generate().unwrap();
    place.certify(&key, "one.example");
    let server = place.serve(&[]).unwrap();
    let ana = place.person(&server.owner_link().unwrap(), "Ana");
    let (_running, mut heard) = place.listener(&ana);
    place.certify(&key, "two.example");
    server.signal("HUP").unwrap();
    logs(&server, "new connections see a new certificate");
    logs(&server, "reloaded");
    place.done(&ana, &["send", "lobby", "after"]);
    assert_eq!(heard.next().unwrap()["text"], "after");
}

#[test]
fn another_key_is_not_taken_from_a_file_but_from_the_operator() {
    let place = Place::new();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    let server = place.serve(&[]).unwrap();
    let known = server.owner_link().unwrap();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    logs(&server, "another key");
    let ana = place.person(&known, "Ana");
    assert_eq!(key_of(&server.invite(&[]).unwrap()), key_of(&known));
    server.signal("HUP").unwrap();
    logs(&server, "the server's key changed");
    let invite = eventually("invites of the new key", || {
        let invite = server.invite(&[]).unwrap();
        (key_of(&invite) != key_of(&known)).then_some(invite)
    });
    place.person(&invite.unwrap(), "Beto");
    let stopped = place.command(&ana, "roots.pem", &["users"]);
    assert_eq!(stopped.code, WRONG, "a hard stop: {stopped:?}");
}

#[test]
fn the_owners_link_follows_a_key_that_the_operator_changed() {
    let place = Place::new();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    let server = place.serve(&[]).unwrap();
    let before = server.owner_link().unwrap();
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    server.signal("HUP").unwrap();
    let after = eventually("another owner's link", || {
        server.owner_link().ok().filter(|link| *link != before)
    });
    let after = after.unwrap();
    assert_ne!(key_of(&after), key_of(&before));
    assert_eq!(after.rsplit_once('/').unwrap().1, before.rsplit_once('/').unwrap().1);
    place.person(&after, "Ana");
}

#[test]
fn a_certificate_that_cannot_be_used_ends_the_start_with_the_path() {
    let place = Place::new();
    let bad = |name: &str, told: &[&str]| {
        let refused = place.serve(&[]).unwrap_err();
        for word in told.iter().chain(&[name]) {
            assert!(refused.contains(word), "no {word:?} in {refused}");
        }
    };
    bad("cert.pem", &[]);
    place.certify(&KeyPair::generate().unwrap(), "localhost");
    place.replace("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    bad("key.pem", &["another key"]);
    place.replace("key.pem", "garbage");
    bad("key.pem", &[]);
    assert!(!exists_any(&place.path("data"), &["server-key.key"]), "no silent new identity");
}

fn exists_any(folder: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| folder.join(name).exists())
}
