//! Rooms of every kind by the command-line client: what each command prints and how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess};

struct House {
    dir: TempDir,
    server: ServerProcess,
    ana: Cli,
    beto: Cli,
}

/// A server, its owner Ana, a member Beto.
fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    let ana = Cli::joined(dir.path().join("ana"), &server.owner_link().unwrap(), "Ana").unwrap();
    let invite = server.invite(&[]).unwrap();
    let beto = Cli::joined(dir.path().join("beto"), &invite, "Beto").unwrap();
    House { dir, server, ana, beto }
}

impl House {
    fn person(&self, name: &str) -> Cli {
        let invite = self.server.invite(&[]).unwrap();
        Cli::joined(self.dir.path().join(name), &invite, name).unwrap()
    }
}

fn done(cli: &Cli, arguments: &[&str]) -> Value {
    let mut objects = cli.objects(arguments).unwrap();
    assert_eq!(objects.len(), 1, "{arguments:?}: {objects:?}");
    objects.remove(0)
}

fn refused(cli: &Cli, arguments: &[&str]) -> Called {
    let called = cli.call(arguments).unwrap();
    assert_eq!((called.code, called.stdout.as_str()), (1, ""), "{arguments:?}: {called:?}");
    assert_eq!(called.stderr.lines().count(), 1, "{called:?}");
    called
}

/// The room of that address in a person's list.
fn listed(cli: &Cli, address: &str) -> Option<Value> {
    let rooms = cli.objects(&["rooms"]).unwrap();
    rooms.into_iter().find(|room| room["room"] == address)
}

fn kinds(cli: &Cli, room: &str) -> Vec<String> {
    let events = cli.objects(&["history", room, "--limit", "1000"]).unwrap();
    events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_private_room_is_there_for_its_members_only() {
    let house = house();
    let House { ana, beto, .. } = &house;
    let made = done(ana, &["create", "cellar", "--private"]);
    assert_eq!(
        (&made["room"], &made["kind"], &made["role"]),
        (&"cellar".into(), &"private".into(), &"owner".into())
    );
    done(ana, &["send", "cellar", "secret"]);

    // What a stranger is told of it is what they are told of a room that is not there.
    let commands = |room: &'static str| -> Vec<Vec<&str>> {
        vec![
            vec!["enter", room],
            vec!["leave", room],
            vec!["send", room, "hello"],
            vec!["history", room],
            vec!["tail", room, "--count", "1"],
            vec!["users", room],
            vec!["add", room, "beto"],
            vec!["remove", room, "ana"],
            vec!["topic", room, "mine"],
            vec!["rename", room, "mine"],
            vec!["archive", room],
        ]
    };
    for (hidden, missing) in commands("cellar").iter().zip(commands("nowhere")) {
        let (hidden, missing) = (refused(beto, hidden), refused(beto, &missing));
        assert_eq!(hidden.stderr.replace("cellar", "nowhere"), missing.stderr);
    }
    assert_eq!(listed(beto, "cellar"), None);

    let added = done(ana, &["add", "#cellar", "@beto"]);
    assert_eq!(added["handle"], "beto");
    let room = listed(beto, "cellar").unwrap();
    assert_eq!((&room["role"], &room["members"]), (&"member".into(), &2.into()));
    assert_eq!(kinds(beto, "cellar"), ["joined", "posted", "added"], "the history is everyone's");
    let text = refused(beto, &["add", "cellar", "ana"]).stderr;
    assert!(text.contains("role"), "{text}");
    done(beto, &["send", "cellar", "hi"]);

    done(ana, &["remove", "cellar", "beto"]);
    assert_eq!(listed(beto, "cellar"), None);
    // Its name is free to who does not see it; who then sees two of one name is asked to settle it.
    done(beto, &["create", "cellar", "--private"]);
    done(ana, &["add", "cellar", "beto"]);
    let text = refused(beto, &["send", "cellar", "which?"]).stderr;
    assert!(text.contains("several rooms #cellar"), "{text}");
    done(ana, &["remove", "cellar", "beto"]);
    done(beto, &["rename", "cellar", "attic"]);
    refused(beto, &["send", "cellar", "hi"]);
    let text = refused(ana, &["add", "cellar", "nobody"]).stderr;
    assert!(text.contains("@nobody"), "{text}");
}

#[test]
fn who_enters_later_reads_what_the_room_lets_them() {
    let house = house();
    let House { ana, beto, .. } = &house;
    done(ana, &["create", "open", "--history", "joined"]);
    for n in 0..3 {
        done(ana, &["send", "open", &format!("before {n}")]);
    }
    assert_eq!(kinds(beto, "open"), [""; 0], "not before entering");
    done(beto, &["enter", "open"]);
    done(ana, &["send", "open", "after"]);
    assert_eq!(kinds(beto, "open"), ["joined", "posted"]);
    assert_eq!(kinds(ana, "open").len(), 6);
    let tailed = beto.objects(&["tail", "open", "--since", "0", "--count", "2"]).unwrap();
    assert_eq!(
        tailed.iter().map(|event| event["seq"].as_u64().unwrap()).collect::<Vec<_>>(),
        [5, 6]
    );
}

