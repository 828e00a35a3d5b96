//! In virtual time: the figures of the protocol alone.

use std::{sync::Mutex, thread};

use anyhow::{Context, Result, bail};
use tertulia_netsim::{
    sim::latency::{self, Course},
    versus::{System, Way},
};

use super::{Conditions, Row};
use crate::args::Loss;

/// A row for each link, with copies and without.
pub(super) fn measured(args: &Loss, conditions: &[Conditions]) -> Result<Vec<Row>> {
    let systems = [System::Tertulia, System::QuicPlain];
    let cells: Vec<_> = conditions
        .iter()
        .flat_map(|conditions| systems.map(|system| (conditions, system)))
        .collect();
    let left = Mutex::new(cells.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = left.lock().ok().and_then(|mut left| left.next());
            let Some((place, (conditions, system))) = next else { return };
            let row = measure(args, conditions, *system);
            if let Ok(mut done) = done.lock() {
                done.push((place, row));
            }
        }
    };
    // Time is virtual: how many run at once changes nothing.
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut rows = done.into_inner().ok().context("a run was lost")?;
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn measure(args: &Loss, conditions: &Conditions, system: System) -> Result<Row> {
    let Way::Steady(loss) = conditions.way else { bail!("a trace is not for virtual time") };
    let course = Course {
        rtt: conditions.rtt,
        loss,
        messages: args.messages,
        copies: system == System::Tertulia,
        seed: args.seed,
    };
    Ok(Row::new(system, conditions, &latency::run(course)?))
}
