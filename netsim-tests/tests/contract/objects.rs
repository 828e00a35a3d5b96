//! The objects that `--json` prints, key by key. There may be more keys than these; none of these
//! is ever missing, or of another type.

use serde_json::Value;
use tertulia_netsim::process::{Cli, ServerProcess, signal};

use crate::world::{FAILED, NO_ANSWER, WRONG, World, done, one, refused, texts};

/// What the value of a key is.
#[derive(Debug, Clone, Copy)]
enum Is {
    Text,
    /// A text, or null.
    MayBeText,
    /// A whole number that is not negative.
    Count,
    Figure,
    Flag,
    /// RFC 3339, UTC, milliseconds.
    Time,
    /// 128 bits, written as a UUID.
    Id,
    Null,
}
use Is::{Count, Figure, Flag, Id, MayBeText, Null, Text, Time};

#[track_caller]
fn assert_shape(object: &Value, keys: &[(&str, Is)]) {
    for (key, is) in keys {
        let value = object.get(key).unwrap_or_else(|| panic!("no {key:?} in {object}"));
        let fits = match is {
            Text => value.is_string(),
            MayBeText => value.is_string() || value.is_null(),
            Count => value.is_u64(),
            Figure => value.is_f64(),
            Flag => value.is_boolean(),
            Time => value.as_str().is_some_and(is_time),
            Id => value.as_str().is_some_and(is_id),
            Null => value.is_null(),
        };
        assert!(fits, "{key:?} is no {is:?} in {object}");
    }
}

fn is_time(text: &str) -> bool {
    is_formed(text, "0000-00-00T00:00:00.000Z", |byte| byte.is_ascii_digit())
}

fn is_id(text: &str) -> bool {
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    is_formed(text, "00000000-0000-0000-0000-000000000000", is_lower_hex)
}

