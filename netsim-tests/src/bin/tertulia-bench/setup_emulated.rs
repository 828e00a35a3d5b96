//! `setup`: how long it takes from nothing to a first message that is read, between real kernels.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{
    latencies::per_mille,
    link::Loss,
    versus::{Cell, Plan, System, Way, setup},
};
use tokio::time::Duration;

use crate::{
    args::Setup,
    output::{print, say, write_json},
    stage::Stage,
};

#[derive(Debug, Serialize)]
struct Row {
    system: &'static str,
    rtt_ms: f64,
    loss_pct: f64,
    n: usize,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    bytes_per_setup: f64,
    emulator_late_p99_ms: f64,
}

pub(crate) fn run(args: &Setup, json: Option<&Path>) -> Result<ExitCode> {
    let stage = Stage::set(&args.emulated)?;
    let cells: Vec<(f64, System)> = args
        .loss
        .iter()
        .flat_map(|share| stage.systems().iter().map(move |system| (*share, *system)))
        .collect();
    let loss = |share: f64| if share > 0.0 { Loss::Random { share } } else { Loss::None };
    let plan = Plan {
        cells: cells
            .iter()
            .map(|(share, system)| Cell { system: *system, way: Way::Steady(loss(*share)) })
            .collect(),
        rtt: args.rtt,
        messages: args.setups,
        patience: Duration::ZERO,
        seed: args.seed,
        dir: stage.dir().to_owned(),
    };
    let what = format!("{} beginnings each of {}", args.setups, cells.len());
    let (found, late) = stage.play(&what, |world| setup::run(world, &plan))?;
    let ms = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    let rows: Vec<Row> = cells
        .iter()
        .zip(&found)
        .map(|((share, system), found)| {
            let at = |share| ms(per_mille(&found.sorted, share));
            Row {
                system: system.name(),
                rtt_ms: ms(args.rtt),
                loss_pct: (share * 1e4).round() / 100.0,
                n: found.sorted.len(),
                p50_ms: at(500),
                p95_ms: at(950),
                p99_ms: at(990),
                max_ms: at(1_000),
                bytes_per_setup: (found.bytes as f64 / found.sorted.len().max(1) as f64).round(),
                emulator_late_p99_ms: (late.as_secs_f64() * 1e5).round() / 100.0,
            }
        })
        .collect();
    let text = table(&rows);
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&text),
        false => print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:17} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>9}\n",
        "system", "rtt ms", "loss %", "n", "p50 ms", "p95", "p99", "max", "bytes"
    );
    for row in rows {
        text.push_str(&format!(
            "{:17} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>9}\n",
            row.system,
            row.rtt_ms,
            row.loss_pct,
            row.n,
            row.p50_ms,
            row.p95_ms,
            row.p99_ms,
            row.max_ms,
            row.bytes_per_setup,
        ));
    }
    text
}
