//! In virtual time: the figures of the protocol alone.

use anyhow::{Result, bail};
use tertulia_netsim::{
    sim::latency::{self, Course},
    versus::{System, Way},
};

use super::{Conditions, Row};
use crate::{args::Loss, virtual_time::measured as each};

/// A row for each link, with copies and without.
pub(super) fn measured(args: &Loss, conditions: &[Conditions]) -> Result<Vec<Row>> {
    let systems = [System::Tertulia, System::QuicPlain];
    let cells: Vec<_> = conditions
        .iter()
        .flat_map(|conditions| systems.map(|system| (conditions, system)))
        .collect();
    each(&cells, |(conditions, system)| measure(args, conditions, *system))
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
