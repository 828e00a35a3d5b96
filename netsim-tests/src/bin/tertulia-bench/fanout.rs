//! `fanout`, `memory`, `connect`: what the many cost a server; `client`: what they cost one of them.

use std::{env, future::Future, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_netsim::fanout::{
    self, ClientRow, ConnectRow, MemoryRow, Plan, Row, Shape, System, table,
};
use tokio::time::Duration;

use crate::{
    args::{Bound, Client, Connect, Fanout, Memory, Mode, What},
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
        Some(Mode::Burst) => args.burst.iter().copied().map(Shape::Burst).collect(),
        None => {
            let mut shapes = vec![Shape::Saturate, Shape::Paced(args.rate), Shape::Single];
            // What is there for comparing alone.
            if matches!(args.system, What::All) {
                shapes.extend(args.burst.iter().copied().map(Shape::Burst));
            }
            shapes
        }
    };
    let systems = match args.system {
        What::Tertulia => vec![System::Tertulia],
        What::TlsTcp => vec![System::TlsTcp],
        What::Raw => vec![System::Raw],
        What::All => vec![System::Tertulia, System::TlsTcp, System::Raw],
    };
    // Where all are measured, those that the shape says something of.
    let all = matches!(args.system, What::All);
    let counts =
        |shape: Shape, system| !all || system != System::Raw || matches!(shape, Shape::Burst(_));
    let others = env::current_exe()?;
    let work = async {
        let mut rows = Vec::<Row>::new();
        for &clients in &args.clients {
            for &shape in &shapes {
                let plan = |system| Plan {
                    system,
                    others: others.clone(),
                    clients,
                    rooms: args.rooms.min(clients),
                    senders: args.senders,
                    shape,
                    time: Duration::from_secs(args.seconds.into()),
                    repeats: args.repeats.into(),
                };
                let plans: Vec<_> = systems
                    .iter()
                    .copied()
                    .filter(|&system| counts(shape, system))
                    .map(plan)
                    .collect();
                rows.extend(match plans.as_slice() {
                    [alone] => vec![fanout::run(alone, folder(args.dir.as_deref())?.path()).await?],
                    several => fanout::run_in_turn(several, || folder(args.dir.as_deref())).await?,
                });
            }
        }
        Ok(rows)
    };
    show(work, stop, json, table).await
}

pub(crate) fn bound(args: &Bound) -> Result<ExitCode> {
    fanout::send_bound(args.burst)?;
    Ok(ExitCode::SUCCESS)
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
            "{} connect{}: {:.0} for a second of the server's processor (the clients' own: {:.0} \
             us each), all live after {:.2} s, the slowest took {:.0} ms, {:.2} attempts each\n",
            row.clients,
            if row.storm { " at once after a restart" } else { "" },
            row.connects_per_cpu_s,
            row.clients_cpu_us,
            row.all_live_s,
            row.slowest_ms,
            row.attempts_per_client
        )
    };
    show(work, stop, json, |rows| rows.iter().map(line).collect()).await
}

pub(crate) async fn client(
    args: Client,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let work = async {
        let dir = folder(None)?;
        let repeats = args.repeats.into();
        Ok(vec![fanout::client(args.messages, args.cached, repeats, dir.path()).await?])
    };
    let lines = |row: &ClientRow| {
        format!(
            "{} messages received by tertulia-cli tail: {:.1} us of CPU each, {:.1} us one by one; \
             {:.1} MiB at most\n{} events of {} rooms on the disk: shown after {:.1} ms, after \
             {:.1} ms where the last one was killed; {:.1} us of CPU each to fetch and keep\n",
            row.messages,
            row.cli_cpu_us_per_message,
            row.cli_cpu_us_per_message_paced,
            row.cli_peak_rss_mib,
            row.cached,
            row.rooms,
            row.start_ms,
            row.start_after_kill_ms,
            row.kept_cpu_us_per_event
        )
    };
    show(work, stop, json, |rows| rows.iter().map(lines).collect()).await
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
