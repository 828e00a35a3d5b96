//! In virtual time: the figures of the protocol alone.

use anyhow::Result;
use tertulia_netsim::{
    sim::roam::{self, Course},
    versus::System,
};

use super::{Cell, Row, cells};
use crate::{args::Roam, virtual_time::measured as each};

const MOVES: u32 = 100;

/// A row for each cell, with all that is done against it and without.
pub(super) fn measured(args: &Roam) -> Result<Vec<Row>> {
    let systems = [System::Tertulia, System::QuicPlain];
    let mut all = Vec::new();
    for share in &args.loss {
        all.extend(cells(*share, &systems)?);
    }
    each(&all, |cell| measure(args, *cell))
}

fn measure(args: &Roam, cell: Cell) -> Result<Row> {
    let Cell { loss, who, is_told, system, .. } = cell;
    let Roam { rtt, seed, .. } = *args;
    let (moves, is_ours) = (args.moves.unwrap_or(MOVES), system == System::Tertulia);
    let found = roam::run(Course { rtt, loss, who, is_told, moves, is_ours, seed })?;
    let lost = (moves as usize).saturating_sub(found.worst.len());
    Ok(Row::new(args, cell, &found.worst, found.is_kept, lost))
}
