//! A server that ends, well or not, and comes back: clients know it at once and go on by themselves.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tertulia_netsim::process::{Cli, ServerProcess};

use crate::world::{Talk, World, done, texts};

/// A link without hardship. Whoever speaks through it does not see by other means than QUIC's that
/// the server's port is closed.
struct Link {
    child: Child,
    address: String,
}

impl Link {
    fn to(server: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tertulia-bench"))
            .args(["link", "--listen", "127.0.0.1:0", "--delay", "0", "--to", server])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on udp ").unwrap().to_owned();
        Self { child, address }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Beto behind a link.
fn beto_behind_a_link(world: &World) -> (Link, Cli) {
    let real = world.server.address().to_string();
    let link = Link::to(&real);
    let through = world.server.invite(&[]).unwrap().replace(&real, &link.address);
    done(&world.beto, &["join", &through, "--name", "Beto"]);
    (link, world.beto.clone())
}

#[test]
fn a_killed_and_restarted_server_says_so_itself_to_whoever_it_does_not_know() {
    let world = World::new();
    let (_link, beto) = beto_behind_a_link(&world);
    let mut tail = Talk::tail(&beto, &["lobby"]);
    let mut chat = Talk::begin(beto.command(&["chat", "lobby"]).unwrap());
    chat.until_it_says("following");
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    server.kill().unwrap();
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();

    // The next packet is answered by a stateless reset, not by silence until a timeout.
    chat.type_line("is it back?");
    let why = chat.until_it_says("not connected");
    assert_eq!(why, "not connected: reset by peer; trying again");
    // Who says nothing asks now and then whether the other end is there.
    assert_eq!(tail.until_it_says("not connected"), why);
    tail.until_it_says("connected again");

    for (n, talk) in [&mut tail, &mut chat].into_iter().enumerate() {
        while talk.object()["text"] != "is it back?" {}
        done(&ana, &["send", "lobby", &format!("number {n}")]);
        while talk.object()["text"] != format!("number {n}") {}
    }
    assert_eq!(texts(&ana, "lobby"), ["is it back?", "number 0", "number 1"]);
}

#[test]
fn a_server_that_ends_well_says_goodbye_and_its_clients_come_back_by_themselves() {
    let world = World::new();
    let (_link, beto) = beto_behind_a_link(&world);
    let mut tail = Talk::tail(&beto, &["lobby"]);
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    assert_eq!(server.terminate().unwrap(), Some(0));
    assert_eq!(tail.complaint(), "not connected: the server is restarting; trying again");
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    done(&ana, &["send", "lobby", "it is back"]);
    let event = tail.object();
    assert_eq!((&event["seq"], &event["text"]), (&3.into(), &"it is back".into()));
    assert_eq!(tail.complaint(), "connected again");
}

#[test]
fn a_tail_misses_nothing_and_repeats_nothing_over_several_restarts() {
    let world = World::new();
    let mut tail = Talk::tail(&world.beto, &["lobby", "--since", "0"]);
    let World { mut server, ana, dir, .. } = world;
    let (address, data) = (server.address().to_string(), dir.path().join("data"));
    let mut seq = 2;
    for round in 0..3 {
        for _ in 0..5 {
            seq += 1;
            done(&ana, &["send", "lobby", &seq.to_string()]);
        }
        match round {
            1 => assert_eq!(server.terminate().unwrap(), Some(0)),
            _ => server.kill().unwrap(),
        }
        server = ServerProcess::start_with(&data, &address, &[]).unwrap();
        seq += 1;
        done(&ana, &["send", "lobby", &seq.to_string()]);
    }
    for expected in 1..=seq {
        assert_eq!(tail.object()["seq"], expected);
    }
}
