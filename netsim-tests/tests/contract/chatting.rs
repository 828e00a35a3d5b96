//! `chat`: a room, line by line, with the commands of the window.

use tertulia_netsim::process::{ServerProcess, eventually};

use crate::world::{Talk, World, done, listed, plain, queued, texts};

fn chat(world: &World, room: &str) -> Talk {
    let mut chat = Talk::begin(world.ana.command(&["chat", room]).unwrap());
    chat.until_it_says("following ");
    chat
}

#[test]
fn what_is_typed_is_sent_and_what_others_say_is_shown() {
    let world = World::new();
    let mut chat = chat(&world, "lobby");
    assert_eq!([chat.object()["kind"].clone(), chat.object()["kind"].clone()], ["joined"; 2]);
    chat.type_line("good morning");
    let own = chat.object();
    assert_eq!((&own["text"], &own["author"]), (&"good morning".into(), &"ana".into()));
    done(&world.beto, &["send", "lobby", "to you too"]);
    let theirs = chat.object();
    assert_eq!((&theirs["text"], &theirs["seq"]), (&"to you too".into(), &4.into()));
    chat.type_line("!exit");
    let ended = chat.end();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
    assert_eq!(texts(&world.ana, "lobby"), ["good morning", "to you too"]);
    assert_eq!(listed(&world.ana, "lobby").unwrap()["entered"], true, "one stays a member");
}

#[test]
fn its_commands_are_no_messages() {
    let world = World::new();
    let mut chat = chat(&world, "#lobby");
    chat.object();
    chat.object();
    for users in ["!users", "/users"] {
        chat.type_line(users);
        let person = chat.object();
        assert_eq!((&person["handle"], &person["online"]), (&"ana".into(), &true.into()));
    }
    chat.type_line("/help");
    for word in ["!users", "!exit", "/help", "//"] {
        chat.until_it_says(word);
    }
    chat.type_line("/nonsense and more");
    chat.until_it_says("/nonsense is no command");
    chat.type_line(&"x".repeat(17 << 10));
    chat.until_it_says("not sent");
    chat.type_line("//slash");
    assert_eq!(chat.object()["text"], "/slash");
    chat.type_line("!unknown");
    assert_eq!(chat.object()["text"], "!unknown");
    assert_eq!(chat.end().code, 0, "the end of the input is an end");
    assert_eq!(texts(&world.beto, "lobby"), ["/slash", "!unknown"]);
}

#[test]
fn a_person_sees_the_count_and_who_it_is() {
    let world = World::new();
    let mut chat = Talk::begin(plain(&world.ana, &["chat", "lobby"]));
    assert!(chat.line().ends_with("Ana entered"));
    assert!(chat.line().ends_with("Beto entered"));
    chat.type_line("!users");
    assert!(chat.line().contains("(you)"));
    assert_eq!(chat.line(), "1 online");
    chat.type_line("/exit");
    assert_eq!(chat.end().code, 0);
}

#[test]
fn the_last_lines_of_a_pipe_are_sent_before_it_ends() {
    let world = World::new();
    let lines: String = (0..50).map(|n| format!("{n}\n")).collect();
    let called = world.ana.call_with(&["chat", "lobby"], &lines).unwrap();
    assert_eq!(called.code, 0, "{called:?}");
    assert_eq!(texts(&world.beto, "lobby"), (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn what_is_typed_without_a_server_waits_and_is_counted_at_the_end() {
    let world = World::new();
    let mut chat = chat(&world, "lobby");
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    server.kill().unwrap();
    chat.type_line("later");
    eventually("the message in the outbox", || (queued(&ana) == 1).then_some(())).unwrap();
    chat.type_line("!exit");
    let ended = chat.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("1 unsent in the outbox"), "{ended:?}");
    let _server = ServerProcess::start_with(&dir.path().join("data"), &address, &[]).unwrap();
    done(&ana, &["send", "lobby", "now"]);
    assert_eq!(texts(&ana, "lobby"), ["later", "now"]);
}
