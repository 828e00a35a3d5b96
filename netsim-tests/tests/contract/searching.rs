//! `search`: every message with the words, of the rooms that are meant, the newest first.

use crate::world::{FAILED, WRONG, World, done, plain, refused, seqs, told_off};

/// Lobby: 3 and 5 are about coffee; garden, where Beto is not: 2.
fn full() -> World {
    let world = World::new();
    for text in ["Café at three?", "no", "the COFFEE machine, cafe style"] {
        done(&world.ana, &["send", "lobby", text]);
    }
    done(&world.ana, &["create", "garden"]);
    done(&world.ana, &["send", "garden", "a café in the garden"]);
    world
}

#[test]
fn a_search_finds_the_words_whatever_their_case_and_accents_the_newest_first() {
    let world = full();
    let found = done(&world.beto, &["search", "CAFE", "--room", "#lobby"]);
    assert_eq!(seqs(&found), [5, 3]);
    let history = done(&world.beto, &["history", "lobby"]);
    assert_eq!(found[1], history[2], "the same object as in the history");
    assert_eq!(seqs(&done(&world.beto, &["search", "style coffee", "--room", "lobby"])), [5]);
    assert_eq!(seqs(&done(&world.beto, &["search", "style three"])), [0; 0], "all of the words");
}

#[test]
fn a_search_without_a_room_is_of_those_that_one_is_in_and_one_of_a_room_enters_none() {
    let world = full();
    let rooms = |found: Vec<serde_json::Value>| {
        let mut rooms: Vec<String> =
            found.iter().map(|event| event["room"].as_str().unwrap().to_owned()).collect();
        rooms.sort_unstable();
        rooms
    };
    assert_eq!(rooms(done(&world.ana, &["search", "café"])), ["garden", "lobby", "lobby"]);
    assert_eq!(rooms(done(&world.beto, &["search", "café"])), ["lobby", "lobby"]);
    assert_eq!(rooms(done(&world.beto, &["search", "café", "--room", "garden"])), ["garden"]);
    assert_eq!(rooms(done(&world.beto, &["search", "café"])), ["lobby", "lobby"], "still not in");
}

#[test]
fn a_search_goes_on_to_the_first_message_over_many_pages() {
    let world = World::new();
    let mut lines = String::from("the needle\n");
    lines.extend((0..1_200).map(|n| format!("{n}\n")));
    let sent = world.ana.call_with(&["--timeout", "300", "send", "lobby"], &lines).unwrap();
    assert_eq!(sent.code, 0);
    assert_eq!(seqs(&done(&world.beto, &["search", "needle"])), [3]);
}

#[test]
fn a_search_for_nothing_or_where_nobody_may_look_says_so() {
    let world = full();
    done(&world.ana, &["create", "attic", "--private"]);
    refused(&world.beto, &["search", " "], WRONG);
    let private = refused(&world.beto, &["search", "x", "--room", "attic"], FAILED);
    let unknown = refused(&world.beto, &["search", "x", "--room", "nowhere"], FAILED);
    assert_eq!(private.replace("attic", "nowhere"), unknown);
    let unjoined = world.nobody().call(&["search", "x"]).unwrap();
    told_off(&unjoined, FAILED);
}

#[test]
fn a_person_reads_of_a_find_where_it_stands() {
    let world = full();
    let output = plain(&world.beto, &["search", "three"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("#lobby 3  20"), "{shown}");
    assert!(shown.ends_with("  Ana: Café at three?\n"), "{shown}");
}
