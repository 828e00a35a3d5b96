//! `tertulia-bench` as a process: what it prints, how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::UdpSocket,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;
use tertulia_netsim::process::{Cli, ServerProcess, eventually, programs, signal};

const FAILED: Option<i32> = Some(1);
const WRONG: Option<i32> = Some(2);

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tertulia-bench"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn call(arguments: &[&str]) -> Output {
    bench(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A link at work, and where it listens.
struct Link {
    child: Child,
    address: String,
    stdout: BufReader<ChildStdout>,
}

impl Link {
    fn start(arguments: &[&str]) -> Self {
        let all = [&["link", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = bench(&all).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on udp ").unwrap().to_owned();
        Self { child, address, stdout }
    }

    /// Stops it by that signal: exit code, the rest of stdout, stderr.
    fn stop(mut self, name: &str) -> (Option<i32>, String, String) {
        signal(self.child.id(), name).unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let output = self.child.wait_with_output().unwrap();
        let said = stderr(&output);
        (output.status.code(), rest, said)
    }
}

#[test]
fn a_link_stands_in_front_of_a_server_until_it_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    let (to, json) = (server.address().to_string(), dir.path().join("counts.json"));
    let json_flag = json.to_str().unwrap();
    let link = Link::start(&["--to", &to, "--preset", "wifi", "--json", json_flag]);
    let through = server.owner_link().unwrap().replace(&to, &link.address);
    let ana = Cli::joined(dir.path().join("ana"), &through, "Ana").unwrap();
    ana.objects(&["send", "lobby", "through it"]).unwrap();
    let (code, rest, said) = link.stop("TERM");
    assert_eq!((code, rest.as_str()), (Some(0), ""));
    assert_eq!(said.lines().count(), 1, "no terminal, no lines while it works: {said}");
    assert!(said.contains("up ") && said.contains(" lost") && said.contains("down "), "{said}");
    let counts: Vec<Value> = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let ways: Vec<&str> = counts.iter().map(|way| way["direction"].as_str().unwrap()).collect();
    assert_eq!(ways, ["up", "down"]);
    for way in counts {
        assert_eq!(way["system"], "tertulia");
        assert!(way["packets"].as_u64().unwrap() > 4 && way["bytes"].as_u64().unwrap() > 1_000);
        for key in ["lost", "queue_full", "link_down", "twice"] {
            assert!(way[key].is_u64(), "{key}");
        }
    }
}

#[test]
fn an_interrupt_ends_it_well_too_and_the_array_may_go_to_standard_output() {
    let link = Link::start(&["--to", "127.0.0.1:9", "--loss", "5", "--json", "-"]);
    let (code, rest, _) = link.stop("INT");
    let counts: Vec<Value> = serde_json::from_str(&rest).unwrap();
    assert_eq!((code, counts.len()), (Some(0), 2));
}

#[test]
fn what_can_not_be_is_told_by_the_exit_code_and_one_line() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, code, word) in [
        (&["link"][..], WRONG, "--to"),
        (&["link", "--to", "nowhere"], WRONG, "nowhere"),
        (&["link", "--to", "127.0.0.1:9", "--preset", "tram"], WRONG, "hotspot"),
        (&["link", "--to", "127.0.0.1:9", "--loss", "60", "--burst", "1"], WRONG, "bursts"),
        (&["link", "--to", "127.0.0.1:9", "--listen", "7600"], WRONG, "listen"),
        (&["link", "--to", "127.0.0.1:9", "--listen", &taken], FAILED, "in use"),
        (&["link", "--to", "no-such-host.invalid:9"], FAILED, "no-such-host.invalid"),
        (&["netsim", "--programs", "/nowhere"], FAILED, "/nowhere"),
        (&["netsim", "--messages", "0"], WRONG, "messages"),
        (&["report", "/nowhere.json"], FAILED, "/nowhere.json"),
        (&["growth", "--messages", "2000,1000"], WRONG, "from few to many"),
        (&[], WRONG, "Usage"),
    ] {
        let output = call(arguments);
        assert_eq!(output.status.code(), code, "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "results only");
    }
    for arguments in [["--help"], ["--version"]] {
        let output = call(&arguments);
        assert!(output.status.success() && !output.stdout.is_empty());
    }
}

#[test]
fn netsim_prints_its_table_and_its_array() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("rows.json");
    let (json_flag, folder) = (json.to_str().unwrap(), programs().unwrap().to_str().unwrap());
    let output = call(&[
        "netsim",
        "--preset",
        "hotspot",
        "--preset",
        "lan",
        "--messages",
        "20",
        "--every",
        "20",
        "--programs",
        folder,
        "--json",
        json_flag,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().collect()).collect();
    let head = "preset sent delivered lost twice out of order p50 ms p99 ms";
    assert_eq!(lines[0].join(" "), head);
    for (line, preset) in lines[1..].iter().zip(["hotspot", "lan"]) {
        assert_eq!(line[..6], [preset, "40", "80", "0", "0", "0"]);
    }
    let rows: Vec<Value> = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!((rows.len(), lines.len()), (2, 3));
    assert_eq!(rows[0]["preset"], "hotspot");
    assert!(rows[0]["p50_ms"].as_f64().unwrap() >= 120.0, "not faster than the link");
    assert_eq!(rows[1]["system"], "tertulia");
    let counts = ["sent", "delivered", "lost", "twice", "out_of_order"].map(|key| &rows[1][key]);
    assert_eq!(counts.map(|count| count.as_u64().unwrap()), [40, 80, 0, 0, 0]);
}

#[test]
fn netsim_fails_where_messages_do_not_arrive_in_time() {
    let folder = programs().unwrap().to_str().unwrap();
    let output = call(&[
        "netsim",
        "--preset",
        "satellite",
        "--messages",
        "1000",
        "--every",
        "10",
        "--patience",
        "5",
        "--programs",
        folder,
        "--json",
        "-",
    ]);
    assert_eq!(output.status.code(), FAILED);
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(rows[0]["lost"].as_u64().unwrap() > 0);
    assert!(stderr(&output).contains("satellite"), "{}", stderr(&output));
}

#[test]
fn loss_in_virtual_time_has_the_keys_that_programs_rely_on_ours_first() {
    let output = call(&["loss", "--virtual", "--loss", "0,5", "--messages", "20", "--json", "-"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let systems: Vec<&str> = rows.iter().map(|row| row["system"].as_str().unwrap()).collect();
    assert_eq!(systems, ["tertulia", "quic-plain", "tertulia", "quic-plain"]);
    let keys =
        "rtt_ms loss_pct n p50_ms p95_ms p99_ms p999_ms max_ms bytes_per_delivery lost duplicated";
    for key in keys.split(' ') {
        assert!(rows[0][key].is_number(), "{key}");
    }
    assert!(rows[0]["burst"].is_null() && rows[2]["loss_pct"] == 5.0);
    assert!(stderr(&output).contains("p99.9"), "the table is for people");
    let dir = tempfile::tempdir().unwrap();
    let [results, html, picture] =
        ["loss.json", "page.html", "loss.svg"].map(|name| dir.path().join(name));
    fs::write(&results, &output.stdout).unwrap();
    let paths = [&html, &picture, &results].map(|path| path.to_str().unwrap());
    let drawn = call(&["report", "--html", paths[0], "--picture", paths[1], paths[2]]);
    assert_eq!(drawn.status.code(), Some(0), "{}", stderr(&drawn));
    let svg = fs::read_to_string(picture).unwrap();
    assert!(fs::read_to_string(html).unwrap().contains(&svg), "the same picture");
    for wrong in ["--virtual --system tertulia", "--loss 5 --system pigeon"] {
        let words: Vec<&str> = ["loss"].into_iter().chain(wrong.split(' ')).collect();
        assert_eq!(call(&words).status.code(), WRONG, "{wrong}");
    }
}

#[test]
fn what_is_measured_in_virtual_time_has_its_keys_and_makes_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut results = Vec::new();
    for (name, words, keys) in [
        ("setup", "--setups 3 --loss 0", "rtt_ms loss_pct n p50_ms p95_ms bytes_per_setup"),
        ("roam", "--moves 2 --loss 0", "rtt_ms loss_pct n worst_p50_ms worst_p95_ms lost"),
        ("outage", "--times 1 --lasts 2", "rtt_ms outage_s n first_p50_ms all_max_ms lost"),
        ("file", "--files 1 --size 0.2", "rtt_ms loss_pct n p50_ms p99_ms file_s goodput_mbit"),
    ] {
        let path = dir.path().join(name).to_str().unwrap().to_owned();
        let words = [name, "--virtual", "--json", &path].into_iter().chain(words.split(' '));
        let output = call(&words.collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let rows: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(rows[0]["system"], "tertulia");
        for key in keys.split(' ') {
            assert!(rows[0][key].is_number(), "{name}: {key}");
        }
        results.push(path);
    }
    let html = dir.path().join("page.html").to_str().unwrap().to_owned();
    let words = ["report", "--html", &html].into_iter().chain(results.iter().map(String::as_str));
    let drawn = call(&words.collect::<Vec<_>>());
    assert_eq!(drawn.status.code(), Some(0), "{}", stderr(&drawn));
    assert_eq!(fs::read_to_string(html).unwrap().matches("<svg").count(), 4);
}

#[test]
fn an_interrupted_netsim_leaves_nothing_behind() {
    let folder = programs().unwrap().to_str().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut netsim = bench(&["netsim", "--preset", "lan", "--programs", folder]);
    let netsim = netsim.env("TMPDIR", scratch.path()).spawn().unwrap();
    let marker = scratch.path().to_str().unwrap();
    let at_work = || processes(marker).iter().filter(|line| line.contains("tail")).count() == 2;
    eventually("both readers", || at_work().then_some(())).unwrap();
    signal(netsim.id(), "TERM").unwrap();
    let output = netsim.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(128 + 15), 0));
    eventually("the end of all it started", || processes(marker).is_empty().then_some(())).unwrap();
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

/// The command lines of the processes that have this in theirs.
fn processes(marker: &str) -> Vec<String> {
    let commands = fs::read_dir("/proc").unwrap().flatten().filter_map(|process| {
        let line = fs::read(process.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    commands.filter(|line| line.contains(marker)).collect()
}

#[test]
fn growth_measures_each_size_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (into, programs) = (dir.path().to_str().unwrap(), programs().unwrap().to_str().unwrap());
    let sizes = ["growth", "--messages", "1000,2500", "--repeats", "1", "--json", "-"];
    let output = call(&[&sizes[..], &["--dir", into, "--programs", programs]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), 2);
    for (row, messages) in rows.iter().zip([1_000, 2_500]) {
        assert_eq!((&row["system"], &row["messages"]), (&"tertulia".into(), &messages.into()));
        for key in ["start_ms", "start_after_kill_ms", "resume_ms", "oldest_page_ms", "rss_mib"] {
            assert!(row[key].as_f64().unwrap() > 0.0, "{key}: {row}");
        }
    }
    let said = stderr(&output);
    assert!(said.contains("page of 100, oldest"), "the table is for people then: {said}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
