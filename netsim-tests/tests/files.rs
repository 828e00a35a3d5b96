//! Files by the real programs: sent, fetched, cut off anywhere, saved and made again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tertulia_netsim::process::{Called, Cli, ServerProcess, eventually};

use world::{FAILED, World, assert_refused, done, on, posted};

/// Some seconds of work for programs built for tests.
const LARGE: usize = 12_000_000;

/// A file that no other is like.
fn written(path: &Path, bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64 ^ bytes as u64;
    let content: Vec<u8> = (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    fs::write(path, &content).unwrap();
    content
}

fn upload(cli: &Cli, room: &str, path: &Path) -> Value {
    let objects = cli.objects(&["upload", room, path.to_str().unwrap()]).unwrap();
    assert_eq!(objects.len(), 1);
    objects[0].clone()
}

/// Fetches what an object tells of, and what it is then.
fn fetched(cli: &Cli, object: &Value, to: &Path) -> Vec<u8> {
    let (id, to) = (object["file"].as_str().unwrap(), to.to_str().unwrap());
    let objects = cli.objects(&["download", id, "--output", to, "--overwrite"]).unwrap();
    assert_eq!(objects[0]["sha256"], object["sha256"]);
    fs::read(objects[0]["path"].as_str().unwrap()).unwrap()
}

fn download(cli: &Cli, id: &str, more: &[&str], within: &Path) -> Called {
    let arguments = [&["download", id], more].concat();
    Called::by(cli.command(&arguments).unwrap().current_dir(within)).unwrap()
}

/// What came of files that are not whole, on the server.
fn partial(data: &Path) -> u64 {
    let Ok(found) = fs::read_dir(data.join("files/partial")) else { return 0 };
    found.map(|entry| entry.unwrap().metadata().map_or(0, |file| file.len())).sum()
}

/// How many contents are whole, on the server.
fn whole(data: &Path) -> u64 {
    let Ok(shelves) = fs::read_dir(data.join("files")) else { return 0 };
    let shelves = shelves.map(|shelf| shelf.unwrap().path());
    let shelves = shelves.filter(|shelf| !shelf.ends_with("partial"));
    shelves.map(|shelf| fs::read_dir(shelf).unwrap().count() as u64).sum()
}

#[test]
fn a_file_is_sent_shown_and_fetched() {
    let world = World::new();
    let path = world.path("informe año.pdf");
    let content = written(&path, 300_000);
    let sent = upload(&world.ana, "garden", &path);
    assert_eq!((&sent["room"], &sent["size"]), (&"garden".into(), &300_000.into()));
    assert_eq!(sent["sha256"].as_str().unwrap().len(), 64);
    let shown = posted(&world.beto, "garden").pop().unwrap();
    for key in ["seq", "file", "size", "sha256"] {
        assert_eq!(shown[key], sent[key], "{key}");
    }
    assert_eq!((&shown["kind"], &shown["name"]), (&"posted".into(), &"informe año.pdf".into()));
    assert_eq!(shown["text"], "📎 informe año.pdf (300.0 kB)");
    let (id, here) = (sent["file"].as_str().unwrap(), world.path("here"));
    fs::create_dir(&here).unwrap();
    let called = download(&world.beto, id, &[], &here);
    assert_eq!(called.code, 0, "{called:?}");
    assert_eq!(called.objects().unwrap()[0]["path"], "informe año.pdf");
    assert!(fs::read(here.join("informe año.pdf")).unwrap() == content);
    // Twice the same is two messages: it was whole.
    assert_ne!(upload(&world.ana, "garden", &path)["seq"], sent["seq"]);
    let direct = world.ana.objects(&["upload", "@beto", path.to_str().unwrap()]).unwrap();
    assert_eq!(direct[0]["room"], "@beto");
    let empty = world.path("empty");
    fs::write(&empty, "").unwrap();
    let sent = upload(&world.ana, "lobby", &empty);
    assert_eq!(fetched(&world.beto, &sent, &world.path("got")), b"");
}

#[test]
fn a_download_replaces_nothing_and_leads_nowhere_else() {
    let world = World::new();
    let path = world.path("a.txt");
    let content = written(&path, 1_000);
    let sent = upload(&world.ana, "lobby", &path);
    let (id, here) = (sent["file"].as_str().unwrap(), world.path("here"));
    fs::create_dir(&here).unwrap();
    fs::write(here.join("a.txt"), "mine").unwrap();
    for more in [&[][..], &["--output", "."], &["--output", "a.txt"]] {
        assert_refused(&download(&world.beto, id, more, &here), FAILED, &["a.txt", "--overwrite"]);
    }
    assert_eq!(fs::read(here.join("a.txt")).unwrap(), b"mine");
    assert_eq!(download(&world.beto, id, &["--output", "b.txt"], &here).code, 0);
    assert_eq!(download(&world.beto, id, &["--overwrite"], &here).code, 0);
    assert!(fs::read(here.join("a.txt")).unwrap() == content);
    assert_eq!(fs::read_dir(&here).unwrap().count(), 2, "nothing is left beside them");
    let nowhere = download(&world.beto, id, &["--output", "no/such/folder"], &here);
    assert_refused(&nowhere, FAILED, &["no/such/folder"]);
}

#[test]
fn a_file_that_one_may_not_see_is_one_that_is_not_there() {
    let world = World::new();
    world.ana.objects(&["create", "council", "--private"]).unwrap();
    let path = world.path("secret");
    written(&path, 1_000);
    let sent = upload(&world.ana, "council", &path);
    let hidden = download(&world.beto, sent["file"].as_str().unwrap(), &[], world.dir.path());
    assert_refused(&hidden, FAILED, &["no such file"]);
    for id in ["4711.1", "1.1", "1.999", "nonsense", sent["sha256"].as_str().unwrap()] {
        let called = download(&world.beto, id, &[], world.dir.path());
        assert_eq!((called.code, &called.stderr), (FAILED, &hidden.stderr), "{id}");
    }
    let into = |room| world.beto.call(&["upload", room, path.to_str().unwrap()]).unwrap();
    let (hidden, missing) = (into("council"), into("nowhere"));
    assert_eq!(hidden.code, FAILED);
    assert_eq!(hidden.stderr.replace("council", "nowhere"), missing.stderr);
    let no_file = world.ana.call(&["upload", "lobby", "/no/such/file"]).unwrap();
    assert_refused(&no_file, FAILED, &["/no/such/file"]);
    let folder = world.ana.call(&["upload", "lobby", "/"]).unwrap();
    assert_refused(&folder, FAILED, &["no file"]);
}

#[test]
fn an_upload_whose_program_is_killed_goes_on_with_the_next_and_is_one_message() {
    let world = World::new();
    let path = world.path("large");
    let content = written(&path, LARGE);
    let mut running = world.ana.start(&["upload", "garden", path.to_str().unwrap()]).unwrap();
    let before = eventually("some of it", || Some(partial(&world.data())).filter(|got| *got > 0));
    running.kill().unwrap();
    assert!(before.unwrap() < LARGE as u64);
    let kept = partial(&world.data());
    assert!(kept > 0, "it is kept");
    let sent = upload(&world.ana, "garden", &path);
    assert!(fetched(&world.beto, &sent, &world.path("got")) == content);
    let with_file =
        posted(&world.beto, "garden").iter().filter(|at| at["file"].is_string()).count();
    assert_eq!(with_file, 1);
}

#[test]
fn a_download_whose_program_is_killed_goes_on_with_the_next() {
    let world = World::new();
    let path = world.path("large");
    let content = written(&path, LARGE);
    let sent = upload(&world.ana, "garden", &path);
    let id = sent["file"].as_str().unwrap();
    let (folder, target) = (world.path("got"), world.path("got/large"));
    fs::create_dir(&folder).unwrap();
    let arguments = ["download", id, "--output", target.to_str().unwrap()];
    let mut running = world.beto.start(&arguments).unwrap();
    let part = eventually("some of it", || {
        let part = fs::read_dir(&folder).unwrap().next()?.unwrap();
        (part.metadata().ok()?.len() > 0).then(|| part.path())
    });
    running.kill().unwrap();
    let part: PathBuf = part.unwrap();
    assert!(!target.exists() && part.extension().is_some_and(|end| end == "part"));
    let inode = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        path.metadata().unwrap().ino()
    };
    let begun = inode(&part);
    assert_eq!(world.beto.call(&arguments).unwrap().code, 0);
    assert_eq!(inode(&target), begun, "it is what had come before, and the rest");
    assert!(fs::read(&target).unwrap() == content);
    // What lies there is of another content for once, as a broken disk leaves it.
    fs::rename(&target, &part).unwrap();
    fs::write(&part, vec![7; LARGE / 2]).unwrap();
    assert_eq!(world.beto.call(&arguments).unwrap().code, 0);
    assert!(fs::read(&target).unwrap() == content);
}

