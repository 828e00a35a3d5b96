//! One who takes part: a profile of the command-line client, and a link to the server.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tertulia_certs::{HostPort, ServerLink};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
    time::{self, Instant},
};

use super::{Message, Plan};
use crate::{
    link::{Proxy, ProxyConfig},
    process::Cli,
};

/// Everybody is there from the start.
const ROOM: &str = "lobby";
/// Longer than any run.
const FOREVER: [&str; 2] = ["--timeout", "3600"];

/// The proxy ends with this value.
#[derive(Debug)]
pub(super) struct Person {
    cli: Cli,
    _link: JoinSet<()>,
}

/// What a reader read, as which reader, when.
pub(super) type Read = (usize, Result<Value>, Instant);

impl Person {
    /// Registers through a link of that kind.
    pub(super) async fn join(
        name: &str,
        dir: &Path,
        invite: &ServerLink,
        config: ProxyConfig,
    ) -> Result<Self> {
        let proxy = Proxy::bind(config)?;
        let address = proxy.local_addr()?;
        let mut link = JoinSet::new();
        link.spawn(async move {
            proxy.run(std::future::pending(), |_| ()).await;
        });
        let host = address.ip().to_string();
        let addresses = vec![HostPort { host, port: address.port() }];
        let through = ServerLink { addresses, ..invite.clone() }.to_string();
        let person = Self { cli: Cli::new(dir.join(name)), _link: link };
        let joining = person.start(&["join", &through, "--name", name])?;
        succeeded(joining).await.with_context(|| format!("{name} can't join"))?;
        Ok(person)
    }

    /// Reads the room from its beginning; returns when the first event is there. The rest goes to
    /// `read`, until the value that is returned is dropped.
    pub(super) async fn read(
        &self,
        reader: usize,
        read: mpsc::Sender<Read>,
    ) -> Result<JoinSet<()>> {
        let mut child = self.start(&["tail", ROOM, "--since", "0"])?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        if lines.next_line().await?.is_none() {
            succeeded(child).await?;
            bail!("a reader ended early");
        }
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let event = serde_json::from_str(&line).map_err(anyhow::Error::from);
                // Nobody listens any more: it is over.
                let _ = read.send((reader, event, Instant::now())).await;
            }
            let end = succeeded(child).await.and_then(|()| bail!("a reader ended early"));
            let _ = read.send((reader, end, Instant::now())).await;
        });
        Ok(reading)
    }

    /// Writes as the plan says, from the moment on that the first message has its receipt, and
    /// sees that each has.
    pub(super) async fn write(self, writer: usize, plan: Plan, began: Instant) -> Result<()> {
        let mut child = self.start(&[&FOREVER[..], &["send", ROOM]].concat())?;
        let mut stdin = child.stdin.take().context("no stdin")?;
        let mut receipts = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let line = |number| {
            let message = Message { writer, number, sent_at: began.elapsed() };
            format!("{message}\n")
        };
        stdin.write_all(line(0).as_bytes()).await?;
        let mut seq = match receipts.next_line().await? {
            Some(receipt) => seq_of(&receipt)?,
            None => return succeeded(child).await,
        };
        let writing = async {
            let mut ticks = time::interval(plan.every);
            for number in 1..plan.messages {
                ticks.tick().await;
                stdin.write_all(line(number).as_bytes()).await?;
            }
            drop(stdin);
            anyhow::Ok(())
        };
        let receiving = async {
            let mut count = 1;
            while let Some(receipt) = receipts.next_line().await? {
                let next = seq_of(&receipt)?;
                ensure!(next > seq, "a receipt's seq {next} came after {seq}");
                (seq, count) = (next, count + 1);
            }
            anyhow::Ok(count)
        };
        let (written, count) = tokio::join!(writing, receiving);
        succeeded(child).await?;
        written?;
        let count: u32 = count?;
        ensure!(count == plan.messages, "{count} receipts for {} messages", plan.messages);
        Ok(())
    }

    fn start(&self, arguments: &[&str]) -> Result<Child> {
        let mut command = Command::from(self.cli.command(arguments)?);
        command.stdin(Stdio::piped()).kill_on_drop(true);
        Ok(command.spawn()?)
    }
}

fn seq_of(receipt: &str) -> Result<u64> {
    let receipt: Value = serde_json::from_str(receipt)?;
    receipt["seq"].as_u64().context("a receipt without a seq")
}

async fn succeeded(child: Child) -> Result<()> {
    let output = child.wait_with_output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "tertulia-cli: {}: {}", output.status, said.trim_end());
    Ok(())
}
