//! After a stop that was not clean: what is new is verified before anything is served, the rest
//! beside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use rusqlite::config::DbConfig;
use serde_json::{Value, json};
use tertulia_netsim::process::{ServerProcess, eventually};

use world::{World, stats};

/// The damage that a process leaves that is killed right after it.
fn damage_unclean(world: &World, sql: &str) {
    let db = world.database();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    db.execute_batch(sql).unwrap();
}

fn kill(world: &mut World) {
    world.server.take().unwrap().kill().unwrap();
}

/// What `stats` says once the whole history was looked at.
fn verified(world: &World) -> Value {
    let looked = || Some(stats(&world.data())).filter(|stats| stats["unverified"] == json!(0));
    eventually("the end of the verification", looked).unwrap()
}

#[test]
fn damage_in_what_is_new_is_said_and_refused() {
    let mut world = World::new();
    kill(&mut world);
    damage_unclean(&world, "UPDATE body SET bytes = x'00' WHERE position = 20");
    let refused = ServerProcess::start(&world.data()).unwrap_err().to_string();
    for words in ["tertulia.db is damaged", "entry 20", "recover"] {
        assert!(refused.contains(words), "no {words:?} in {refused}");
    }
    let again = ServerProcess::start(&world.data()).unwrap_err().to_string();
    assert!(again.contains("entry 20"), "a refused start leaves it as it is: {again}");
}

#[test]
fn damage_in_what_is_old_is_found_beside_serving_and_said() {
    let mut world = World::new();
    let address = world.address();
    world.stop();
    world.damage("UPDATE body SET bytes = x'00' WHERE position = 20");
    world.start(&world.data(), &address);
    assert_eq!(stats(&world.data())["damage"], json!(0), "nobody looks after a clean stop");
    world.say(&world.beto, "lobby", 40..=41);
    kill(&mut world);
    let metrics = ["--metrics", "127.0.0.1:0"];
    world.server = Some(ServerProcess::start_with(&world.data(), &address, &metrics).unwrap());
    world.say(&world.beto, "lobby", 42..=42);
    let found = verified(&world);
    assert_eq!(found["damage"], json!(1));
    let first = found["first_damage"].as_str().unwrap();
    assert!(first.starts_with("entry 20: its body"), "{first}");
    let log = world.server.as_ref().unwrap().log();
    assert!(log.contains("the history is damaged") && log.contains("entry 20"), "{log}");
    assert!(!log.contains("word"), "what was written stays out of logs: {log}");
    let page = metrics_of(&log);
    assert!(page.contains("\ntertulia_damage 1\n"), "{page}");
    assert!(page.contains("\ntertulia_unverified 0\n"), "{page}");
    world.stop();
    assert_eq!(stats(&world.data())["damage"], json!(1), "nobody mended it");
}

#[test]
fn a_sound_history_is_looked_at_once_and_a_clean_stop_asks_for_nothing() {
    let mut world = World::new();
    let address = world.address();
    kill(&mut world);
    let left = stats(&world.data())["log_position"].as_u64().unwrap();
    world.start(&world.data(), &address);
    let found = verified(&world);
    assert_eq!((&found["damage"], &found["first_damage"]), (&json!(0), &Value::Null));
    assert_eq!(found["log_position"].as_u64().unwrap(), left, "looking writes nothing");
    let log = world.server.as_ref().unwrap().log();
    assert!(log.contains("a stop was not clean"), "{log}");
    world.stop();
    world.start(&world.data(), &address);
    world.say(&world.ana, "garden", 50..=50);
    let log = world.server.as_ref().unwrap().log();
    assert!(!log.contains("not clean"), "{log}");
}

fn metrics_of(log: &str) -> String {
    let (_, rest) = log.split_once("http://").unwrap();
    let mut stream = TcpStream::connect(rest.split_once("/metrics").unwrap().0).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}
