//! `setup`: how long it takes from nothing to a first message that is read.

mod emulated;
mod simulated;

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{latencies::per_mille, versus::System};
use tokio::time::Duration;

use crate::{
    args::Setup,
    output::{ms, show},
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
    /// None in virtual time, where nothing is late.
    emulator_late_p99_ms: Option<f64>,
}

impl Row {
    fn new(args: &Setup, system: System, share: f64, sorted: &[Duration], bytes: f64) -> Self {
        let at = |share| ms(per_mille(sorted, share));
        Self {
            system: system.name(),
            rtt_ms: ms(args.rtt),
            loss_pct: (share * 1e4).round() / 100.0,
            n: sorted.len(),
            p50_ms: at(500),
            p95_ms: at(950),
            p99_ms: at(990),
            max_ms: at(1_000),
            bytes_per_setup: bytes.round(),
            emulator_late_p99_ms: None,
        }
    }
}

pub(crate) fn run(args: &Setup, json: Option<&Path>) -> Result<ExitCode> {
    let rows = match args.simulated {
        true => simulated::measured(args)?,
        false => emulated::measured(args)?,
    };
    show(&table(&rows), &rows, json)?;
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
