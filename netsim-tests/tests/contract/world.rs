//! A server, two people, and what a call may say.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tertulia_netsim::process::{Called, Cli, ServerProcess, programs};

pub(crate) const FAILED: i32 = 1;
pub(crate) const WRONG: i32 = 2;
pub(crate) const NO_ANSWER: i32 = 3;

/// For what has to come: only a failure takes that long.
const PATIENCE: Duration = Duration::from_secs(120);
const LINES_AHEAD: usize = 1_024;

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
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Talk {
    pub(crate) fn begin(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: lines_of(child.stdout.take().unwrap()),
            stderr: lines_of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// A tail that is live.
    pub(crate) fn tail(cli: &Cli, arguments: &[&str]) -> Self {
        let mut tail = Self::begin(cli.command(&[&["tail"], arguments].concat()).unwrap());
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

    /// The next line of standard output.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.stdout.recv_timeout(PATIENCE).expect("a line on standard output")
    }

    /// The next line of standard output as an object.
    #[track_caller]
    pub(crate) fn object(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    /// The next line of standard error.
    #[track_caller]
    pub(crate) fn complaint(&mut self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("a line on standard error")
    }

    /// Reads standard error up to a line with this in it.
    #[track_caller]
    pub(crate) fn until_it_says(&mut self, word: &str) -> String {
        loop {
            let line = self.complaint();
            if line.contains(word) {
                return line;
            }
        }
    }

    /// Closes standard input and waits for the end: exit code, the rest of both outputs.
    pub(crate) fn end(mut self) -> Called {
        drop(self.stdin.take());
        self.end_unasked()
    }

    /// The same with standard input left open.
    pub(crate) fn end_unasked(mut self) -> Called {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        for (from, to) in [(&self.stdout, &mut stdout), (&self.stderr, &mut stderr)] {
            while let Some(line) = next_or_end(from) {
                to.push_str(&line);
                to.push('\n');
            }
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Called { code, stdout, stderr }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None`: the output is over.
fn next_or_end(from: &Receiver<String>) -> Option<String> {
    match from.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("the command does not end"),
    }
}

/// Lines as they come, so that waiting for one can have an end.
#[expect(clippy::disallowed_methods, reason = "pipes of real processes; nothing is simulated here")]
fn lines_of(from: impl Read + Send + 'static) -> Receiver<String> {
    let (tx, rx) = sync_channel(LINES_AHEAD);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if tx.send(line).is_err() {
                return;
            }
        }
    });
    rx
}
