//! A server, two people, and what a call may say.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess, eventually, programs};

pub(crate) const FAILED: i32 = 1;
pub(crate) const WRONG: i32 = 2;
pub(crate) const NO_ANSWER: i32 = 3;

/// A server, its owner Ana, a member Beto.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) server: ServerProcess,
    pub(crate) ana: Cli,
    pub(crate) beto: Cli,
}

impl World {
    pub(crate) fn new() -> Self {
        let (dir, server) = lonely_server();
        let owner = server.owner_link().unwrap();
        let ana = Cli::joined(dir.path().join("ana"), &owner, "Ana").unwrap();
        let invite = server.invite(&[]).unwrap();
        let beto = Cli::joined(dir.path().join("beto"), &invite, "Beto").unwrap();
        Self { dir, server, ana, beto }
    }

    /// A profile that has joined nothing.
    pub(crate) fn nobody(&self) -> Cli {
        Cli::new(self.dir.path().join("nobody"))
    }
}

/// A server that nobody has joined.
pub(crate) fn lonely_server() -> (TempDir, ServerProcess) {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(&dir.path().join("data")).unwrap();
    (dir, server)
}

/// It succeeds and says nothing beside its results.
#[track_caller]
pub(crate) fn done(cli: &Cli, arguments: &[&str]) -> Vec<Value> {
    let called = cli.call(arguments).unwrap();
    assert_eq!((called.code, called.stderr.as_str()), (0, ""), "{arguments:?}: {called:?}");
    called.objects().unwrap()
}

/// The same with one result.
#[track_caller]
pub(crate) fn one(cli: &Cli, arguments: &[&str]) -> Value {
    let mut objects = done(cli, arguments);
    assert_eq!(objects.len(), 1, "{arguments:?}: {objects:?}");
    objects.remove(0)
}

/// It ends with that code, one line on standard error, and no result. The line.
#[track_caller]
pub(crate) fn refused(cli: &Cli, arguments: &[&str], code: i32) -> String {
    let called = cli.call(arguments).unwrap();
    told_off(&called, code);
    called.stderr
}

#[track_caller]
pub(crate) fn told_off(called: &Called, code: i32) {
    assert_eq!((called.code, called.stdout.as_str()), (code, ""), "{called:?}");
    assert!(called.stderr.starts_with("tertulia-cli: "), "it says who speaks: {called:?}");
    assert_eq!(called.stderr.matches('\n').count(), 1, "one clear line: {called:?}");
}

pub(crate) fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

/// The texts of a room's messages.
pub(crate) fn texts(cli: &Cli, room: &str) -> Vec<String> {
    let events = done(cli, &["history", room, "--limit", "1000"]);
    let posted = events.iter().filter(|event| event["kind"] == "posted");
    posted.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

/// The room of that name in a person's list.
pub(crate) fn listed(cli: &Cli, room: &str) -> Option<Value> {
    done(cli, &["rooms"]).into_iter().find(|listed| listed["room"] == room)
}

/// How many messages wait in the profile's outbox: seen without starting a process that might
/// take them over.
pub(crate) fn queued(cli: &Cli) -> i64 {
    let count = || {
        let outbox = rusqlite::Connection::open(cli.profile().join("outbox.db")).ok()?;
        outbox.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).ok()
    };
    count().unwrap_or(0)
}

/// `tertulia-cli` as people call it, without `--json`.
pub(crate) fn plain(cli: &Cli, arguments: &[&str]) -> Command {
    let mut command = Command::new(programs().unwrap().join("tertulia-cli"));
    command.arg("--profile").arg(cli.profile()).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command that one talks with while it runs. Killed when dropped.
pub(crate) struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: BufReader<ChildStderr>,
}

impl Talk {
    pub(crate) fn begin(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: BufReader::new(child.stderr.take().unwrap()),
            child,
        }
    }

    /// A tail that is live.
    pub(crate) fn tail(cli: &Cli, arguments: &[&str]) -> Self {
        let all = [&["tail"], arguments].concat();
        let mut tail = Self::begin(cli.command(&all).unwrap());
        let line = tail.complaint();
        assert!(line.starts_with("following "), "{line}");
        tail
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of standard output, without its end.
    pub(crate) fn line(&mut self) -> String {
        next_line(self.stdout.as_mut().unwrap())
    }

    /// The next line of standard output as an object.
    pub(crate) fn object(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    /// The next line of standard error, without its end.
    pub(crate) fn complaint(&mut self) -> String {
        next_line(&mut self.stderr)
    }

    /// Reads standard error up to a line with this in it.
    pub(crate) fn until_it_says(&mut self, word: &str) -> String {
        loop {
            let line = self.complaint();
            if line.contains(word) {
                return line;
            }
        }
    }

    /// Nobody reads its standard output any more.
    pub(crate) fn stop_reading(&mut self) {
        self.stdout = None;
    }

    /// Closes standard input and waits for the end: exit code, the rest of both outputs.
    pub(crate) fn end(mut self) -> Called {
        drop(self.stdin.take());
        self.end_unasked()
    }

    /// The same with standard input left open.
    pub(crate) fn end_unasked(mut self) -> Called {
        let child = &mut self.child;
        let status = eventually("the end of the process", || child.try_wait().unwrap()).unwrap();
        let stdout = self.stdout.as_mut().map(|from| std::io::read_to_string(from).unwrap());
        Called {
            code: status.code().unwrap_or(-1),
            stdout: stdout.unwrap_or_default(),
            stderr: std::io::read_to_string(&mut self.stderr).unwrap(),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn next_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    assert_ne!(from.read_line(&mut line).unwrap(), 0, "it ended");
    line.trim_end_matches('\n').to_owned()
}
