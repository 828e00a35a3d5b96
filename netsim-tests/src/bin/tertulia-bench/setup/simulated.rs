//! In virtual time: the figures of the protocol alone.

use anyhow::Result;
use tertulia_netsim::{
    link::Loss,
    sim::setup::{self, Course},
    versus::System,
};

use super::Row;
use crate::{args::Setup, virtual_time::measured as each};

/// A row for each loss, with all that is done against it and without.
pub(super) fn measured(args: &Setup) -> Result<Vec<Row>> {
    let systems = [System::Tertulia, System::QuicPlain];
    let cells: Vec<_> =
        args.loss.iter().flat_map(|loss| systems.map(|system| (*loss, system))).collect();
    each(&cells, |(loss, system)| measure(args, *loss, *system))
}

fn measure(args: &Setup, share: f64, system: System) -> Result<Row> {
    let loss = match share > 0.0 {
        true => Loss::Random { share }.check()?,
        false => Loss::None,
    };
    let Setup { rtt, setups, seed, .. } = *args;
    let is_ours = system == System::Tertulia;
    let found = setup::run(Course { rtt, loss, setups, is_ours, is_forgotten: false, seed })?;
    Ok(Row::new(args, system, share, &found.sorted, found.bytes))
}
