//! `roam`: how long messages take while an address changes.

mod emulated;
mod simulated;

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{
    latencies::per_mille,
    link::Loss,
    versus::{System, Who},
};
use tokio::time::Duration;

use crate::{
    args::Roam,
    output::{fail, ms, show},
};

/// What happens, and to whom.
#[derive(Debug, Clone, Copy)]
struct Cell {
    share: f64,
    loss: Loss,
    who: Who,
    is_told: bool,
    system: System,
}

#[derive(Debug, Serialize)]
struct Row {
    system: &'static str,
    rtt_ms: f64,
    loss_pct: f64,
    mover: &'static str,
    told: bool,
    n: usize,
    worst_p50_ms: f64,
    worst_p95_ms: f64,
    worst_max_ms: f64,
    session_kept: bool,
    /// Changes after which something never came.
    lost: usize,
    /// None in virtual time, where nothing is late.
    emulator_late_p99_ms: Option<f64>,
    #[serde(skip)]
    is_ours: bool,
}

impl Row {
    fn new(args: &Roam, cell: Cell, worst: &[Duration], session_kept: bool, lost: usize) -> Self {
        let at = |share| ms(per_mille(worst, share));
        Self {
            system: cell.system.name(),
            rtt_ms: ms(args.rtt),
            loss_pct: (cell.share * 1e4).round() / 100.0,
            mover: if cell.who == Who::Sender { "sender" } else { "receiver" },
            told: cell.is_told,
            n: worst.len(),
            worst_p50_ms: at(500),
            worst_p95_ms: at(950),
            worst_max_ms: at(1_000),
            session_kept,
            lost,
            emulator_late_p99_ms: None,
            is_ours: cell.system.is_ours(),
        }
    }
}

pub(crate) fn run(args: &Roam, json: Option<&Path>) -> Result<ExitCode> {
    let rows = match args.simulated {
        true => simulated::measured(args)?,
        false => emulated::measured(args)?,
    };
    show(&table(&rows), &rows, json)?;
    match rows.iter().all(|row| row.lost == 0 || !row.is_ours) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived")),
    }
}

/// Every cell of links that lose so much.
fn cells(share: f64, systems: &[System]) -> Result<Vec<Cell>> {
    let loss = match share > 0.0 {
        true => Loss::Random { share }.check()?,
        false => Loss::None,
    };
    let mut cells = Vec::new();
    for is_told in [true, false] {
        for who in [Who::Sender, Who::Receiver] {
            let of = |system: &System| Cell { share, loss, who, is_told, system: *system };
            cells.extend(systems.iter().map(of));
        }
    }
    Ok(cells)
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:13} {:>6} {:>6} {:8} {:5} {:>5} {:>12} {:>8} {:>8} {:5} {:>4}\n",
        "system",
        "rtt ms",
        "loss %",
        "mover",
        "told",
        "n",
        "worst p50 ms",
        "p95",
        "max",
        "kept",
        "lost"
    );
    for row in rows {
        text.push_str(&format!(
            "{:13} {:>6} {:>6} {:8} {:5} {:>5} {:>12} {:>8} {:>8} {:5} {:>4}\n",
            row.system,
            row.rtt_ms,
            row.loss_pct,
            row.mover,
            row.told,
            row.n,
            row.worst_p50_ms,
            row.worst_p95_ms,
            row.worst_max_ms,
            row.session_kept,
            row.lost,
        ));
    }
    text
}
