//! One who writes lines through `tertulia-cli`, a few ahead of their receipts.

use std::{ops::Range, process::Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tertulia_proto::Env;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::{mpsc, watch},
};

use super::promises::{Line, Promise, Told};
use crate::process::Cli;

/// Lines without a receipt: enough that several go into one commit, few enough for many commits.
const AHEAD: usize = 6;
/// Longer than any run.
const FOREVER: [&str; 2] = ["--timeout", "3600"];

/// Where promises go, with the time.
pub type Tell = mpsc::UnboundedSender<Told>;

/// The time in microseconds, rather late than early.
pub fn now() -> u64 {
    (tertulia_client::SystemEnv.wall_clock().0 + 1) * 1_000
}

/// Writes those lines; returns when each has its receipt.
pub async fn write(cli: Cli, writer: usize, numbers: Range<u32>, tell: Tell) -> Result<()> {
    let mut child = start(&cli, &[&FOREVER[..], &["send", "lobby"]].concat())?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    let mut receipts = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let mut handed = numbers.clone();
    for number in handed.by_ref().take(AHEAD) {
        stdin.write_all(format!("{}\n", Line { writer, number }).as_bytes()).await?;
    }
    for number in numbers {
        let Some(receipt) = receipts.next_line().await? else { break };
        let (seq, id) = place(&serde_json::from_str(&receipt)?)?;
        let what = Promise::Posted(Line { writer, number }, seq, id);
        // Whoever asked may have gone.
        let _ = tell.send(Told { at: now(), what });
        if let Some(number) = handed.next() {
            stdin.write_all(format!("{}\n", Line { writer, number }).as_bytes()).await?;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "tertulia-cli: {}: {}", output.status, said.trim_end());
    Ok(())
}

/// Reads the lobby from its beginning, across restarts, until the seq that `last` says in the end.
/// Each seq has to come once, in order.
pub async fn read(cli: Cli, mut last: watch::Receiver<Option<u64>>, tell: Tell) -> Result<()> {
    let tail = ["tail", "lobby", "--since", "0"];
    let mut child = start(&cli, &[&FOREVER[..], &tail].concat())?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    let mut read = 0;
    while last.borrow().is_none_or(|last| read < last) {
        let line = tokio::select! {
            biased;
            line = lines.next_line() => line?,
            told = last.changed() => {
                told.context("nobody says where to end")?;
                continue;
            }
        };
        let Some(line) = line else { break };
        let event: Value = serde_json::from_str(&line)?;
        let seq = event["seq"].as_u64().context("no seq")?;
        ensure!(seq == read + 1, "{seq} was read behind {read}");
        read = seq;
        if event["kind"] == "posted" {
            let (seq, id) = place(&event)?;
            // Whoever asked may have gone.
            let _ = tell.send(Told { at: now(), what: Promise::Shown(seq, id) });
        }
    }
    if last.borrow().is_none_or(|last| read < last) {
        let output = child.wait_with_output().await?;
        bail!("tertulia-cli: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(child.kill().await?)
}

/// Where a receipt or an event says that a message is.
pub fn place(object: &Value) -> Result<(u64, tertulia_proto::MessageId)> {
    let seq = object["seq"].as_u64().context("no seq")?;
    let id = object["id"].as_str().context("no id")?;
    Ok((seq, id.parse().map_err(|error| anyhow::anyhow!("{id}: {error}"))?))
}

fn start(cli: &Cli, arguments: &[&str]) -> Result<Child> {
    let mut command = Command::from(cli.command(arguments)?);
    command.stdin(Stdio::piped()).kill_on_drop(true);
    Ok(command.spawn()?)
}
