//! `--timeout` bounds a command whatever it waits for.

use std::net::UdpSocket;

use tertulia_netsim::process::{Called, Cli, Running, signal};
use tokio::time::{Duration, Instant};

use crate::world::{NO_ANSWER, Talk, World, done, one, told_off};

/// What the end of a process may take beyond its timeout on a busy machine.
const SLACK: Duration = Duration::from_secs(20);

/// A call that is to end after two seconds: long before the default of thirty.
fn begun(cli: &Cli, arguments: &[&str]) -> (Instant, Running) {
    (Instant::now(), cli.start(&[&["--timeout", "2"], arguments].concat()).unwrap())
}

fn in_time((begun, running): (Instant, Running)) -> Called {
    let called = running.end().unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2) + SLACK, "it took {took:?}: {called:?}");
    called
}

#[test]
fn every_command_gives_up_when_its_time_is_over() {
    let world = World::new();
    signal(world.server.id(), "STOP").unwrap();
    let commands = [
        &["rooms"][..],
        &["create", "garden"],
        &["enter", "lobby"],
        &["leave", "lobby"],
        &["add", "lobby", "beto"],
        &["remove", "lobby", "beto"],
        &["dm", "beto"],
        &["users"],
        &["users", "lobby"],
        &["send", "nowhere", "hi"],
        &["tail", "lobby"],
        &["tail", "lobby", "--since", "0", "--count", "1"],
        &["history", "lobby"],
        &["chat", "lobby"],
        &["topic", "lobby", "x"],
        &["rename", "lobby", "x"],
        &["archive", "lobby"],
    ];
    let running = commands.map(|arguments| begun(&world.ana, arguments));
    for (arguments, running) in commands.into_iter().zip(running) {
        let called = in_time(running);
        told_off(&called, NO_ANSWER);
        assert!(called.stderr.contains("gave up after 2 s"), "{arguments:?}: {called:?}");
        let server = world.server.address().to_string();
        assert!(called.stderr.contains(&server), "{arguments:?}: {called:?}");
    }
    let called = in_time(begun(&world.ana, &["send", "lobby", "hi"]));
    told_off(&called, NO_ANSWER);
    assert!(called.stderr.contains("1 unsent stay queued"), "{called:?}");
    signal(world.server.id(), "CONT").unwrap();
    assert_eq!(one(&world.ana, &["send", "lobby", "there"])["seq"], 4, "nothing was lost");
}

#[test]
fn joining_gives_up_too() {
    let world = World::new();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let link = world.server.invite(&[]).unwrap();
    let (real, wrong) =
        (world.server.address().to_string(), silent.local_addr().unwrap().to_string());
    let link = link.replace(&real, &wrong);
    let called = in_time(begun(&world.nobody(), &["join", &link, "--name", "Carla"]));
    told_off(&called, NO_ANSWER);
    assert!(called.stderr.contains(&wrong) && called.stderr.contains("firewall"), "{called:?}");
}

#[test]
fn an_input_that_does_not_end_is_no_reason_to_stay() {
    let world = World::new();
    let mut sender = Talk::begin(world.ana.command(&["--timeout", "3", "send", "lobby"]).unwrap());
    sender.type_line("one");
    assert_eq!(sender.object()["seq"], 3);
    let ended = sender.end_unasked();
    assert_eq!(ended.code, NO_ANSWER, "{ended:?}");
}

#[test]
fn a_tail_with_a_count_is_bounded_and_one_without_is_not() {
    let world = World::new();
    let called = in_time(begun(&world.ana, &["tail", "lobby", "--count", "1"]));
    assert_eq!((called.code, called.stdout.as_str()), (NO_ANSWER, ""), "{called:?}");

    let arguments = ["--timeout", "5", "tail", "lobby"];
    let mut tail = Talk::begin(world.ana.command(&arguments).unwrap());
    tail.until_it_says("following");
    let bounded = world.ana.call(&["--timeout", "6", "tail", "lobby", "--count", "1"]).unwrap();
    assert_eq!(bounded.code, NO_ANSWER, "{bounded:?}");
    done(&world.beto, &["send", "lobby", "after its timeout"]);
    assert_eq!(tail.object()["text"], "after its timeout");
}
