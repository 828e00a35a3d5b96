//! `file`: what a file does to the chat beside it.

mod emulated;
mod fairness;
mod simulated;

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{sim::beside::Seen, versus::beside::Carrier};

use crate::{
    args::File,
    output::{fail, ms, show},
};

#[derive(Debug, Serialize)]
struct Row {
    system: &'static str,
    rtt_ms: f64,
    loss_pct: f64,
    rate_mbit: f64,
    queue_kb: u64,
    size_mb: Option<f64>,
    files: u32,
    n: usize,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    file_s: Option<f64>,
    goodput_mbit: Option<f64>,
    queue_drops: u64,
    lost: usize,
    duplicated: usize,
    /// None in virtual time, where nothing is late.
    emulator_late_p99_ms: Option<f64>,
    #[serde(skip)]
    is_ours: bool,
}

pub(crate) fn run(args: &File, json: Option<&Path>) -> Result<ExitCode> {
    if args.beside_tcp {
        return fairness::run(args, json);
    }
    let rows = match args.simulated {
        true => simulated::measured(args)?,
        false => emulated::measured(args)?,
    };
    show(&table(&rows), &rows, json)?;
    match rows.iter().all(|row| row.duplicated == 0 && (row.lost == 0 || !row.is_ours)) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived once")),
    }
}

impl Row {
    fn new(args: &File, carrier: Carrier, seen: &Seen) -> Self {
        let at = |share| ms(seen.per_mille(share));
        let seconds = seen.file.as_secs_f64();
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        let has_file = carrier != Carrier::Alone;
        Self {
            system: carrier.name(),
            rtt_ms: ms(args.rtt),
            loss_pct: if has_file { hundredths(args.loss * 100.0) } else { 0.0 },
            rate_mbit: args.rate,
            queue_kb: args.queue,
            size_mb: has_file.then_some(args.size),
            files: if has_file { args.files } else { 0 },
            n: seen.sorted.len(),
            p50_ms: at(500),
            p95_ms: at(950),
            p99_ms: at(990),
            max_ms: at(1_000),
            file_s: has_file.then(|| hundredths(seconds)),
            goodput_mbit: has_file.then(|| hundredths(args.size * 8.0 / seconds)),
            queue_drops: seen.full,
            lost: seen.lost,
            duplicated: seen.twice,
            emulator_late_p99_ms: None,
            is_ours: carrier.system().is_ours(),
        }
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:17} {:>6} {:>6} {:>5} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6} {:>4} {:>5}\n",
        "system",
        "loss %",
        "n",
        "p50",
        "p95",
        "p99",
        "max ms",
        "file s",
        "Mbit/s",
        "dropped",
        "files",
        "lost",
        "twice"
    );
    let or_none =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    for row in rows {
        text.push_str(&format!(
            "{:17} {:>6} {:>6} {:>5} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6} {:>4} {:>5}\n",
            row.system,
            row.loss_pct,
            row.n,
            row.p50_ms,
            row.p95_ms,
            row.p99_ms,
            row.max_ms,
            or_none(row.file_s),
            or_none(row.goodput_mbit),
            row.queue_drops,
            row.files,
            row.lost,
            row.duplicated,
        ));
    }
    text
}
