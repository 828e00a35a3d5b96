//! `tail` and `history`: every event once, in order, and exactly those asked for.

use serde_json::Value;
use tertulia_netsim::process::Cli;

use crate::world::{FAILED, Talk, World, done, listed, refused, seqs, texts};

/// Twenty messages: seqs 3 to 22 of the lobby.
fn full() -> World {
    let world = World::new();
    let lines: String = (3..=22).map(|n| format!("number {n}\n")).collect();
    assert_eq!(
        world.ana.call_with(&["--timeout", "300", "send", "lobby"], &lines).unwrap().code,
        0
    );
    world
}

fn seqs_of(cli: &Cli, arguments: &[&str]) -> Vec<u64> {
    seqs(&done(cli, arguments))
}

#[test]
fn history_is_exactly_the_newest_that_were_asked_for_in_ascending_order() {
    let world = full();
    let all: Vec<u64> = (1..=22).collect();
    for (arguments, expected) in [
        (&["--limit", "5"][..], &all[17..]),
        (&["--limit", "22"], &all[..]),
        (&["--limit", "1000"], &all[..]),
        (&[], &all[..]),
        (&["--limit", "0"], &[]),
        (&["--before", "10", "--limit", "3"], &all[6..9]),
        (&["--before", "10"], &all[..9]),
        (&["--before", "3", "--limit", "9"], &all[..2]),
        (&["--before", "1"], &[]),
        (&["--before", "0"], &[]),
        (&["--before", "1000", "--limit", "2"], &all[20..]),
    ] {
        let found = seqs_of(&world.beto, &[&["history", "lobby"], arguments].concat());
        assert_eq!(found, expected, "{arguments:?}");
    }
}

#[test]
fn history_is_fifty_unless_told_and_as_many_as_are_told() {
    let world = World::new();
    let lines: String = (3..=1_300).map(|n| format!("{n}\n")).collect();
    assert_eq!(
        world.ana.call_with(&["--timeout", "300", "send", "lobby"], &lines).unwrap().code,
        0
    );
    assert_eq!(seqs_of(&world.beto, &["history", "lobby"]), (1_251..=1_300).collect::<Vec<_>>());
    // More than one page of the wire.
    let many = ["history", "lobby", "--limit", "1234"];
    assert_eq!(seqs_of(&world.beto, &many), (67..=1_300).collect::<Vec<_>>());
    // Pages are bounded in bytes too: what is asked for comes whole.
    let long = format!("{}\n", "x".repeat(16_000)).repeat(150);
    assert_eq!(world.ana.call_with(&["--timeout", "300", "send", "lobby"], &long).unwrap().code, 0);
    let many = ["history", "lobby", "--limit", "200"];
    assert_eq!(seqs_of(&world.beto, &many), (1_251..=1_450).collect::<Vec<_>>());
}

#[test]
fn reading_the_history_does_not_enter() {
    let world = World::new();
    done(&world.ana, &["create", "garden"]);
    assert_eq!(seqs_of(&world.beto, &["history", "garden"]), [1]);
    assert_eq!(listed(&world.beto, "garden").unwrap()["entered"], false);
    assert_eq!(seqs_of(&world.ana, &["history", "garden"]), [1]);
}

#[test]
fn a_tail_begins_after_the_seq_and_ends_after_the_count() {
    let world = full();
    for (since, count, expected) in [
        ("0", "3", vec![1, 2, 3]),
        ("2", "20", (3..=22).collect()),
        ("20", "2", vec![21, 22]),
        ("0", "0", vec![]),
    ] {
        let arguments = ["tail", "lobby", "--since", since, "--count", count];
        let called = world.beto.call(&arguments).unwrap();
        assert_eq!(called.code, 0, "{called:?}");
        assert_eq!(seqs(&called.objects().unwrap()), expected, "{arguments:?}");
    }
}