#[test]
fn whenever_the_server_is_killed_a_message_with_a_file_has_it_whole() {
    let mut world = World::new();
    let address = world.address();
    for round in 0..4u64 {
        let path = world.path(&format!("file-{round}"));
        let content = written(&path, 3_000_000 + round as usize);
        let arguments = ["--timeout", "60", "upload", "garden", path.to_str().unwrap()];
        let running = world.ana.start(&arguments).unwrap();
        // At the beginning, in the middle, about its end.
        let at = round * 900_000;
        let data = world.data();
        eventually("so much of it", || {
            let all = partial(&data);
            (all > 0 && all >= at || whole(&data) > round).then_some(())
        })
        .unwrap();
        world.server.take().unwrap().kill().unwrap();
        let check = done(&data, &["check"]);
        assert!(check.stdout.starts_with("ok: "), "{check:?}");
        world.server = Some(ServerProcess::start_with(&data, &address, &[]).unwrap());
        let ended = running.end().unwrap();
        assert_eq!(ended.code, 0, "{ended:?}");
        let sent = &ended.objects().unwrap()[0];
        assert!(fetched(&world.beto, sent, &world.path("got")) == content, "round {round}");
        let sizes: Vec<_> = posted(&world.beto, "garden")
            .iter()
            .filter_map(|event| event["size"].as_u64())
            .collect();
        let all: Vec<_> = (0..=round).map(|round| 3_000_000 + round).collect();
        assert_eq!(sizes, all, "each once");
    }
}

