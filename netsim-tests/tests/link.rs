//! Real clients and a real server, a bad link between them: everything arrives, once, in order.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tertulia_certs::{HostPort, ServerLink};
use tertulia_netsim::{
    link::{Conditions, Loss, Profile, Proxy, ProxyConfig, Report, Switch},
    process::{Called, Cli, ServerProcess},
};
use tokio::{
    runtime::{self, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

const LINES: usize = 120;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A server behind a bad link, and the link at work.
struct Scene {
    dir: TempDir,
    server: ServerProcess,
    runtime: Runtime,
    address: SocketAddr,
    switch: Switch,
    stop: oneshot::Sender<()>,
    work: JoinHandle<Report>,
}

impl Scene {
    fn new(conditions: Conditions, rebind_every: Option<Duration>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(&dir.path().join("data")).unwrap();
        let runtime =
            runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let proxy = {
            let _inside = runtime.enter();
            Proxy::bind(ProxyConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                to: server.address(),
                profile: Profile::symmetric(conditions),
                seed: 7,
                rebind_every,
            })
            .unwrap()
        };
        let address = proxy.local_addr().unwrap();
        let switch = proxy.switch();
        let (stop, stopped) = oneshot::channel();
        let work = runtime.spawn(proxy.run(async { drop(stopped.await) }, |_| ()));
        Self { dir, server, runtime, address, switch, stop, work }
    }

    /// One who joins through the link.
    fn join(&self, name: &str) -> Cli {
        let invite: ServerLink = self.server.invite(&[]).unwrap().parse().unwrap();
        let host = self.address.ip().to_string();
        let addresses = vec![HostPort { host, port: self.address.port() }];
        let link = ServerLink { addresses, ..invite }.to_string();
        Cli::joined(self.dir.path().join(name), &link, name).unwrap()
    }

    fn end(self) -> Report {
        self.stop.send(()).unwrap();
        self.runtime.block_on(self.work).unwrap()
    }
}

fn lines(author: &str) -> String {
    (0..LINES).map(|n| format!("{author} says {n}\n")).collect()
}

fn assert_sent(called: &Called) {
    assert_eq!(called.code, 0, "{}", called.stderr);
    assert_eq!(called.objects().unwrap().len(), LINES, "a receipt for each line");
}

/// A command that logs what becomes of its connection.
fn logged(cli: &Cli, arguments: &[&str]) -> Child {
    let mut command = cli.command(arguments).unwrap();
    command.env("TERTULIA_LOG", "tertulia_client=info").stdin(Stdio::piped()).spawn().unwrap()
}

/// Every line once, each author's in his order; in the order of the seqs.
fn assert_all_there(tail: &Called) -> Vec<String> {
    assert_eq!(tail.code, 0, "{}", tail.stderr);
    let events = tail.objects().unwrap();
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
    let posted = events.iter().filter(|event| event["kind"] == "posted");
    let texts: Vec<String> =
        posted.map(|event| event["text"].as_str().unwrap().to_owned()).collect();
    for author in ["Ana", "Beto"] {
        let own = texts.iter().filter(|text| text.starts_with(author));
        let all: String = own.map(|text| format!("{text}\n")).collect();
        assert_eq!(all, lines(author));
    }
    assert_eq!(texts.len(), 2 * LINES);
    texts
}

/// Both write at once, both read.
fn talk(scene: &Scene) {
    let (ana, beto) = (scene.join("Ana"), scene.join("Beto"));
    // Two came in, then the messages.
    let count = (2 + 2 * LINES).to_string();
    let tail = ["--timeout", "120", "tail", "lobby", "--since", "0", "--count", &count];
    let send = ["--timeout", "120", "send", "lobby"];
    let reading = [ana.start(&tail).unwrap(), beto.start(&tail).unwrap()];
    let writing = [
        ana.start_with(&send, &lines("Ana")).unwrap(),
        beto.start_with(&send, &lines("Beto")).unwrap(),
    ];
    for writer in writing {
        assert_sent(&writer.end().unwrap());
    }
    let [ana, beto] = reading.map(|tail| assert_all_there(&tail.end().unwrap()));
    assert_eq!(ana, beto, "both read the same");
}

#[test]
fn nothing_is_lost_doubled_or_disordered_by_a_link_that_does_all_of_it() {
    let scene = Scene::new(
        Conditions {
            delay: ms(20),
            jitter: ms(20),
            loss: Loss::PacketBursts { share: 0.1, mean: 2.0 },
            overtaken: 0.05,
            overtaken_by: ms(30),
            twice: 0.05,
            ..Conditions::default()
        },
        None,
    );
    talk(&scene);
    let report = scene.end();
    for counts in [report.up, report.down] {
        assert!(counts.lost > 0 && counts.twice > 0, "the link was too good: {report:?}");
    }
}

#[test]
fn a_router_that_forgets_every_second_loses_nothing() {
    let rebind = Some(ms(1_000));
    let scene = Scene::new(Conditions { delay: ms(150), ..Conditions::default() }, rebind);
    talk(&scene);
    assert!(scene.end().rebound > 0);
}

#[test]
fn an_outage_in_which_everybody_gives_up_the_connection_loses_nothing() {
    let scene = Scene::new(Conditions { delay: ms(20), ..Conditions::default() }, None);
    let cut = scene.switch.clone();
    let (ana, beto) = (scene.join("Ana"), scene.join("Beto"));
    let first = ana.call_with(&["send", "lobby"], "before\n").unwrap();
    assert_eq!(first.code, 0, "{first:?}");

    let mut reader =
        logged(&beto, &["--timeout", "120", "tail", "lobby", "--since", "2", "--count", "4"]);
    let mut seen = BufReader::new(reader.stdout.take().unwrap()).lines();
    seen.next().unwrap().unwrap();
    let mut writer = logged(&ana, &["--timeout", "120", "send", "lobby"]);
    let mut input = writer.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    seen.next().unwrap().unwrap();

    cut.set_cut(true);
    input.write_all(b"two\nthree\n").unwrap();
    drop(input);
    // Both programs log when they give up. Whoever stopped reading a log would end them.
    let logs = [&mut reader, &mut writer].map(|program| {
        let mut log = BufReader::new(program.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("nothing is heard of the server") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        }
        log
    });
    cut.set_cut(false);
    let rest: Vec<Value> = seen.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let texts: Vec<&str> = rest.iter().map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["two", "three"]);
    let codes = [reader, writer].map(|mut program| program.wait().unwrap().code());
    assert_eq!(codes, [Some(0); 2]);
    drop(logs);
}