#[test]
fn a_tail_without_since_has_only_what_comes_from_now_on() {
    let world = full();
    let mut tail = Talk::tail(&world.beto, &["lobby", "--count", "2"]);
    done(&world.ana, &["send", "lobby", "now"]);
    assert_eq!(tail.object()["seq"], 23);
    done(&world.ana, &["topic", "lobby", "of any kind"]);
    let last = tail.object();
    assert_eq!((&last["seq"], &last["kind"]), (&24.into(), &"topic".into()));
    let ended = tail.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
}

#[test]
fn a_tail_goes_on_live_line_by_line() {
    let world = full();
    let mut tail = Talk::tail(&world.beto, &["lobby", "--since", "20"]);
    assert_eq!([tail.object()["seq"].clone(), tail.object()["seq"].clone()], [21, 22]);
    for seq in 23..30 {
        done(&world.ana, &["send", "lobby", &seq.to_string()]);
        // Each one is there before the next is written.
        assert_eq!(tail.object()["seq"], seq);
    }
}

#[test]
fn a_tail_enters_a_public_room_and_does_not_print_that() {
    let world = World::new();
    done(&world.ana, &["create", "garden"]);
    let mut tail = Talk::tail(&world.beto, &["garden"]);
    assert_eq!(listed(&world.ana, "garden").unwrap()["members"], 2);
    done(&world.ana, &["send", "garden", "welcome"]);
    assert_eq!(tail.object()["seq"], 3);
    // With --since its own joining is an event like any other.
    let carla = world.server.invite(&[]).unwrap();
    let carla = Cli::joined(world.dir.path().join("carla"), &carla, "Carla").unwrap();
    let called = carla.call(&["tail", "garden", "--since", "0", "--count", "4"]).unwrap();
    let events = called.objects().unwrap();
    let of: Vec<_> = events.iter().map(|event| (&event["kind"], &event["author"])).collect();
    let [joined, posted] = ["joined", "posted"].map(Value::from);
    assert_eq!(
        of[..3],
        [(&joined, &"ana".into()), (&joined, &"beto".into()), (&posted, &"ana".into())]
    );
    assert_eq!(of[3], (&joined, &"carla".into()));
}

#[test]
fn a_direct_room_is_followed_by_the_handle() {
    let world = World::new();
    done(&world.ana, &["dm", "beto", "psst"]);
    let called = world.beto.call(&["tail", "@ana", "--since", "2", "--count", "1"]).unwrap();
    let events = called.objects().unwrap();
    assert_eq!((called.code, events.len()), (0, 1), "{called:?}");
    assert_eq!((&events[0]["room"], &events[0]["text"]), (&"@ana".into(), &"psst".into()));
    assert_eq!(done(&world.beto, &["history", "@ana", "--limit", "1"]), events);
}

#[test]
fn a_tail_ends_when_one_is_no_member_any_more() {
    let world = World::new();
    done(&world.ana, &["create", "attic", "--private"]);
    done(&world.ana, &["add", "attic", "beto"]);
    let tail = Talk::tail(&world.beto, &["attic"]);
    done(&world.ana, &["remove", "attic", "beto"]);
    let ended = tail.end();
    assert_eq!(ended.code, FAILED, "{ended:?}");
    assert!(ended.stderr.contains("no member of #attic"), "{ended:?}");
}

#[test]
fn a_private_room_and_a_missing_one_are_told_by_one_text() {
    let world = World::new();
    done(&world.ana, &["create", "attic", "--private"]);
    for command in [
        &["tail", "ROOM", "--since", "0"][..],
        &["history", "ROOM"],
        &["send", "ROOM", "x"],
        &["enter", "ROOM"],
        &["leave", "ROOM"],
        &["users", "ROOM"],
        &["chat", "ROOM"],
    ] {
        let about = |room: &str| {
            let arguments: Vec<&str> =
                command.iter().map(|word| if *word == "ROOM" { room } else { word }).collect();
            refused(&world.beto, &arguments, FAILED).replace(room, "ROOM")
        };
        let said = about("attic");
        assert_eq!(said, about("cellar"), "{command:?}");
        assert!(said.contains("there is no room #ROOM that you can see"), "{said}");
    }
    assert_eq!(texts(&world.ana, "attic"), [""; 0]);
}
