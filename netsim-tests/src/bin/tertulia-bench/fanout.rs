//! `fanout`, `memory`, `connect`: what the many cost a server.

use std::{future::Future, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_netsim::fanout::{self, ConnectRow, MemoryRow, Plan, Row, Shape, table};
use tokio::time::Duration;

use crate::{
    args::{Connect, Fanout, Memory, Mode},
    output::{print, say, write_json},
    programs::find_programs,
};

pub(crate) async fn run(
    args: Fanout,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let shapes = match args.mode {
        Some(Mode::Saturate) => vec![Shape::Saturate],
        Some(Mode::Paced) => vec![Shape::Paced(args.rate)],
        Some(Mode::Single) => vec![Shape::Single],
        None => vec![Shape::Saturate, Shape::Paced(args.rate), Shape::Single],
    };
    let work = async {
        let mut rows = Vec::<Row>::new();
        for &clients in &args.clients {
            for &shape in &shapes {
                let dir = folder(args.dir.as_deref())?;
                let plan = Plan {
                    clients,
                    rooms: args.rooms.min(clients),
                    senders: args.senders,
                    shape,
                    time: Duration::from_secs(args.seconds.into()),
                    repeats: args.repeats.into(),
                };
                rows.push(fanout::run(&plan, dir.path()).await?);
            }
        }
        Ok(rows)
    };
    show(work, stop, json, table).await
}

pub(crate) async fn memory(
    args: Memory,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let work = async {
        let mut rows = Vec::new();
        for &clients in &args.clients {
            rows.push(fanout::memory(clients, folder(None)?.path()).await?);
        }
        Ok(rows)
    };
    let line = |row: &MemoryRow| {
        format!(
            "{} idle connections: {:.1} KiB each, {:.0} MiB in all\n",
            row.clients,
            row.rss_kib_per_client,
            row.rss_kib as f64 / 1024.0
        )
    };
    show(work, stop, json, |rows| rows.iter().map(line).collect()).await
}

pub(crate) async fn connect(
    args: Connect,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let work = async {
        let mut rows = Vec::new();
        for &clients in &args.clients {
            rows.push(fanout::connect(clients, args.storm, folder(None)?.path()).await?);
        }
        Ok(rows)
    };
    let line = |row: &ConnectRow| {
        format!(
            "{} connect{}: {:.0} for a second of the server's processor, all live after {:.2} s, \
             the slowest took {:.0} ms, {:.2} attempts each\n",
            row.clients,
            if row.storm { " at once after a restart" } else { "" },
            row.connects_per_cpu_s,
            row.all_live_s,
            row.slowest_ms,
            row.attempts_per_client
        )
    };
    show(work, stop, json, |rows| rows.iter().map(line).collect()).await
}

/// Deleted at the end, whatever that is.
fn folder(within: Option<&Path>) -> Result<tempfile::TempDir> {
    let dir = match within {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    dir.context("no folder for the server")
}

async fn show<T: Serialize>(
    work: impl Future<Output = Result<Vec<T>>>,
    stop: impl Future<Output = u8>,
    json: Option<&Path>,
    table: impl FnOnce(&[T]) -> String,
) -> Result<ExitCode> {
    let rows = tokio::select! {
        biased;
        signal = stop => return Ok(ExitCode::from(128 + signal)),
        rows = work => rows?,
    };
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&table(&rows)),
        false => print(&table(&rows))?,
    }
    Ok(ExitCode::SUCCESS)
}
