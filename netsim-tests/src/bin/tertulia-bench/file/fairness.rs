//! `file --beside-tcp`: what is left to a TCP connection that fills the link beside ours.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::{
    latencies::per_mille,
    link::Rate,
    peer::Congestion,
    versus::{
        System, can,
        fairness::{self, Beside, Course, Plan, Seen},
    },
};
use tokio::time::Duration;

use crate::{
    args::File,
    output::{fail, ms, say, show},
    stage::Stage,
};

const LASTS: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize)]
struct Row {
    /// What is beside the connection.
    system: &'static str,
    load: &'static str,
    /// How the connection is controlled.
    flow: &'static str,
    rtt_ms: f64,
    rate_mbit: f64,
    queue_kb: u64,
    flow_mbit: f64,
    flow_p50_ms: f64,
    flow_p99_ms: f64,
    /// Of what the link carried, that of what is beside the connection.
    share_pct: f64,
    n: usize,
    p50_ms: f64,
    p99_ms: f64,
    lost: usize,
    emulator_late_p99_ms: f64,
}

pub(super) fn run(args: &File, json: Option<&Path>) -> Result<ExitCode> {
    let stage = Stage::set(&args.emulated)?;
    let mut flows = vec![Congestion::Cubic];
    match can(stage.world(), System::Bbr)? {
        Ok(()) => flows.push(Congestion::Bbr),
        Err(error) => say(&format!("BBR is left out: {error}\n")),
    }
    let course = |congestion| Beside::ALL.map(|beside| Course { congestion, beside });
    let courses: Vec<_> = flows.into_iter().flat_map(course).collect();
    let rate = Rate { bits_per_second: (args.rate * 1e6) as u64, queue_bytes: args.queue * 1_000 };
    // More than the whole link carries in that time, and no more than a server takes.
    let bytes = (args.rate * 1e6 / 8.0 * 40.0).min(1e8) as u64;
    let plan = Plan {
        courses: courses.clone(),
        rtt: args.rtt,
        rate,
        lasts: LASTS,
        bytes,
        seed: args.seed,
        dir: stage.dir().to_owned(),
    };
    let (seen, late) = stage
        .play(&format!("{} links at once", courses.len()), |world| fairness::run(world, &plan))?;
    let late = (late.as_secs_f64() * 1e5).round() / 100.0;
    let rows: Vec<_> =
        courses.iter().zip(&seen).map(|(course, seen)| row(args, *course, seen, late)).collect();
    show(&table(&rows), &rows, json)?;
    match rows.iter().all(|row| row.lost == 0) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived")),
    }
}

fn row(args: &File, course: Course, seen: &Seen, emulator_late_p99_ms: f64) -> Row {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    let [flow, beside] = seen.carried.map(|bytes| bytes as f64);
    Row {
        system: match course.beside {
            Beside::Nothing => "none",
            Beside::Chat | Beside::File => "tertulia",
            Beside::Tcp => "tcp",
        },
        load: course.beside.name(),
        flow: course.congestion.name(),
        rtt_ms: ms(args.rtt),
        rate_mbit: args.rate,
        queue_kb: args.queue,
        flow_mbit: hundredths(flow * 8.0 / LASTS.as_secs_f64() / 1e6),
        flow_p50_ms: ms(per_mille(&seen.records, 500)),
        flow_p99_ms: ms(per_mille(&seen.records, 990)),
        share_pct: hundredths(100.0 * beside / (flow + beside).max(1.0)),
        n: seen.messages.len(),
        p50_ms: ms(per_mille(&seen.messages, 500)),
        p99_ms: ms(per_mille(&seen.messages, 990)),
        lost: seen.lost,
        emulator_late_p99_ms,
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:6} {:10} {:>9} {:>8} {:>8} {:>8} {:>6} {:>7} {:>8} {:>4}\n",
        "flow", "beside it", "its Mbit/s", "p50 ms", "p99", "share %", "n", "p50 ms", "p99", "lost"
    );
    for row in rows {
        text.push_str(&format!(
            "{:6} {:10} {:>10} {:>8} {:>8} {:>8} {:>6} {:>7} {:>8} {:>4}\n",
            row.flow,
            row.load,
            row.flow_mbit,
            row.flow_p50_ms,
            row.flow_p99_ms,
            row.share_pct,
            row.n,
            row.p50_ms,
            row.p99_ms,
            row.lost,
        ));
    }
    text
}