#[test]
fn two_people_talk_alone() {
    let house = house();
    let House { ana, beto, .. } = &house;
    let receipt = done(ana, &["dm", "beto", "just us"]);
    assert_eq!((&receipt["room"], &receipt["seq"]), (&"@beto".into(), &3.into()));
    let room = listed(beto, "@ana").unwrap();
    assert_eq!((&room["kind"], &room["unread"]), (&"direct".into(), &1.into()));
    done(beto, &["send", "@ana", "yes"]);
    assert_eq!(done(beto, &["dm", "@ana"])["room"], "@ana");
    let texts: Vec<_> = ana
        .objects(&["history", "@beto"])
        .unwrap()
        .into_iter()
        .filter(|event| event["kind"] == "posted")
        .map(|event| event["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["just us", "yes"]);

    let carla = house.person("Carla");
    assert_eq!(carla.objects(&["rooms"]).unwrap().len(), 1, "the lobby");
    refused(&carla, &["history", "@ana"]);
    refused(ana, &["leave", "@beto"]);
    refused(ana, &["add", "@beto", "carla"]);
    assert!(refused(ana, &["dm", "nobody", "x"]).stderr.contains("@nobody"));
    refused(ana, &["dm", "ana", "myself"]);
    refused(ana, &["create", "@beto"]);
}

#[test]
fn a_room_gets_a_topic_another_name_and_an_end() {
    let house = house();
    let House { ana, beto, .. } = &house;
    done(ana, &["create", "garden"]);
    done(beto, &["enter", "garden"]);
    refused(beto, &["topic", "garden", "weeds"]);
    assert_eq!(done(ana, &["topic", "garden", "plants"])["topic"], "plants");
    assert_eq!(listed(beto, "garden").unwrap()["topic"], "plants");

    assert_eq!(done(ana, &["rename", "garden", "park"])["room"], "park");
    assert_eq!(listed(beto, "garden"), None);
    refused(ana, &["rename", "park", "lobby"]);

    assert_eq!(done(ana, &["archive", "park"])["archived"], true);
    let text = refused(beto, &["send", "park", "anybody?"]).stderr;
    assert!(text.contains("archived"), "{text}");
    assert_eq!(kinds(beto, "park").last().unwrap(), "archived");
    done(ana, &["archive", "park", "--undo"]);
    done(beto, &["send", "park", "anybody?"]);
    assert_eq!(
        kinds(beto, "park"),
        ["joined", "joined", "topic", "renamed", "archived", "unarchived", "posted"]
    );
    refused(ana, &["archive", "lobby"]);
}

#[test]
fn roles_in_a_room_are_given_and_taken() {
    let house = house();
    let House { ana, beto, .. } = &house;
    let carla = house.person("Carla");
    done(beto, &["create", "band", "--private"]);
    done(beto, &["add", "band", "carla", "--role", "guest"]);
    refused(&carla, &["send", "band", "la la"]);
    done(beto, &["add", "band", "carla", "--role", "moderator"]);
    done(&carla, &["add", "band", "ana"]);
    refused(&carla, &["remove", "band", "beto"]);
    refused(&carla, &["add", "band", "ana", "--role", "owner"]);
    let people = ana.objects(&["users", "band"]).unwrap();
    let roles: Vec<_> = people
        .iter()
        .map(|person| (person["handle"].as_str().unwrap(), person["role"].as_str().unwrap()))
        .collect();
    assert_eq!(roles, [("ana", "member"), ("beto", "owner"), ("carla", "moderator")]);
    done(beto, &["leave", "band"]);
    let last = carla.objects(&["history", "band", "--limit", "1"]).unwrap().remove(0);
    assert_eq!(
        (&last["kind"], &last["member"], &last["role"]),
        (&"role".into(), &"carla".into(), &"owner".into())
    );
}

#[test]
fn who_is_named_finds_it_in_the_list_until_it_is_read() {
    let house = house();
    let House { ana, beto, .. } = &house;
    done(ana, &["send", "lobby", "is @Beto there? @beto!"]);
    done(ana, &["send", "lobby", "or anybody"]);
    let room = listed(beto, "lobby").unwrap();
    assert_eq!((&room["unread"], &room["mentions"]), (&2.into(), &1.into()));
    assert_eq!(listed(ana, "lobby").unwrap()["mentions"], 0);
    done(beto, &["send", "lobby", "here"]);
    let room = listed(beto, "lobby").unwrap();
    assert_eq!((&room["unread"], &room["mentions"]), (&0.into(), &0.into()), "who posts has read");
}
