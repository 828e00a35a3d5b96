//! `idle`: what a client costs that only is there.

use std::{future::Future, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use tertulia_netsim::idle::{self, Row};

use crate::{args::Idle, output::show, programs::find_programs};

pub(crate) async fn run(
    args: Idle,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let dir = tempfile::tempdir().context("no temporary folder")?;
    let row = tokio::select! {
        biased;
        signal = stop => return Ok(ExitCode::from(128 + signal)),
        row = idle::run(dir.path(), args.rtt, idle::SETTLED, args.time) => row?,
    };
    show(&line(&row), &[row], json)?;
    Ok(ExitCode::SUCCESS)
}

fn line(row: &Row) -> String {
    format!(
        "{} s: {:.0} bytes a minute in {:.0} packets, {:.0} wake-ups a minute; \
         an hour: {:.0} kB, {:.0} wake-ups, {:.0} ms of the processor\n",
        row.seconds.round(),
        row.bytes_per_minute,
        row.packets_per_minute,
        row.wakeups_per_minute,
        row.bytes_per_hour / 1e3,
        row.wakeups_per_hour,
        row.cpu_ms_per_hour,
    )
}
