//! `kills`: what `make kills` prints.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_netsim::kills::{self, Plan, Report, Spread};

use crate::{
    args::Kills,
    output::{fail, print, say, write_json},
    programs::find_programs,
};

#[derive(Serialize)]
struct Row {
    system: &'static str,
    server_kills: usize,
    client_kills: u32,
    events: u64,
    promises: u64,
    lost: u64,
    twice: u64,
    out_of_order: u64,
    restart_p50_ms: u128,
    restart_max_ms: u128,
    first_receipt_p50_ms: u128,
    first_receipt_max_ms: u128,
}

pub(crate) async fn run(
    args: Kills,
    json: Option<&Path>,
    stop: impl Future<Output = u8>,
) -> Result<ExitCode> {
    find_programs(args.programs.as_deref())?;
    let bench = std::env::current_exe().context("this program can't be found")?;
    let plan = Plan { kills: args.kills, seed: args.seed, bench };
    let progress = |report: &Report| {
        if report.kills().is_multiple_of(50) {
            say(&format!("{} kills\n", report.kills()));
        }
    };
    let report = tokio::select! {
        biased;
        signal = stop => return Ok(ExitCode::from(128 + signal)),
        report = kills::run(&plan, progress) => report?,
    };
    if let Some(path) = json {
        write_json(path, &[row(&report)])?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&report.to_string()),
        false => print(&report.to_string())?,
    }
    match report.kept.is_good() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message is there once and in order")),
    }
}

fn row(report: &Report) -> Row {
    let (restarts, reconnects) = (Spread::of(&report.restarts), Spread::of(&report.reconnects));
    Row {
        system: "tertulia",
        server_kills: report.restarts.len(),
        client_kills: report.clients_killed,
        events: report.messages,
        promises: report.kept.promises,
        lost: report.kept.lost,
        twice: report.kept.twice,
        out_of_order: report.kept.out_of_order,
        restart_p50_ms: restarts.p50.as_millis(),
        restart_max_ms: restarts.max.as_millis(),
        first_receipt_p50_ms: reconnects.p50.as_millis(),
        first_receipt_max_ms: reconnects.max.as_millis(),
    }
}
