//! In virtual time: the figures of the protocol alone.

use anyhow::Result;
use tertulia_netsim::{
    sim::outage::{self, Course},
    versus::{self, System},
};
use tokio::time::Duration;

use super::{Cell, Found, Row, cells};
use crate::{args::Outage, virtual_time::measured as each};

const LASTS: [u64; 3] = [10, 40, 600];
const TIMES: u32 = 10;

/// A row for each cell, with all that is done against it and without.
pub(super) fn measured(args: &Outage) -> Result<Vec<Row>> {
    let systems = [System::Tertulia, System::QuicPlain];
    let lasts = args.lasts.clone().unwrap_or_else(|| LASTS.map(Duration::from_secs).to_vec());
    let cells: Vec<_> = lasts.into_iter().flat_map(|lasts| cells(lasts, &systems)).collect();
    each(&cells, |cell| measure(args, *cell))
}

fn measure(args: &Outage, cell: Cell) -> Result<Row> {
    let Cell { lasts, who, is_told, is_busy, system } = cell;
    let every = versus::outage::Course { system, lasts, who, is_told, is_busy }.every();
    let Outage { rtt, seed, .. } = *args;
    let times = args.times.unwrap_or(TIMES);
    let is_ours = system == System::Tertulia;
    let found = outage::run(Course { rtt, lasts, who, is_told, every, times, is_ours, seed })?;
    let lost = (times as usize).saturating_sub(found.first.len());
    let (first, all, bytes) = (&found.first, &found.all, found.bytes);
    Ok(Row::new(args, cell, &Found { first, all, bytes, lost }))
}
