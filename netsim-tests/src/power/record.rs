//! Programs under `strace`, which writes down what they do to files.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::{
    replay::{CALLS, Replay},
    trace::{Reader, Step},
};
use crate::process::eventually;

/// No write is longer; what is left out of a record makes it unreadable.
const LONGEST_WRITE: &str = "16777216";
/// Where the last line of a record is looked for.
const LAST: u64 = 256;

/// Fails where there is no `strace`, or it may not trace.
pub fn check() -> Result<()> {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).stdin(Stdio::null()).stderr(Stdio::piped());
    let output = strace.output().context("power cuts take strace: install it, then try again")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("strace may not trace programs here: {}", said.trim_end());
    }
    Ok(())
}

/// The same command, whose process (and not strace's) is the child, recorded in that file.
pub fn recorded(command: &Command, to: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "-y", "-ttt", "--seccomp-bpf", "-s", LONGEST_WRITE, "-e"]);
    strace.arg(format!("trace={CALLS}")).arg("-o").arg(to);
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace
}

/// Waits until a record has its last line; its program has ended, or is about to.
pub fn ended(record: &Path) -> Result<()> {
    let ends = |thread: &str, line: &str| {
        let rest = line.strip_prefix(thread).unwrap_or_default();
        rest.contains(" +++ ")
    };
    eventually("the end of a record", || {
        let mut file = File::open(record).ok()?;
        let mut first = String::new();
        BufReader::new(&mut file).take(LAST).read_line(&mut first).ok()?;
        let thread = first.split(' ').next()?.to_owned();
        let len = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(len.saturating_sub(LAST))).ok()?;
        let mut last = Vec::new();
        file.read_to_end(&mut last).ok()?;
        let last = String::from_utf8_lossy(&last);
        last.ends_with('\n').then_some(())?;
        ends(&thread, last.lines().last()?).then_some(())
    })
}

/// Records of programs that ran one after another, read step by step.
#[derive(Debug)]
pub struct Records<'a> {
    rest: &'a [PathBuf],
    lines: Option<(BufReader<File>, Reader)>,
    /// Whether the next step is its program's first.
    is_first: bool,
    next: Option<Step>,
}

impl<'a> Records<'a> {
    /// From their beginning.
    pub fn new(records: &'a [PathBuf]) -> Self {
        Self { rest: records, lines: None, is_first: false, next: None }
    }

    /// How many steps there are.
    pub fn count(records: &'a [PathBuf]) -> Result<u64> {
        let (mut all, mut count) = (Self::new(records), 0);
        while all.peek()?.is_some() {
            (all.next, count) = (None, count + 1);
        }
        Ok(count)
    }

    /// Until when all stays as it is: the time of the next step. `None`: there is none.
    pub fn until(&mut self) -> Result<Option<u64>> {
        Ok(self.peek()?.as_ref().map(|step| step.at))
    }

    /// Does the next step. `false`: there is none.
    pub fn step(&mut self, replay: &mut Replay) -> Result<bool> {
        self.peek()?;
        let Some(step) = self.next.take() else { return Ok(false) };
        if std::mem::take(&mut self.is_first) {
            replay.next_program();
        }
        replay.step(step)?;
        Ok(true)
    }

    fn peek(&mut self) -> Result<&Option<Step>> {
        while self.next.is_none() {
            let Some((lines, reader)) = &mut self.lines else {
                let Some((first, rest)) = self.rest.split_first() else { break };
                let file = File::open(first).with_context(|| first.display().to_string())?;
                self.lines = Some((BufReader::with_capacity(1 << 20, file), Reader::default()));
                (self.rest, self.is_first) = (rest, true);
                continue;
            };
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                self.lines = None;
                continue;
            }
            self.next = reader.read(line.trim_end_matches('\n'))?;
        }
        Ok(&self.next)
    }
}
