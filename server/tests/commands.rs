//! What scripts rely on: what `tertulia-server` prints where, and how it exits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::UdpSocket,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const FAILED: i32 = 1;
const WRONG: i32 = 2;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tertulia-server"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    assert_eq!(output.stdout, b"", "results only: {arguments:?}");
    for word in words {
        assert!(told.contains(word), "{arguments:?}: no {word:?} in {told:?}");
    }
}

/// A server that listens. Killed when dropped.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut command = program();
        command.arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]).args(more);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix("listening on udp ") else {
            let output = child.wait_with_output().unwrap();
            panic!("no server: {line:?} {}", String::from_utf8_lossy(&output.stderr));
        };
        Self { address: address.to_owned(), child }
    }

    fn signal(&self, name: &str) {
        let arguments = [format!("-{name}"), self.child.id().to_string()];
        assert!(Command::new("kill").args(arguments).status().unwrap().success());
    }

    #[expect(clippy::disallowed_methods, reason = "the time of a real process")]
    fn end(mut self, signal: &str) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        self.signal(signal);
        let status = self.child.wait().unwrap();
        (status.code(), begun.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    (dir, data)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_and_version_are_results() {
    for (flag, word) in [("--help", "--metrics"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains(word));
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn wrong_flags_exit_with_2() {
    let (_dir, data) = folder();
    let data = text(&data);
    for wrong in [
        &["--listen", "here"][..],
        &["--no-such-flag"],
        &["no-such-command"],
        &["--cert", "only.pem"],
        &["--key", "only.pem"],
        &["--key-passphrase-file", "only"],
        &["--advertise", "no-port"],
        &["--registration", "closed"],
        &["--trust", "me"],
        &["--metrics", "9575"],
        &["--log-format", "xml"],
        &["invite", "--uses", "0"],
        &["invite", "--expires", "soon"],
        &["invite", "--role", "king"],
    ] {
        let arguments = [&["--data", data][..], wrong].concat();
        refused(&arguments, WRONG, &["error"]);
    }
    assert!(!Path::new(data).exists(), "nothing was begun");
}

#[test]
fn a_wrong_configuration_exits_with_2_and_names_file_and_line() {
    let (dir, data) = folder();
    let file = dir.path().join("tertulia.toml");
    fs::write(&file, "registration = \"invite\"\n\n[limits]\nsend_rate = 0\n").unwrap();
    let arguments = ["--data", text(&data), "--config", text(&file)];
    refused(&arguments, WRONG, &["tertulia.toml:4: ", "from 1 to"]);
    refused(&[&arguments[..], &["stats"]].concat()[2..], WRONG, &["tertulia.toml:4: "]);
    fs::write(&file, "registratoin = \"open\"\n").unwrap();
    refused(&arguments, WRONG, &["tertulia.toml:1: ", "registratoin", "registration"]);
    fs::remove_file(&file).unwrap();
    refused(&arguments, WRONG, &["tertulia.toml: "]);
    assert!(!data.exists(), "nothing was begun");
}

#[test]
fn flags_win_over_the_file_and_the_file_over_the_defaults() {
    let (dir, data) = folder();
    let file = dir.path().join("tertulia.toml");
    let lines = "data = \"data\"\nlisten = \"127.0.0.1:0\"\nadvertise = [\"file.example:1\"]\n";
    fs::write(&file, lines).unwrap();
    let link = |more: &[&str]| {
        let mut command = program();
        command.arg("--config").arg(&file).args(more);
        let running = Running::of(command);
        let link = fs::read_to_string(data.join("owner-invite")).unwrap();
        (link, running.address.clone())
    };
    let (by_file, address) = link(&[]);
    assert!(by_file.starts_with("tertulia://file.example:1/"), "{by_file}");
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let (by_flag, _) = link(&["--advertise", "flag.example:2,192.0.2.7:3"]);
    assert!(by_flag.starts_with("tertulia://flag.example:2,192.0.2.7:3/"), "{by_flag}");
    for order in [["--config", text(&file), "stats"], ["stats", "--config", text(&file)]] {
        assert_eq!(run(&order).status.code(), Some(0), "commands find the data by the file");
    }
}

#[test]
fn a_wrong_certificate_exits_with_2_and_names_the_file() {
    let (dir, data) = folder();
    let (cert, key) = (dir.path().join("c.pem"), dir.path().join("k.pem"));
    let arguments = ["--data", text(&data), "--cert", text(&cert), "--key", text(&key)];
    refused(&arguments, WRONG, &["c.pem"]);
    fs::write(&cert, "no certificate").unwrap();
    refused(&arguments, WRONG, &["c.pem", "PEM"]);
    let other = dir.path().join("other");
    refused(&["--data", text(&other), "--trust", "ca"], WRONG, &["--cert"]);
    let many = vec!["a.example:1"; 17].join(",");
    refused(&["--data", text(&other), "--advertise", &many], WRONG, &["at most 16"]);
    assert!(!other.exists(), "nothing was begun");
    let own = data.join("server-key.key");
    fs::create_dir_all(&data).unwrap();
    fs::write(&own, "garbage").unwrap();
    refused(&["--data", text(&data)], WRONG, &["server-key.key"]);
    assert_eq!(fs::read_to_string(&own).unwrap(), "garbage", "left as it is");
}

#[test]
fn a_port_or_data_in_use_and_a_folder_that_is_none_exit_with_1() {
    let (dir, data) = folder();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let other = dir.path().join("other");
    refused(&["--data", text(&other), "--listen", &address], FAILED, &[&address, "in use"]);
    let running = Running::start(&data, &[]);
    let again = ["--data", text(&data), "--listen", "127.0.0.1:0"];
    refused(&again, FAILED, &[text(&data), "in use by another"]);
    drop(running);
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&["--data", text(&file)], FAILED, &[text(&file)]);
    refused(&["--data", text(&data), "--listen", "192.0.2.1:7575"], FAILED, &["192.0.2.1"]);
}

/// As far as the server can tell: its files may not grow beyond a size.
#[test]
fn a_full_disk_ends_the_start_with_1_and_the_path() {
    let (_dir, data) = folder();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 60; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_tertulia-server"), "--data", text(&data)])
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(FAILED), "{told}");
    assert!(told.contains("tertulia.db can't be used"), "{told}");
    assert_eq!(output.stdout, b"");
    drop(Running::start(&data, &[]));
}

#[test]
fn foreign_files_are_left_and_a_dead_servers_socket_is_replaced() {
    let (_dir, data) = folder();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("notes.txt"), "mine").unwrap();
    drop(UnixListener::bind(data.join("admin.sock")).unwrap());
    let running = Running::start(&data, &[]);
    let link = invited(&data, &[]);
    assert!(link.starts_with("tertulia://127.0.0.1:"), "{link}");
    assert_eq!(running.end("TERM").0, Some(0));
    assert_eq!(fs::read_to_string(data.join("notes.txt")).unwrap(), "mine");
    assert!(!data.join("admin.sock").exists());
}

