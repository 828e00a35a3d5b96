//! A server with people in it, and what an operator asks of it.

#![allow(dead_code, reason = "each test file uses a part")]

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess, operate};

pub(crate) const FAILED: i32 = 1;
pub(crate) const WRONG: i32 = 2;
pub(crate) const PAGE: usize = 4_096;

/// A server with two people in two rooms, who have said something.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) server: Option<ServerProcess>,
    pub(crate) ana: Cli,
    pub(crate) beto: Cli,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(&dir.path().join("data")).unwrap();
        let owner = server.owner_link().unwrap();
        let ana = Cli::joined(dir.path().join("ana"), &owner, "Ana").unwrap();
        let invite = server.invite(&["--uses", "3"]).unwrap();
        let beto = Cli::joined(dir.path().join("beto"), &invite, "Beto").unwrap();
        ana.objects(&["create", "garden"]).unwrap();
        let this = Self { dir, server: Some(server), ana, beto };
        this.say(&this.ana, "lobby", 1..=20);
        this.say(&this.beto, "garden", 1..=20);
        this
    }

    pub(crate) fn say(&self, who: &Cli, room: &str, numbers: std::ops::RangeInclusive<u32>) {
        let lines: String = numbers.map(|n| format!("word {n}\n")).collect();
        let called = who.call_with(&["send", room], &lines).unwrap();
        assert_eq!(called.code, 0, "{called:?}");
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn address(&self) -> String {
        self.server.as_ref().unwrap().address().to_string()
    }

    pub(crate) fn stop(&mut self) {
        assert_eq!(self.server.take().unwrap().terminate().unwrap(), Some(0));
    }

    pub(crate) fn start(&mut self, data: &Path, address: &str) {
        self.server = Some(ServerProcess::start_with(data, address, &[]).unwrap());
    }

    pub(crate) fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data().join("tertulia.db")).unwrap()
    }

    pub(crate) fn damage(&self, sql: &str) {
        self.database().execute_batch(sql).unwrap();
    }

    /// Overwrites the pages that hold these bytes.
    pub(crate) fn wipe_pages_with(&self, needle: &[u8]) -> usize {
        let path = self.data().join("tertulia.db");
        let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let mut wiped = 0;
        for (number, page) in bytes.chunks(PAGE).enumerate() {
            if page.windows(needle.len()).any(|window| window == needle) {
                file.seek(SeekFrom::Start((number * PAGE) as u64)).unwrap();
                file.write_all(&[0xa5; PAGE]).unwrap();
                wiped += 1;
            }
        }
        wiped
    }
}

pub(crate) fn on(data: &Path, arguments: &[&str]) -> Called {
    operate(data, arguments).unwrap()
}

#[track_caller]
pub(crate) fn done(data: &Path, arguments: &[&str]) -> Called {
    let called = on(data, arguments);
    assert_eq!(called.code, 0, "{arguments:?}: {called:?}");
    called
}

#[track_caller]
pub(crate) fn assert_refused(called: &Called, code: i32, words: &[&str]) {
    assert_eq!(called.code, code, "{called:?}");
    assert_eq!(called.stderr.lines().count(), 1, "one clear line: {called:?}");
    for word in words {
        assert!(called.stderr.contains(word), "no {word:?} in {:?}", called.stderr);
    }
}

pub(crate) fn posted(cli: &Cli, room: &str) -> Vec<Value> {
    let mut events = cli.objects(&["history", room, "--limit", "1000"]).unwrap();
    events.retain(|event| event["kind"] == "posted");
    events
}

pub(crate) fn texts(cli: &Cli, room: &str) -> Vec<String> {
    posted(cli, room).iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn words(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("word {n}")).collect()
}

pub(crate) fn stats(data: &Path) -> Value {
    let objects = done(data, &["stats"]).objects().unwrap();
    assert_eq!(objects.len(), 1);
    objects[0].clone()
}
