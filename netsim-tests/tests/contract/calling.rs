//! How every program is called: help, version, long options, wrong use, a reader that goes away.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use tertulia_netsim::process::{Cli, eventually, programs};

use crate::world::{FAILED, WRONG, World, done, plain, refused};

const COMMANDS: [&str; 20] = [
    "join", "rooms", "create", "enter", "leave", "add", "remove", "dm", "users", "send", "tail",
    "history", "outbox", "status", "doctor", "chat", "nearby", "topic", "rename", "archive",
];

fn binaries() -> [(&'static str, std::path::PathBuf); 3] {
    let built = programs().unwrap();
    [
        ("tertulia-server", built.join("tertulia-server")),
        ("tertulia-cli", built.join("tertulia-cli")),
        ("tertulia-bench", env!("CARGO_BIN_EXE_tertulia-bench").into()),
    ]
}

fn call(binary: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(binary).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn help_and_version_are_results() {
    for (name, binary) in binaries() {
        let output = call(&binary, &["--version"]);
        let expected = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
        assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
        let output = call(&binary, &["--help"]);
        assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]), "{name}");
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Usage: ") && help.contains("--version"), "{help}");
    }
}

#[test]
fn each_command_has_its_help_and_each_option_a_long_name() {
    let cli = programs().unwrap().join("tertulia-cli");
    let overview = String::from_utf8(call(&cli, &["--help"]).stdout).unwrap();
    for command in COMMANDS {
        assert!(overview.contains(&format!("\n  {command} ")), "{command} in {overview}");
        let output = call(&cli, &[command, "--help"]);
        assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]), "{command}");
        let help = String::from_utf8(output.stdout).unwrap();
        for option in ["--profile <DIR>", "--json", "--timeout <SECONDS>", "--help"] {
            assert!(help.contains(option), "{option} in {help}");
        }
        let is_option = |line: &&str| line.starts_with('-') && !line.starts_with("- ");
        let mut options = help.lines().map(str::trim_start).filter(is_option);
        assert_eq!(options.find(|option| !option.contains("--")), None, "{command}");
    }
}

#[test]
fn wrong_use_is_told_on_standard_error_alone() {
    let world = World::new();
    for arguments in [
        &[][..],
        &["no-such-command"],
        &["rooms", "--no-such-flag"],
        &["join", "tertulia://h:1/ca"],
        &["join", "--name", "Ana"],
        &["send"],
        &["tail", "lobby", "--since", "yesterday"],
        &["tail", "lobby", "--count", "-1"],
        &["history", "lobby", "--limit", "many"],
        &["--timeout", "soon", "rooms"],
        &["--timeout", "-1", "rooms"],
        &["--timeout", "18446744073709551615", "rooms"],
        &["create", "garden", "--history", "none"],
        &["add", "lobby", "beto", "--role", "king"],
        &["add", "lobby"],
        &["dm"],
        &["outbox", "--drop"],
        &["doctor"],
    ] {
        let called = world.ana.call(arguments).unwrap();
        assert_eq!((called.code, called.stdout.as_str()), (WRONG, ""), "{arguments:?} {called:?}");
        assert!(!called.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn who_has_joined_nothing_is_told_how_by_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = Cli::new(dir.path().join("nobody"));
    for arguments in [
        &["rooms"][..],
        &["create", "garden"],
        &["enter", "garden"],
        &["leave", "garden"],
        &["add", "garden", "beto"],
        &["remove", "garden", "beto"],
        &["dm", "beto"],
        &["dm", "beto", "hi"],
        &["users"],
        &["users", "lobby"],
        &["send", "lobby", "hi"],
        &["send", "@beto", "hi"],
        &["tail", "lobby"],
        &["history", "lobby"],
        &["chat", "lobby"],
        &["topic", "lobby", "x"],
        &["rename", "lobby", "x"],
        &["archive", "lobby"],
    ] {
        let said = refused(&nobody, arguments, FAILED);
        assert!(said.contains("tertulia-cli join LINK --name NAME"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let world = World::new();
    done(&world.ana, &["create", "garden"]);
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["rooms"],
        &["users"],
        &["users", "lobby"],
        &["history", "lobby"],
        &["status"],
        &["enter", "garden"],
        &["topic", "garden", "plants"],
        &["add", "garden", "beto"],
        &["dm", "beto"],
        &["send", "garden", "hi"],
        &["tail", "lobby", "--since", "0"],
        &["doctor", &world.server.address().to_string()],
    ] {
        for command in [world.ana.command(arguments).unwrap(), plain(&world.ana, arguments)] {
            let (code, said) = without_a_reader(command);
            assert_eq!(code, Some(0), "{arguments:?}: {said}");
            let is_quiet = said.is_empty() || said.starts_with("following #lobby");
            assert!(is_quiet, "{arguments:?}: {said}");
        }
    }
    for (name, binary) in binaries() {
        let mut command = Command::new(binary);
        command.arg("--help");
        assert_eq!(without_a_reader(command), (Some(0), String::new()), "{name}");
    }
}

fn without_a_reader(mut command: Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child =
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    (ended(child), std::io::read_to_string(stderr).unwrap())
}

/// The exit code of a process that is to end by itself. One that does not is killed.
fn ended(mut child: Child) -> Option<i32> {
    let status = eventually("the end of the process", || child.try_wait().unwrap());
    if status.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    status.unwrap().code()
}

#[test]
fn a_tail_whose_reader_goes_away_ends_with_the_next_line() {
    let world = World::new();
    let mut command = world.beto.command(&["tail", "lobby", "--since", "1"]).unwrap();
    let mut tail = command.stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(tail.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.ends_with("}\n") && line.contains("\"seq\":2"), "{line}");
    drop(stdout);
    done(&world.ana, &["send", "lobby", "hi"]);
    assert_eq!(ended(tail), Some(0));
}

#[test]
fn standard_output_has_one_object_a_line_or_text_for_people() {
    let world = World::new();
    done(&world.ana, &["send", "lobby", "two\u{2028}lines \"quoted\" \u{1b}[2J"]);
    let called = world.ana.call(&["history", "lobby"]).unwrap();
    assert_eq!(called.stdout.lines().count(), 3);
    assert!(called.objects().unwrap().iter().all(serde_json::Value::is_object));
    let output = plain(&world.ana, &["history", "lobby"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("Ana: two") && !text.contains(['{', '\u{1b}']), "{text}");
}
