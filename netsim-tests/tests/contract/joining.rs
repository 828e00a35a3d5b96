//! `join`: once, by its owner's leave, and as often as one likes from then on.

use std::net::UdpSocket;

use serde_json::Value;
use tertulia_netsim::process::{Cli, ServerProcess};

use crate::world::{FAILED, NO_ANSWER, WRONG, World, done, lonely_server, one, refused, told_off};

fn people(cli: &Cli) -> Vec<Value> {
    done(cli, &["users", "lobby"])
}

#[test]
fn a_name_is_shown_as_typed_and_the_handle_derives_from_it() {
    let (dir, server) = lonely_server();
    let link = server.owner_link().unwrap();
    let ana = Cli::new(dir.path().join("ana"));
    let joined = one(&ana, &["join", &link, "--name", "Ana María O'Neill"]);
    let handle = joined["handle"].as_str().unwrap();
    assert_eq!(joined["server"], server.address().to_string());
    assert!(handle.starts_with("ana.maría"), "{handle}");
    let people = people(&ana);
    assert_eq!((people.len(), &people[0]["display"]), (1, &"Ana María O'Neill".into()));
    assert_eq!(people[0]["handle"], handle);
}

#[test]
fn the_first_to_come_is_the_owner_and_everyone_enters_the_lobby() {
    let world = World::new();
    let events = done(&world.ana, &["history", "lobby"]);
    let happened: Vec<_> = events
        .iter()
        .map(|event| (event["seq"].as_u64().unwrap(), &event["kind"], &event["author"]))
        .collect();
    let joined = Value::from("joined");
    assert_eq!(happened, [(1, &joined, &"ana".into()), (2, &joined, &"beto".into())]);
    let roles: Vec<_> = people(&world.ana).into_iter().map(|one| one["role"].clone()).collect();
    assert_eq!(roles, ["owner", "member"]);
}

#[test]
fn a_device_that_is_known_joins_again_and_uses_up_nothing() {
    let world = World::new();
    let once = world.server.invite(&["--uses", "1"]).unwrap();
    let join = ["join", once.as_str(), "--name", "Anna"];
    assert_eq!(one(&world.ana, &join)["handle"], "ana", "she stays who she was");
    assert_eq!(one(&world.ana, &join)["handle"], "ana");
    // The same profile's key, somewhere else: the server knows the device, not the folder.
    let moved = Cli::new(world.dir.path().join("moved"));
    std::fs::create_dir(moved.profile()).unwrap();
    let key = "device-key.pem";
    std::fs::copy(world.ana.profile().join(key), moved.profile().join(key)).unwrap();
    assert_eq!(one(&moved, &join)["handle"], "ana");
    assert_eq!(people(&world.ana).len(), 2);

    let carla = world.nobody();
    assert_eq!(one(&carla, &["join", &once, "--name", "Carla"])["handle"], "carla");
    let late = Cli::new(world.dir.path().join("late"));
    let why = refused(&late, &["join", &once, "--name", "Late"], FAILED);
    assert!(why.contains("used up") && why.contains("new invite"), "{why}");
}

#[test]
fn a_refused_name_leaves_the_invite_for_the_next_try() {
    let world = World::new();
    let once = world.server.invite(&["--uses", "1"]).unwrap();
    let nobody = world.nobody();
    for (name, word) in [("ANA", "ana-2"), ("x", "2 to 32"), ("admin", "name"), ("🌱🌱", "name")]
    {
        let why = refused(&nobody, &["join", &once, "--name", name], FAILED);
        assert!(why.contains(word) && why.contains("--name"), "{why}");
    }
    assert_eq!(one(&nobody, &["join", &once, "--name", "ana-2"])["handle"], "ana-2");
}

#[test]
fn joining_again_by_another_address_of_the_server_changes_the_address() {
    let world = World::new();
    let port = world.server.address().port();
    let moved = world.server.invite(&[]).unwrap().replace("127.0.0.1", "localhost");
    let joined = one(&world.ana, &["join", &moved, "--name", "Ana"]);
    let address = format!("localhost:{port}");
    assert_eq!((&joined["server"], &joined["handle"]), (&address.clone().into(), &"ana".into()));
    assert_eq!(one(&world.ana, &["status"])["server"], address);
}

#[test]
fn a_profile_of_another_server_is_refused_and_stays_what_it_was() {
    let world = World::new();
    let other = ServerProcess::start(&world.dir.path().join("other")).unwrap();
    let link = other.owner_link().unwrap();
    let why = refused(&world.ana, &["join", &link, "--name", "Ana"], FAILED);
    assert!(why.contains(&world.server.address().to_string()), "{why}");
    assert!(why.contains("--profile"), "{why}");
    assert_eq!(one(&world.ana, &["status"])["server"], world.server.address().to_string());
    assert_eq!(other.owner_link().unwrap(), link, "not used");
}

#[test]
fn a_link_may_come_on_standard_input() {
    let (dir, server) = lonely_server();
    let ana = Cli::new(dir.path().join("ana"));
    let input = format!("\n  {}\n", server.owner_link().unwrap());
    let called = ana.call_with(&["join", "-", "--name", "Ana"], &input).unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (0, ""), "{called:?}");
    assert_eq!(called.objects().unwrap()[0]["handle"], "ana");
}

#[test]
fn a_text_that_is_no_link_is_wrong_and_is_not_repeated() {
    let (dir, server) = lonely_server();
    let link = server.owner_link().unwrap();
    let (open, invite) = link.rsplit_once('/').unwrap();
    let ana = Cli::new(dir.path().join("ana"));
    for damaged in [
        String::new(),
        "https://chat.example".to_owned(),
        format!("{open}/{}", &invite[1..]),
        format!("{}/x/{invite}", open.rsplit_once('/').unwrap().0),
        format!("{link}/more"),
    ] {
        let called = ana.call(&["join", &damaged, "--name", "Ana"]).unwrap();
        told_off(&called, WRONG);
        assert!(called.stderr.contains("link"), "{called:?}");
        assert!(!called.stderr.contains(&invite[1..]), "an invite is nobody else's: {called:?}");
        let called = ana.call_with(&["join", "-", "--name", "Ana"], &damaged).unwrap();
        told_off(&called, WRONG);
    }
    assert!(server.owner_link().is_ok(), "still there to be used");
}

#[test]
fn without_an_invite_one_comes_in_only_where_registration_is_open() {
    let dir = tempfile::tempdir().unwrap();
    for (registration, code) in [("invite", FAILED), ("open", 0)] {
        let data = dir.path().join(registration);
        let more = ["--registration", registration];
        let server = ServerProcess::start_with(&data, "127.0.0.1:0", &more).unwrap();
        let link = server.owner_link().unwrap();
        let bare = link.rsplit_once('/').unwrap().0;
        let cli = Cli::new(dir.path().join(format!("profile of {registration}")));
        let called = cli.call(&["join", bare, "--name", "Ana"]).unwrap();
        assert_eq!(called.code, code, "{called:?}");
        assert_eq!(called.stderr.contains("invite"), code == FAILED, "{called:?}");
    }
}

#[test]
fn where_nothing_listens_is_told_at_once_with_address_and_port() {
    let world = World::new();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let link = world.server.invite(&[]).unwrap();
    let link = link.replace(&world.server.address().to_string(), &closed);
    let arguments = ["--timeout", "600", "join", &link, "--name", "Carla"];
    let why = refused(&world.nobody(), &arguments, NO_ANSWER);
    assert!(why.contains(&closed) && why.contains("port"), "{why}");
}
