//! `loss`: how long messages take through links that lose packets.

use std::{path::Path, process::ExitCode, sync::Mutex, thread, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use tertulia_netsim::{
    link::Loss as Losses,
    sim::latency::{self, Course, Latencies},
};

use crate::{
    args::Loss,
    output::{fail, print, say, write_json},
};

/// A link and a way to send over it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    loss: f64,
    copies: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    system: &'static str,
    rtt_ms: f64,
    loss_pct: f64,
    burst: Option<String>,
    n: usize,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
    bytes_per_delivery: f64,
    lost: usize,
    duplicated: usize,
    disordered: usize,
}

pub(crate) fn run(args: &Loss, json: Option<&Path>) -> Result<ExitCode> {
    let cells: Vec<Cell> = args
        .loss
        .iter()
        .flat_map(|loss| [true, false].map(|copies| Cell { loss: *loss, copies }))
        .collect();
    let rows = measured(args, &cells)?;
    let text = table(&rows);
    if let Some(path) = json {
        write_json(path, &rows)?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&text),
        false => print(&text)?,
    }
    match rows.iter().all(|row| (row.lost, row.duplicated, row.disordered) == (0, 0, 0)) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived once and in order")),
    }
}

/// Time is virtual: how many run at once changes nothing.
fn measured(args: &Loss, cells: &[Cell]) -> Result<Vec<Row>> {
    let left = Mutex::new(cells.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = left.lock().ok().and_then(|mut left| left.next());
            let Some((place, cell)) = next else { return };
            let row = measure(args, *cell);
            if let Ok(mut done) = done.lock() {
                done.push((place, row));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut rows = done.into_inner().ok().context("a run was lost")?;
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn measure(args: &Loss, cell: Cell) -> Result<Row> {
    let (rtt, share) = (args.rtt, cell.loss);
    let loss = match (share > 0.0, args.burst, args.burst_ms) {
        (false, ..) => Losses::None,
        (_, Some(mean), _) => Losses::PacketBursts { share, mean: f64::from(mean) },
        (_, _, Some(mean)) => Losses::TimeBursts { share, mean },
        _ => Losses::Random { share },
    };
    let course = Course {
        rtt,
        loss: loss.check()?,
        messages: args.messages,
        copies: cell.copies,
        seed: args.seed,
    };
    let found = latency::run(course)?;
    let burst = args.burst.map(|mean| format!("{mean} packets"));
    let burst = burst.or_else(|| args.burst_ms.map(|mean| format!("{} ms", mean.as_millis())));
    Ok(row(course, share, burst.filter(|_| share > 0.0), &found))
}

fn row(course: Course, share: f64, burst: Option<String>, found: &Latencies) -> Row {
    let ms = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    let at = |share| ms(found.per_mille(share));
    Row {
        system: if course.copies { "tertulia" } else { "quic-plain" },
        rtt_ms: ms(course.rtt),
        loss_pct: (share * 1e4).round() / 100.0,
        burst,
        n: found.sorted.len(),
        p50_ms: at(500),
        p95_ms: at(950),
        p99_ms: at(990),
        p999_ms: at(999),
        max_ms: at(1_000),
        bytes_per_delivery: found.bytes_per_delivery.round(),
        lost: found.lost,
        duplicated: found.twice,
        disordered: found.disordered,
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:10} {:>6} {:>6} {:>9} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>4} {:>5} {:>5}\n",
        "system",
        "rtt ms",
        "loss %",
        "burst",
        "n",
        "p50 ms",
        "p95",
        "p99",
        "p99.9",
        "max",
        "bytes",
        "lost",
        "twice",
        "order"
    );
    for row in rows {
        text.push_str(&format!(
            "{:10} {:>6} {:>6} {:>9} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>4} {:>5} {:>5}\n",
            row.system,
            row.rtt_ms,
            row.loss_pct,
            row.burst.as_deref().unwrap_or("-"),
            row.n,
            row.p50_ms,
            row.p95_ms,
            row.p99_ms,
            row.p999_ms,
            row.max_ms,
            row.bytes_per_delivery,
            row.lost,
            row.duplicated,
            row.disordered,
        ));
    }
    text
}
