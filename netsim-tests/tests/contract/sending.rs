//! `send`: each line once, in order, receipted in order, whatever happens in between.

use tertulia_netsim::process::{ServerProcess, eventually};

use crate::world::{
    FAILED, NO_ANSWER, Talk, World, done, listed, one, plain, queued, refused, seqs, texts,
    told_off,
};

#[test]
fn lines_lose_their_end_and_empty_ones_are_no_messages() {
    let world = World::new();
    let input = "one\n\n  \n\r\ntwo\r\n\n- three -\n\nlast without an end";
    let called = world.ana.call_with(&["send", "lobby"], input).unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (0, ""));
    assert_eq!(seqs(&called.objects().unwrap()), [3, 4, 5, 6, 7]);
    let all = ["one", "  ", "two", "- three -", "last without an end"];
    assert_eq!(texts(&world.beto, "lobby"), all);
}

#[test]
fn nothing_to_send_is_done_at_once() {
    let world = World::new();
    for input in ["", "\n\n"] {
        let called = world.ana.call_with(&["send", "lobby"], input).unwrap();
        assert_eq!((called.code, called.stdout, called.stderr), (0, String::new(), String::new()));
    }
}

#[test]
fn the_longest_text_is_sent_and_one_byte_more_is_refused_by_its_line_while_the_rest_goes_on() {
    let world = World::new();
    let (longest, longer) = ("x".repeat(16_384), "ñ".repeat(8_193));
    let seventeen = "y".repeat(17 << 10);
    let input = format!("first\n{longer}\n{longest}\n{seventeen}\nlast\n");
    let called = world.ana.call_with(&["send", "lobby"], &input).unwrap();
    assert_eq!(called.code, FAILED);
    let said: Vec<&str> = called.stderr.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    for (line, number) in said.iter().zip(["line 2 ", "line 4 "]) {
        assert!(line.contains(number) && line.contains("16384"), "{line}");
    }
    assert_eq!(seqs(&called.objects().unwrap()), [3, 4, 5]);
    assert_eq!(texts(&world.ana, "lobby"), ["first", &longest, "last"]);
    for long in [&longer, &seventeen] {
        assert!(refused(&world.ana, &["send", "lobby", long], FAILED).contains("16384"));
    }
    assert_eq!(queued(&world.ana), 0, "what is refused does not wait");
}

#[test]
fn bytes_that_are_no_text_are_refused_by_their_line() {
    let world = World::new();
    let lines = world.dir.path().join("lines");
    std::fs::write(&lines, b"one\n\xff\xfe\ntwo\n").unwrap();
    let mut command = world.ana.command(&["send", "lobby"]).unwrap();
    let output = command.stdin(std::fs::File::open(lines).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(FAILED));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.contains("line 2"), "{said}");
    assert_eq!(texts(&world.ana, "lobby"), ["one", "two"]);
}

#[test]
fn a_public_room_is_entered_by_sending_and_a_missing_one_is_refused() {
    let world = World::new();
    done(&world.ana, &["create", "garden"]);
    assert_eq!(listed(&world.beto, "garden").unwrap()["entered"], false);
    let receipt = one(&world.beto, &["send", "garden", "here I am"]);
    assert_eq!((&receipt["room"], &receipt["seq"]), (&"garden".into(), &3.into()));
    assert_eq!(listed(&world.beto, "garden").unwrap()["entered"], true);
    let kinds = done(&world.ana, &["history", "garden"]);
    let kinds: Vec<_> = kinds.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["joined", "joined", "posted"]);

    for arguments in [["send", "nowhere", "x"], ["send", "a b", "x"], ["send", "@nobody", "x"]] {
        refused(&world.ana, &arguments, FAILED);
    }
    let called = world.ana.call_with(&["send", "nowhere"], "one\ntwo\n").unwrap();
    told_off(&called, FAILED);
    assert_eq!(queued(&world.ana), 0);
}

