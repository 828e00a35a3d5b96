//! `file`: what a file does to the chat beside it.

use std::{path::Path, process::ExitCode, sync::Mutex, thread, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_client::Congestion;
use tertulia_netsim::{
    link::{Loss, Rate},
    sim::beside::{self, Course, Seen},
};

use crate::{
    args::File,
    output::{fail, print, say, write_json},
};

/// One way to send, and what it is called.
type System = (&'static str, Congestion, bool);

const SYSTEMS: [System; 4] = [
    ("tertulia", Congestion::Gentle, true),
    ("quic-cubic", Congestion::Cubic, true),
    ("quic-bbr", Congestion::Bbr, true),
    // Chat alone, and nothing lost: what any of them can reach at best.
    ("bound", Congestion::Gentle, false),
];

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
}

pub(crate) fn run(args: &File, json: Option<&Path>) -> Result<ExitCode> {
    let rows = measured(args)?;
    let text = table(&rows);
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&text),
        false => print(&text)?,
    }
    match rows.iter().all(|row| (row.lost, row.duplicated) == (0, 0)) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived once")),
    }
}

/// Time is virtual: how many run at once changes nothing.
fn measured(args: &File) -> Result<Vec<Row>> {
    let runs = SYSTEMS.iter().flat_map(|system| (0..args.files).map(move |n| (system, n)));
    let left = Mutex::new(runs.enumerate());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = left.lock().ok().and_then(|mut left| left.next());
            let Some((place, (system, n))) = next else { return };
            let seen = measure(args, *system, n);
            if let Ok(mut done) = done.lock() {
                done.push((place, seen));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut done = done.into_inner().ok().context("a run was lost")?;
    done.sort_by_key(|(place, _)| *place);
    let mut seen = done.into_iter().map(|(_, seen)| seen);
    let mut rows = Vec::new();
    for system in SYSTEMS {
        let mut all = Seen::default();
        for _ in 0..args.files {
            all.add(seen.next().context("a run was lost")??);
        }
        rows.push(row(args, system, &all));
    }
    Ok(rows)
}

fn measure(args: &File, (_, congestion, has_file): System, n: u32) -> Result<Seen> {
    let loss = match (has_file, args.loss > 0.0) {
        (true, true) => Loss::Random { share: args.loss },
        _ => Loss::None,
    };
    let rate = Rate { bits_per_second: (args.rate * 1e6) as u64, queue_bytes: args.queue * 1_000 };
    beside::run(Course {
        rtt: args.rtt,
        loss: loss.check()?,
        rate,
        bytes: has_file.then_some((args.size * 1e6) as u64),
        congestion,
        copies: true,
        seed: args.seed.wrapping_add(u64::from(n)),
    })
}

fn row(args: &File, (system, _, has_file): System, seen: &Seen) -> Row {
    let tenths = |value: f64| (value * 10.0).round() / 10.0;
    let ms = |time: Duration| tenths(time.as_secs_f64() * 1e3);
    let at = |share| ms(seen.per_mille(share));
    let seconds = seen.file.as_secs_f64();
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    Row {
        system,
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
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:10} {:>6} {:>6} {:>5} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6} {:>4} {:>5}\n",
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
            "{:10} {:>6} {:>6} {:>5} {:>7} {:>6} {:>6} {:>7} {:>7} {:>7} {:>6} {:>4} {:>5}\n",
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
