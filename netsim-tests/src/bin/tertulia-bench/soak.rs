//! `soak`: what `make soak` prints.

use std::{path::Path, process::ExitCode, thread};

use anyhow::Result;
use serde::Serialize;
use tertulia_netsim::sim::soak::{self, Total};
use tokio::time::{Duration, Instant};

use crate::{
    args::Soak,
    output::{fail, print, say, write_json},
};

#[derive(Serialize)]
struct Row {
    system: &'static str,
    seeds: u64,
    seeds_per_s: f64,
    virtual_hours: f64,
    messages: u64,
    packets: u64,
    packets_lost: u64,
    packets_twice: u64,
    other_faults: u64,
    seeds_violated: usize,
}

pub(crate) fn run(args: &Soak, json: Option<&Path>) -> Result<ExitCode> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let goes_on = |total: &Total| {
        if total.seeds.is_multiple_of(100) {
            say(&format!("{} seeds, {} with violations\n", total.seeds, total.failed.len()));
        }
        args.time.is_none_or(|time| began.elapsed() < time)
    };
    let seeds = args.from..args.from.saturating_add(args.seeds);
    let total = soak::soak(seeds, args.preset, threads, goes_on)?;
    let row = row(&total, began.elapsed());
    let text = format!("{total}{:.1} seeds per second on {threads} threads\n", row.seeds_per_s);
    if let Some(path) = json {
        write_json(path, &[row])?;
    }
    match json.is_some_and(|path| path.as_os_str() == "-") {
        true => say(&text),
        false => print(&text)?,
    }
    match total.failed.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("something happened that never may")),
    }
}

fn row(total: &Total, took: Duration) -> Row {
    let packets = total.packets;
    Row {
        system: "tertulia",
        seeds: total.seeds,
        seeds_per_s: total.seeds as f64 / took.as_secs_f64(),
        virtual_hours: total.lasted.as_secs_f64() / 3_600.0,
        messages: total.messages,
        packets: packets.packets,
        packets_lost: packets.lost + packets.full + packets.down,
        packets_twice: packets.twice,
        other_faults: total.faults,
        seeds_violated: total.failed.len(),
    }
}
