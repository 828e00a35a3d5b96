//! One who writes without end, whose program is killed and started again.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use tertulia_proto::MessageId;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Child,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    power::{
        promises::{LOBBY, Line, Promise, Told},
        writer::{Tell, now, place},
    },
    process::Cli,
};

/// Lines handed over and not acknowledged.
const AHEAD: usize = 6;
/// Lines in an outbox and not receipted: the disk is faster than the server's quota.
const UNSENT: usize = 64;

/// By what one writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// `tertulia-cli send`: a receipt acknowledges a line.
    CommandLine,
    /// The library: a line is acknowledged once it is in the outbox.
    Library,
}

/// A handle to the task that writes.
pub(super) struct Person {
    orders: mpsc::Sender<Order>,
    writing: JoinHandle<Result<BTreeSet<Line>>>,
}

enum Order {
    /// Done when the next program has its first acknowledgement.
    Kill(oneshot::Sender<()>),
    End,
}

impl Person {
    pub(super) fn start(cli: Cli, writer: usize, by: By, bench: &Path, tell: Tell) -> Self {
        let (orders, received) = mpsc::channel(1);
        let desk = Desk {
            cli,
            writer,
            by,
            bench: bench.to_owned(),
            tell,
            next: 0,
            handed: VecDeque::new(),
            excused: BTreeSet::new(),
            queued: BTreeMap::new(),
            unsent: 0,
        };
        Self { orders, writing: tokio::spawn(desk.run(received)) }
    }

    /// Returns when the program that takes the killed one's place gets on.
    pub(super) async fn kill(&self) -> Result<()> {
        let (done, gets_on) = oneshot::channel();
        let sent = self.orders.send(Order::Kill(done)).await;
        sent.ok().context("somebody ended early")?;
        gets_on.await.context("somebody ended early")
    }

    /// No more lines. The ones of which nobody was told anything.
    pub(super) async fn end(self) -> Result<BTreeSet<Line>> {
        // If the task is gone its end says why.
        let _ = self.orders.send(Order::End).await;
        self.writing.await?
    }
}

struct Desk {
    cli: Cli,
    writer: usize,
    by: By,
    bench: PathBuf,
    tell: Tell,
    next: u32,
    /// Handed to the program under way and not acknowledged, oldest first.
    handed: VecDeque<Line>,
    excused: BTreeSet<Line>,
    queued: BTreeMap<MessageId, Line>,
    /// Lines that the program under way put into the outbox and had no receipt for.
    unsent: usize,
}

impl Desk {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) -> Result<BTreeSet<Line>> {
        let mut gets_on: Option<oneshot::Sender<()>> = None;
        loop {
            let mut child = self.spawn()?;
            let mut stdin = Some(child.stdin.take().context("no stdin")?);
            let mut said = BufReader::new(child.stdout.take().context("no stdout")?).lines();
            loop {
                if let Some(stdin) = &mut stdin {
                    while self.handed.len() < AHEAD && self.unsent < UNSENT {
                        let line = Line { writer: self.writer, number: self.next };
                        self.next += 1;
                        self.handed.push_back(line);
                        stdin.write_all(format!("{line}\n").as_bytes()).await?;
                    }
                }
                let order = tokio::select! {
                    biased;
                    order = orders.recv(), if stdin.is_some() => order,
                    line = said.next_line() => {
                        match line? {
                            Some(line) => self.hear(&line)?,
                            None if stdin.is_none() => return self.ended(child).await,
                            None => bail!("the program of {} ended", self.writer),
                        }
                        if let Some(gets_on) = gets_on.take() {
                            // Whoever waits for it may have given up.
                            let _ = gets_on.send(());
                        }
                        continue;
                    }
                };
                match order {
                    Some(Order::Kill(done)) => {
                        child.kill().await?;
                        // What it said before it died was said.
                        while let Some(line) = said.next_line().await? {
                            self.hear(&line)?;
                        }
                        self.excused.extend(self.handed.drain(..));
                        self.unsent = 0;
                        gets_on = Some(done);
                        break;
                    }
                    Some(Order::End) | None => stdin = None,
                }
            }
        }
    }

    async fn ended(self, child: Child) -> Result<BTreeSet<Line>> {
        let output = child.wait_with_output().await?;
        match output.status.success() && self.handed.is_empty() {
            true => Ok(self.excused),
            false => bail!(
                "{} ended with {} and without {:?}: {}",
                self.writer,
                output.status,
                self.handed,
                String::from_utf8_lossy(&output.stderr).trim_end()
            ),
        }
    }

    fn spawn(&self) -> Result<Child> {
        let command = match self.by {
            By::CommandLine => self.cli.command(&["--timeout", "3600", "send", "lobby"])?,
            By::Library => {
                let mut command = Command::new(&self.bench);
                command.arg("writer").arg(self.cli.profile()).arg(LOBBY.0.to_string());
                command
            }
        };
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command.kill_on_drop(true).spawn()?)
    }

    fn hear(&mut self, said: &str) -> Result<()> {
        let mut words = said.split(' ');
        let what = match (self.by, words.next(), words.next(), words.next()) {
            (By::Library, Some("queued"), Some(id), None) => {
                let id = parse(id)?;
                let line = self.handed.pop_front().context("a line that nobody wrote")?;
                self.queued.insert(id, line);
                self.unsent += 1;
                Promise::Queued(line, id)
            }
            (By::Library, Some("sent"), Some(id), Some(seq)) => {
                let id = parse(id)?;
                // It is told twice by a receipt and an echo; and of an earlier process, it may be a
                // line that was not acknowledged.
                match self.queued.remove(&id) {
                    Some(line) => {
                        self.unsent = self.unsent.saturating_sub(1);
                        Promise::Posted(line, seq.parse()?, id)
                    }
                    None => Promise::Shown(seq.parse()?, id),
                }
            }
            (By::CommandLine, ..) => {
                let (seq, id) = place(&serde_json::from_str(said)?)?;
                let line = self.handed.pop_front().context("a line that nobody wrote")?;
                Promise::Posted(line, seq, id)
            }
            _ => bail!("nobody understands {said:?}"),
        };
        let _ = self.tell.send(Told { at: now(), what });
        Ok(())
    }
}

fn parse(id: &str) -> Result<MessageId> {
    id.parse().map_err(|error| anyhow::anyhow!("{id}: {error}"))
}
