//! Clients of before still understand a server of today: what they said and heard was written down
//! (`netsim-tests/golden/VERSION`), and is said to it again.
//!
//! `cargo test -p tertulia-netsim --test golden -- --ignored` writes such files with the command
//! line of today, for the version that is about to be released; those of a released version are
//! never written again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use tertulia_netsim::golden::{Script, Tap, play, record};
use tokio::task::spawn_blocking;

/// The version whose files are written.
const VERSION: &str = "1.0";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn files() -> Vec<PathBuf> {
    let list = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = list(&folder()).flat_map(|version| list(&version)).collect();
    files.sort();
    files
}

async fn played(script: &Script) -> Result<()> {
    play(script, tempfile::tempdir()?.path()).await
}

#[tokio::test]
async fn clients_of_every_version_hear_what_they_heard_then() {
    let files = files();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let script: Script = fs::read_to_string(&file).unwrap().parse().unwrap();
        if let Err(error) = played(&script).await {
            panic!("{}: {error:#}", file.display());
        }
    }
}

#[tokio::test]
async fn an_answer_that_differs_is_noticed() {
    let talk = fs::read_to_string(folder().join(VERSION).join("talk.txt")).unwrap();
    let welcome = talk.lines().find(|line| line.starts_with("1 < control 8: ")).unwrap();
    // Another account than it was.
    assert!(welcome.contains(" 0103616e61"), "account 1, ana: {welcome}");
    let other = welcome.replace(" 0103616e61", " 0203616e61");
    let script: Script = talk.replace(welcome, &other).parse().unwrap();
    let told = format!("{:#}", played(&script).await.unwrap_err());
    assert!(told.contains("at the line: 1 < control 8") && told.contains("it is: 8: "), "{told}");
}

/// Calls of a person, each of which must succeed.
async fn calls(tap: &Tap, who: &str, calls: &[&[&str]]) -> Result<()> {
    for call in calls {
        let cli = tap.cli(who);
        let call: Vec<_> = call.iter().map(|word| (*word).to_owned()).collect();
        let called = spawn_blocking(move || {
            let words: Vec<_> = call.iter().map(String::as_str).collect();
            cli.call(&words)
        });
        let called = called.await??;
        ensure!(called.code == 0, "{called:?}");
    }
    Ok(())
}

async fn both_join(tap: &Tap) -> Result<()> {
    calls(tap, "ana", &[&["join", &tap.owner(), "--name", "Ana"]]).await?;
    calls(tap, "beto", &[&["join", &tap.member(), "--name", "Beto"]]).await
}

/// At most one room beside the lobby in each story: lists are in the order of ids.
async fn talk(tap: &Tap) -> Result<()> {
    both_join(tap).await?;
    calls(tap, "ana", &[&["create", "garden"], &["send", "garden", "Who waters the tomatoes?"]])
        .await?;
    calls(tap, "beto", &[&["enter", "garden"], &["send", "garden", "I do, @ana"]]).await?;
    calls(
        tap,
        "ana",
        &[
            &["history", "garden", "--limit", "3"],
            &["rooms"],
            &["users", "garden"],
            &["users"],
            &["tail", "garden", "--since", "2", "--count", "2"],
            &["send", "lobby", "Good morning"],
        ],
    )
    .await?;
    calls(tap, "beto", &[&["history", "lobby"], &["leave", "garden"], &["rooms"]]).await
}

async fn private(tap: &Tap) -> Result<()> {
    both_join(tap).await?;
    calls(tap, "ana", &[&["create", "shed", "--private"], &["add", "shed", "beto"]]).await?;
    calls(tap, "beto", &[&["send", "shed", "Here"], &["users", "shed"]]).await?;
    calls(tap, "ana", &[&["remove", "shed", "beto"], &["history", "shed"]]).await
}

async fn direct(tap: &Tap) -> Result<()> {
    both_join(tap).await?;
    calls(tap, "ana", &[&["dm", "beto", "Between you and me"]]).await?;
    calls(tap, "beto", &[&["rooms"], &["history", "@ana"], &["send", "@ana", "Yes"]]).await
}

#[tokio::test]
#[ignore = "it writes files"]
async fn write_them_down() {
    let dir = folder().join(VERSION);
    fs::create_dir_all(&dir).unwrap();
    let tapped = || tempfile::tempdir().unwrap();
    for (name, script) in [
        ("talk", record(tapped().path(), talk).await),
        ("private", record(tapped().path(), private).await),
        ("direct", record(tapped().path(), direct).await),
    ] {
        let text = format!("# See netsim-tests/src/golden. {name}, as tests/golden.rs tells it.\n");
        fs::write(dir.join(format!("{name}.txt")), text + &script.unwrap().to_string()).unwrap();
    }
}