/// Whether it is as long as the form and has a digit where the form has one, else the same byte.
fn is_formed(text: &str, form: &str, is_digit: impl Fn(u8) -> bool) -> bool {
    let fits = |(byte, form): (u8, u8)| if form == b'0' { is_digit(byte) } else { byte == form };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

const ROOM: [(&str, Is); 5] =
    [("room", Text), ("kind", Text), ("members", Count), ("unread", Count), ("entered", Flag)];
const PERSON: [(&str, Is); 4] =
    [("handle", Text), ("display", Text), ("role", Text), ("online", Flag)];
const RECEIPT: [(&str, Is); 4] = [("room", Text), ("seq", Count), ("id", Id), ("time", Time)];
const MESSAGE: [(&str, Is); 7] = [
    ("room", Text),
    ("seq", Count),
    ("kind", Text),
    ("author", Text),
    ("text", Text),
    ("id", Id),
    ("time", Time),
];
const HAPPENING: [(&str, Is); 7] = [
    ("room", Text),
    ("seq", Count),
    ("kind", Text),
    ("author", Text),
    ("text", Null),
    ("id", MayBeText),
    ("time", Time),
];

#[test]
fn a_room_is_its_name_kind_members_unread_and_whether_one_is_in_it() {
    let world = World::new();
    let World { ana, beto, .. } = &world;
    let room = |cli: &Cli, arguments: &[&str]| {
        let room = one(cli, arguments);
        assert_shape(&room, &ROOM);
        let word = |key: &str| room[key].as_str().unwrap().to_owned();
        (word("room"), word("kind"), room["members"].as_u64().unwrap(), room["entered"] == true)
    };
    let is = |name: &str, kind: &str, members, entered| {
        (name.to_owned(), kind.to_owned(), members, entered)
    };
    assert_eq!(room(ana, &["create", "#garden"]), is("garden", "public", 1, true));
    assert_eq!(room(ana, &["create", "attic", "--private"]), is("attic", "private", 1, true));
    assert_eq!(room(beto, &["enter", "garden"]), is("garden", "public", 2, true));
    assert_eq!(room(beto, &["enter", "#garden"]), is("garden", "public", 2, true), "again");
    assert_eq!(room(beto, &["leave", "garden"]), is("garden", "public", 1, false));
    assert_eq!(room(ana, &["dm", "beto"]), is("@beto", "direct", 2, true));
    assert_eq!(room(ana, &["topic", "garden", "plants"]), is("garden", "public", 1, true));
    assert_eq!(room(ana, &["rename", "garden", "park"]), is("park", "public", 1, true));
    assert_eq!(room(ana, &["archive", "park"]), is("park", "public", 1, true));
    assert_eq!(room(ana, &["archive", "park", "--undo"]), is("park", "public", 1, true));

    let rooms = done(beto, &["rooms"]);
    let mut names: Vec<_> = rooms.iter().map(|room| room["room"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["@ana", "lobby", "park"]);
    for room in &rooms {
        assert_shape(room, &ROOM);
        assert_eq!(room["entered"], room["room"] != "park", "{room}");
    }
}

#[test]
fn a_person_is_a_handle_a_display_name_a_role_and_whether_they_are_there() {
    let world = World::new();
    let online = done(&world.ana, &["users"]);
    assert_eq!(online.len(), 1, "only who is connected: {online:?}");
    assert_shape(&online[0], &PERSON);
    assert_eq!((&online[0]["handle"], &online[0]["online"]), (&"ana".into(), &true.into()));
    assert_eq!((&online[0]["display"], &online[0]["role"]), (&"Ana".into(), &"owner".into()));
    for room in ["lobby", "#lobby"] {
        let members = done(&world.ana, &["users", room]);
        let of = |key: &str| members.iter().map(|member| member[key].clone()).collect::<Vec<_>>();
        members.iter().for_each(|member| assert_shape(member, &PERSON));
        assert_eq!(of("handle"), ["ana", "beto"], "who is away, too");
        assert_eq!(of("online"), [true, false]);
    }
}

#[test]
fn a_membership_names_the_room_and_the_handle() {
    let world = World::new();
    done(&world.ana, &["create", "attic", "--private"]);
    for arguments in [["add", "attic", "beto"], ["remove", "#attic", "@beto"]] {
        let object = one(&world.ana, &arguments);
        assert_shape(&object, &[("room", Text), ("handle", Text), ("role", MayBeText)]);
        assert_eq!((&object["room"], &object["handle"]), (&"attic".into(), &"beto".into()));
    }
}

#[test]
fn a_receipt_is_what_the_room_then_has() {
    let world = World::new();
    for (arguments, room) in [
        (&["send", "#lobby", "one"][..], "lobby"),
        (&["send", "@beto", "two"], "@beto"),
        (&["dm", "@beto", "three"], "@beto"),
    ] {
        let receipt = one(&world.ana, arguments);
        assert_shape(&receipt, &RECEIPT);
        assert_eq!(receipt["room"], room);
        let newest = one(&world.ana, &["history", room, "--limit", "1"]);
        for (key, _) in RECEIPT {
            assert_eq!(receipt[key], newest[key], "{key}");
        }
    }
}

#[test]
fn an_event_is_the_same_in_a_tail_and_in_the_history() {
    let world = World::new();
    done(&world.ana, &["send", "lobby", "«hi»\t🎉"]);
    done(&world.ana, &["topic", "lobby", "all and nothing"]);
    let tailed = world.beto.objects(&["tail", "#lobby", "--since", "0", "--count", "4"]).unwrap();
    assert_eq!(tailed, done(&world.beto, &["history", "#lobby"]));
    let joined: Vec<&Value> = tailed.iter().take(2).collect();
    for (object, author) in joined.into_iter().zip(["ana", "beto"]) {
        assert_shape(object, &HAPPENING);
        assert_eq!((&object["kind"], &object["author"]), (&"joined".into(), &author.into()));
    }
    assert_shape(&tailed[2], &MESSAGE);
    let message = &tailed[2];
    assert_eq!((&message["kind"], &message["text"]), (&"posted".into(), &"«hi»\t🎉".into()));
    assert_eq!((&message["room"], &message["author"]), (&"lobby".into(), &"ana".into()));
    for key in ["room", "seq", "kind", "author", "text", "id", "time"] {
        assert!(tailed[3].get(key).is_some(), "{key}");
    }
}

#[test]
fn a_status_has_figures_while_connected_and_is_one_without_a_server_too() {
    let world = World::new();
    let both = [("connected", Flag), ("copies", Count), ("queued", Count)];
    let status = one(&world.ana, &["status"]);
    assert_shape(&status, &both);
    assert_shape(&status, &[("server", Text), ("rtt_ms", Figure), ("loss_pct", Figure)]);
    assert_eq!(status["connected"], true);
    assert_eq!(status["server"], world.server.address().to_string());

    let unjoined = one(&world.nobody(), &["status"]);
    assert_shape(&unjoined, &both);
    assert_shape(&unjoined, &[("server", Null), ("rtt_ms", Null), ("loss_pct", Null)]);
    assert_eq!((&unjoined["connected"], &unjoined["queued"]), (&false.into(), &0.into()));

    let address = world.server.address().to_string();
    let World { server, ana, .. } = &world;
    signal(server.id(), "STOP").unwrap();
    let status = one(ana, &["--timeout", "1", "status"]);
    signal(server.id(), "CONT").unwrap();
    assert_shape(&status, &both);
    assert_eq!((&status["connected"], &status["server"]), (&false.into(), &address.into()));
}

#[test]
fn a_message_that_waits_has_its_id_and_can_be_taken_out_by_it() {
    let world = World::new();
    let World { server, ana, dir, .. } = world;
    let address = server.address().to_string();
    server.kill().unwrap();
    let called = ana.call_with(&["--timeout", "3", "send", "lobby"], "one\ntwo\n").unwrap();
    assert_eq!(called.code, NO_ANSWER, "{called:?}");

    let waiting = done(&ana, &["outbox"]);
    assert_eq!(waiting.len(), 2);
    let keys = [("id", Id), ("text", Text), ("written", Time), ("state", Text)];
    waiting.iter().for_each(|object| assert_shape(object, &keys));
    let of = |key: &str| waiting.iter().map(|object| object[key].clone()).collect::<Vec<_>>();
    assert_eq!(
        (of("text"), of("state")),
        (vec!["one".into(), "two".into()], vec!["pending".into(), "pending".into()])
    );
    let id = waiting[0]["id"].as_str().unwrap();
    assert_eq!(done(&ana, &["outbox", "--drop", id]), [Value::Null; 0]);
    let again = refused(&ana, &["outbox", "--drop", id], FAILED);
    assert!(again.contains("no such message"), "{again}");
    refused(&ana, &["outbox", "--drop", "x"], WRONG);
    assert_eq!(done(&ana, &["outbox"]).len(), 1);

    let data = dir.path().join("data");
    let _server = ServerProcess::start_with(&data, &address, &[]).unwrap();
    done(&ana, &["send", "lobby", "three"]);
    assert_eq!(texts(&ana, "lobby"), ["two", "three"]);
    assert_eq!(done(&ana, &["outbox"]), [Value::Null; 0]);
}
