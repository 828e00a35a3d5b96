//! Over the emulated network: real kernels, real time.

use anyhow::Result;
use tertulia_netsim::versus::{self, Cell, Plan, System};
use tokio::time::Duration;

use super::{Conditions, Row};
use crate::{args::Loss, stage::Stage};

/// What is not there so long after the last message is given up.
const PATIENCE: Duration = Duration::from_secs(90);

/// A row for each link and system, in one run.
pub(super) fn measured(args: &Loss, conditions: &[Conditions]) -> Result<Vec<Row>> {
    let stage = Stage::set(&args.emulated)?;
    let cells: Vec<(&Conditions, System)> = conditions
        .iter()
        .flat_map(|conditions| stage.systems().iter().map(move |system| (conditions, *system)))
        .collect();
    let plan = Plan {
        cells: cells
            .iter()
            .map(|(conditions, system)| Cell { system: *system, way: conditions.way.clone() })
            .collect(),
        rtt: conditions.first().map_or(args.rtt, |conditions| conditions.rtt),
        messages: args.messages,
        patience: PATIENCE,
        seed: args.seed,
        dir: stage.dir().to_owned(),
    };
    let (latencies, late) = stage.play(&format!("{} groups at once", cells.len()), |world| {
        let outcome = versus::run(world, &plan)?;
        Ok((outcome.latencies, outcome.check))
    })?;
    let row = |((conditions, system), found): (&(&Conditions, System), _)| {
        Row::new(*system, conditions, found).beside(late)
    };
    Ok(cells.iter().zip(&latencies).map(row).collect())
}