#[test]
fn a_backup_holds_the_files_and_check_knows_when_one_is_damaged() {
    let mut world = World::new();
    let path = world.path("a.bin");
    let content = written(&path, 5_000_000);
    let sent = upload(&world.ana, "lobby", &path);
    let saved = world.path("saved.db");
    done(&world.data(), &["backup", saved.to_str().unwrap()]);
    assert!(saved.metadata().unwrap().len() > 5_000_000);
    let later = world.path("later.bin");
    written(&later, 2_000);
    let later = upload(&world.ana, "lobby", &later);
    let hex = later["sha256"].as_str().unwrap();
    let stored = world.data().join("files").join(&hex[..2]).join(&hex[2..]);
    assert!(done(&world.data(), &["check"]).stdout.starts_with("ok: "));
    fs::write(&stored, vec![0; 2_000]).unwrap();
    assert!(on(&world.data(), &["check"]).stdout.contains(hex), "another content");
    fs::remove_file(&stored).unwrap();
    assert!(on(&world.data(), &["check"]).stdout.contains(hex), "none");
    let called = done(&world.data(), &["backup", world.path("holes.db").to_str().unwrap()]);
    assert!(called.stderr.contains("1 files"), "{called:?}");

    let address = world.address();
    world.stop();
    for place in ["data", "elsewhere"] {
        let data = world.path(place);
        done(&data, &["restore", saved.to_str().unwrap()]);
        assert!(done(&data, &["check"]).stdout.starts_with("ok: "), "{place}");
        assert!(!data.join("files.new").exists());
        world.start(&data, &address);
        assert!(fetched(&world.beto, &sent, &world.path("got")) == content, "{place}");
        world.stop();
    }
    let aside = fs::read_dir(world.data()).unwrap().map(|entry| entry.unwrap().path());
    let aside = aside.filter(|path| path.join("files").is_dir()).count();
    assert_eq!(aside, 1, "what was there is set aside");
}

#[test]
fn recovering_loses_no_file_not_even_one_whose_message_is_lost() {
    let mut world = World::new();
    let path = world.path("a.bin");
    let content = written(&path, 100_000);
    let sent = upload(&world.ana, "lobby", &path);
    let address = world.address();
    world.stop();
    let hex = sent["sha256"].as_str().unwrap();
    done(&world.data(), &["recover", world.data().join("tertulia.db").to_str().unwrap()]);
    world.start(&world.data(), &address);
    assert!(fetched(&world.beto, &sent, &world.path("got")) == content);
    let aside = fs::read_dir(world.data()).unwrap().map(|entry| entry.unwrap().path());
    let mut kept = aside.map(|path| path.join("files").join(&hex[..2]).join(&hex[2..]));
    assert!(kept.any(|path| fs::read(path).is_ok_and(|kept| kept == content)));
}

#[test]
fn what_the_operator_allows_is_told_in_words() {
    let mut world = World::new();
    let address = world.address();
    world.stop();
    let config = world.path("tertulia.toml");
    fs::write(&config, "[files]\nlargest_mb = 1\naccount_mb = 2\n").unwrap();
    let with = ["--config", config.to_str().unwrap()];
    world.server = Some(ServerProcess::start_with(&world.data(), &address, &with).unwrap());
    let path = world.path("a.bin");
    written(&path, 1_000_001);
    let call = || world.ana.call(&["upload", "lobby", path.to_str().unwrap()]).unwrap();
    assert_refused(&call(), FAILED, &["larger"]);
    for bytes in [999_998, 999_999] {
        written(&path, bytes);
        assert_eq!(call().code, 0);
    }
    written(&path, 1_000_000);
    assert_refused(&call(), FAILED, &["used up"]);
}