#[test]
fn a_long_path_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("d".repeat(150)).join("e".repeat(150));
    let _running = Running::start(&data, &[]);
    assert!(invited(&data, &[]).starts_with("tertulia://"));
    let output = run(&["stats", "--data", text(&data)]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"running\":true"));
}

#[test]
fn secrets_are_for_their_owner_only() {
    let (_dir, data) = folder();
    let _running = Running::start(&data, &[]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().is_some_and(|name| name != "server-cert.pem") {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[test]
fn a_server_ends_by_signal_with_0_within_five_seconds() {
    for signal in ["TERM", "INT"] {
        let (_dir, data) = folder();
        let (code, time) = Running::start(&data, &[]).end(signal);
        assert_eq!(code, Some(0), "{signal}");
        assert!(time < Duration::from_secs(5), "{signal}: {time:?}");
    }
}

#[test]
fn a_server_whose_output_nobody_reads_serves_and_ends_well() {
    let (_dir, data) = folder();
    let mut command = program();
    command.arg("--data").arg(&data).args(["--listen", "127.0.0.1:0"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command.stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    while !run(&["stats", "--data", text(&data)]).stdout.ends_with(b"}\n") {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    let server = Running { child, address: String::new() };
    assert_eq!(server.end("TERM").0, Some(0));
}

#[track_caller]
fn invited(data: &Path, more: &[&str]) -> String {
    let output = run(&[&["invite", "--data", text(data)][..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stderr, b"");
    let told = String::from_utf8(output.stdout).unwrap();
    let (link, rest) = told.split_once('\n').unwrap();
    assert_eq!(rest, "", "the link and nothing else");
    link.to_owned()
}

#[test]
fn invites_are_made_beside_a_running_server_and_a_stopped_one() {
    let (_dir, data) = folder();
    let running = Running::start(&data, &["--advertise", "chat.example:7575"]);
    let arguments = ["--role", "moderator", "--uses", "2", "--expires", "90s"];
    let one = invited(&data, &arguments);
    assert_eq!(running.end("TERM").0, Some(0));
    let other = invited(&data, &arguments);
    let (one, token) = one.rsplit_once('/').unwrap();
    let (other, other_token) = other.rsplit_once('/').unwrap();
    assert_eq!(one, other, "the address that was served, also when it no longer is");
    assert!(one.starts_with("tertulia://chat.example:7575/") && token != other_token);
    let audit = run(&["audit", "--data", text(&data)]).stdout;
    let audit = String::from_utf8(audit).unwrap();
    assert_eq!(audit.matches("\"moderator, 2 uses\"").count(), 2, "{audit}");
    for secret in [token, other_token] {
        assert!(!audit.contains(secret));
    }
}
