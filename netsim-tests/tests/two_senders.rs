//! Two people pipe a thousand lines each at once; everyone sees each line once, in one order.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Cli, ServerProcess, eventually};

const LINES: usize = 1_000;

struct Scene {
    dir: TempDir,
    server: ServerProcess,
    ana: Cli,
    beto: Cli,
    carla: Cli,
}

/// The owner and three members by one invite.
fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    Cli::joined(dir.path().join("owner"), &server.owner_link().unwrap(), "Olga").unwrap();
    let link = server.invite(&["--uses", "3"]).unwrap();
    let joined = |name: &str| Cli::joined(dir.path().join(name), &link, name).unwrap();
    let (ana, beto, carla) = (joined("Ana"), joined("Beto"), joined("Carla"));
    Scene { server, ana, beto, carla, dir }
}

fn lines(author: &str) -> String {
    (0..LINES).map(|n| format!("{author} says {n}\n")).collect()
}

fn texts(events: &[Value]) -> Vec<(u64, String, String)> {
    let posted = events.iter().filter(|event| event["kind"] == "posted");
    posted
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            (event["seq"].as_u64().unwrap(), text("author"), text("text"))
        })
        .collect()
}

/// Each line once, each author's in his order, seqs ascending.
fn assert_all_there(events: &[Value]) {
    let texts = texts(events);
    assert!(texts.windows(2).all(|pair| pair[0].0 < pair[1].0), "out of order");
    let mut by_author: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, author, text) in &texts {
        by_author.entry(author).or_default().push(text);
    }
    for author in ["ana", "beto"] {
        let expected: Vec<String> = (0..LINES).map(|n| format!("{author} says {n}")).collect();
        assert_eq!(by_author[author], expected, "{author}'s lines");
    }
    assert_eq!(texts.len(), 2 * LINES);
}

fn history(cli: &Cli) -> Vec<Value> {
    cli.objects(&["history", "lobby", "--limit", "5000"]).unwrap()
}

#[test]
fn a_thousand_lines_each_arrive_once_and_in_one_order() {
    let scene = scene();
    let tail_arguments = ["tail", "#lobby", "--since", "4", "--count", "2000"];
    let tail = scene.carla.start(&tail_arguments).unwrap();
    let ana = scene.ana.start_with(&["send", "lobby"], &lines("ana")).unwrap();
    let beto = scene.beto.start_with(&["send", "#lobby"], &lines("beto")).unwrap();
    for sender in [ana.end().unwrap(), beto.end().unwrap()] {
        assert_eq!(sender.code, 0, "{}", sender.stderr);
        let seqs: Vec<u64> =
            sender.objects().unwrap().iter().map(|one| one["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs.len(), LINES, "one object per receipt");
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "receipts in input order");
    }
    let tail = tail.end().unwrap();
    assert_eq!(tail.code, 0, "{}", tail.stderr);
    let tailed = tail.objects().unwrap();
    assert_all_there(&tailed);
    let kept = history(&scene.carla);
    assert_all_there(&kept);
    assert_eq!(texts(&tailed), texts(&kept));
}

#[test]
fn the_same_with_the_server_killed_in_the_middle() {
    let scene = scene();
    let address = scene.server.address().to_string();
    let tail_arguments = ["tail", "lobby", "--since", "4", "--count", "2000"];
    let tail = scene.carla.start(&tail_arguments).unwrap();
    let send = ["--timeout", "120", "send", "lobby"];
    let ana = scene.ana.start_with(&send, &lines("ana")).unwrap();
    let beto = scene.beto.start_with(&send, &lines("beto")).unwrap();
    // In the middle: some lines are there, not all.
    eventually("the first lines", || {
        let newest = scene.carla.objects(&["history", "lobby", "--limit", "1"]).ok()?;
        (newest[0]["seq"].as_u64()? > 100).then_some(())
    })
    .unwrap();
    scene.server.kill().unwrap();
    let _server = ServerProcess::start_with(&scene.dir.path().join("data"), &address, &[]).unwrap();
    for sender in [ana.end().unwrap(), beto.end().unwrap()] {
        assert_eq!(sender.code, 0, "{}", sender.stderr);
        assert_eq!(sender.objects().unwrap().len(), LINES);
    }
    let tail = tail.end().unwrap();
    assert_eq!(tail.code, 0, "{}", tail.stderr);
    assert_all_there(&tail.objects().unwrap());
    assert_all_there(&history(&scene.carla));
}