#[test]
fn a_receipt_is_printed_while_more_is_being_typed() {
    let world = World::new();
    let mut sender = Talk::begin(world.ana.command(&["send", "lobby"]).unwrap());
    for seq in 3..6 {
        sender.type_line(&format!("number {seq}"));
        assert_eq!(sender.object()["seq"], seq);
    }
    let ended = sender.end();
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, String::new(), String::new()));
}

#[test]
fn a_person_reads_room_seq_and_time_of_what_was_sent() {
    let world = World::new();
    let output = plain(&world.ana, &["send", "lobby", "hi"]).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("#lobby 3 2") && line.ends_with("Z\n"), "{line}");
}

#[test]
fn what_an_earlier_call_left_goes_first_and_is_not_printed() {
    let world = World::new();
    let World { dir, server, ana, .. } = world;
    let address = server.address().to_string();
    server.kill().unwrap();
    for text in ["one\ntwo\n", "three\n"] {
        let called = ana.call_with(&["--timeout", "3", "send", "lobby"], text).unwrap();
        told_off(&called, NO_ANSWER);
        assert!(called.stderr.contains("stay queued"), "{called:?}");
    }
    assert_eq!(one(&ana, &["--timeout", "1", "status"])["queued"], 3);
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    let called = ana.call_with(&["send", "lobby"], "four\nfive\n").unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (0, ""), "{called:?}");
    assert_eq!(seqs(&called.objects().unwrap()), [6, 7], "its own two, behind three others");
    assert_eq!(texts(&ana, "lobby"), ["one", "two", "three", "four", "five"]);
}

#[test]
fn a_leftover_that_the_server_will_not_have_is_kept_with_the_reason_and_holds_nothing_up() {
    let world = World::new();
    let World { dir, server, ana, beto, .. } = world;
    done(&ana, &["create", "attic", "--private"]);
    done(&ana, &["add", "attic", "beto"]);
    done(&beto, &["rooms"]);
    let address = server.address().to_string();
    server.kill().unwrap();
    let called = beto.call(&["--timeout", "3", "send", "attic", "too late"]).unwrap();
    told_off(&called, NO_ANSWER);
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    done(&ana, &["remove", "attic", "beto"]);
    assert_eq!(one(&beto, &["send", "lobby", "hi"])["room"], "lobby");
    let left = one(&beto, &["outbox"]);
    let of = |key: &str| left[key].as_str().unwrap();
    assert_eq!((of("text"), of("state"), of("refusal")), ("too late", "failed", "no such room"));
    assert_eq!(one(&beto, &["status"])["queued"], 0, "it waits for a person, not for the server");
    done(&beto, &["outbox", "--drop", of("id")]);
    assert!(done(&beto, &["outbox"]).is_empty());
    assert_eq!(texts(&ana, "attic"), [""; 0]);
}

#[test]
fn one_who_is_sending_waits_for_a_server_that_restarts() {
    let world = World::new();
    let World { dir, server, ana, .. } = world;
    let address = server.address().to_string();
    let mut sender = Talk::begin(ana.command(&["--timeout", "120", "send", "lobby"]).unwrap());
    sender.type_line("before");
    assert_eq!(sender.object()["seq"], 3);
    server.kill().unwrap();
    sender.type_line("meanwhile");
    eventually("the message in the outbox", || (queued(&ana) == 1).then_some(())).unwrap();
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    assert_eq!(sender.object()["seq"], 4);
    sender.type_line("after");
    assert_eq!(sender.object()["seq"], 5);
    assert_eq!(sender.end().code, 0);
    assert_eq!(texts(&ana, "lobby"), ["before", "meanwhile", "after"]);
}

#[test]
fn nobody_is_refused_for_speed() {
    let world = World::new();
    // More than a device may have unanswered, or send in a burst.
    let lines: String = (0..2_200).map(|n| format!("{n}\n")).collect();
    let called = world.ana.call_with(&["--timeout", "300", "send", "lobby"], &lines).unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (0, ""));
    assert_eq!(seqs(&called.objects().unwrap()), (3..2_203).collect::<Vec<u64>>());
}
