//! `outage`: how soon what waited is read after a time without a network.

mod emulated;
mod simulated;

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{
    latencies::per_mille,
    versus::{System, Who},
};
use tokio::time::Duration;

use crate::{
    args::Outage,
    output::{fail, ms, show},
};

/// What happens, and to whom.
#[derive(Debug, Clone, Copy)]
struct Cell {
    lasts: Duration,
    who: Who,
    is_told: bool,
    is_busy: bool,
    system: System,
}

#[derive(Debug, Serialize)]
struct Row {
    system: &'static str,
    rtt_ms: f64,
    outage_s: f64,
    link: &'static str,
    load: &'static str,
    told: bool,
    n: usize,
    first_p50_ms: f64,
    first_max_ms: f64,
    all_p50_ms: f64,
    all_max_ms: f64,
    bytes_meanwhile: f64,
    /// Outages after which something never came.
    lost: usize,
    /// None in virtual time, where nothing is late.
    emulator_late_p99_ms: Option<f64>,
    #[serde(skip)]
    is_ours: bool,
}

/// What came of a cell, in order of size.
struct Found<'a> {
    first: &'a [Duration],
    all: &'a [Duration],
    /// Of each outage.
    bytes: f64,
    lost: usize,
}

impl Row {
    fn new(args: &Outage, cell: Cell, found: &Found<'_>) -> Self {
        Self {
            system: cell.system.name(),
            rtt_ms: ms(args.rtt),
            outage_s: cell.lasts.as_secs_f64(),
            link: if cell.who == Who::Sender { "sender" } else { "receiver" },
            load: if cell.is_busy { "busy" } else { "single" },
            told: cell.is_told,
            n: found.first.len(),
            first_p50_ms: ms(per_mille(found.first, 500)),
            first_max_ms: ms(per_mille(found.first, 1_000)),
            all_p50_ms: ms(per_mille(found.all, 500)),
            all_max_ms: ms(per_mille(found.all, 1_000)),
            bytes_meanwhile: found.bytes.round(),
            lost: found.lost,
            emulator_late_p99_ms: None,
            is_ours: cell.system.is_ours(),
        }
    }
}

pub(crate) fn run(args: &Outage, json: Option<&Path>) -> Result<ExitCode> {
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

/// Every cell of outages of that length.
fn cells(lasts: Duration, systems: &[System]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for who in [Who::Sender, Who::Receiver] {
        for (is_told, is_busy) in [(true, true), (true, false), (false, true), (false, false)] {
            let of = |system: &System| Cell { lasts, who, is_told, is_busy, system: *system };
            cells.extend(systems.iter().map(of));
        }
    }
    cells
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:13} {:>6} {:>8} {:8} {:6} {:5} {:>3} {:>12} {:>8} {:>10} {:>8} {:>9} {:>4}\n",
        "system",
        "rtt ms",
        "outage s",
        "link",
        "load",
        "told",
        "n",
        "first p50 ms",
        "max",
        "all p50 ms",
        "max",
        "bytes",
        "lost"
    );
    for row in rows {
        text.push_str(&format!(
            "{:13} {:>6} {:>8} {:8} {:6} {:5} {:>3} {:>12} {:>8} {:>10} {:>8} {:>9} {:>4}\n",
            row.system,
            row.rtt_ms,
            row.outage_s,
            row.link,
            row.load,
            row.told,
            row.n,
            row.first_p50_ms,
            row.first_max_ms,
            row.all_p50_ms,
            row.all_max_ms,
            row.bytes_meanwhile,
            row.lost,
        ));
    }
    text
}
