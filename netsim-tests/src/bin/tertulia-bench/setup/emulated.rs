//! Between real kernels.

use anyhow::Result;
use tertulia_netsim::{
    link::Loss,
    versus::{Cell, Plan, System, Way, setup},
};
use tokio::time::Duration;

use super::Row;
use crate::{args::Setup, stage::Stage};

/// A row for each loss and system.
pub(super) fn measured(args: &Setup) -> Result<Vec<Row>> {
    let stage = Stage::set(&args.emulated)?;
    let cells: Vec<(f64, System)> = args
        .loss
        .iter()
        .flat_map(|share| stage.systems().iter().map(move |system| (*share, *system)))
        .collect();
    let loss = |share: f64| if share > 0.0 { Loss::Random { share } } else { Loss::None };
    let plan = Plan {
        cells: cells
            .iter()
            .map(|(share, system)| Cell { system: *system, way: Way::Steady(loss(*share)) })
            .collect(),
        rtt: args.rtt,
        messages: args.setups,
        patience: Duration::ZERO,
        seed: args.seed,
        dir: stage.dir().to_owned(),
    };
    let what = format!("{} beginnings each of {}", args.setups, cells.len());
    let (found, late) = stage.play(&what, |world| setup::run(world, &plan))?;
    let late = (late.as_secs_f64() * 1e5).round() / 100.0;
    let rows = cells.iter().zip(&found).map(|((share, system), found)| {
        let bytes = found.bytes as f64 / found.sorted.len().max(1) as f64;
        let row = Row::new(args, *system, *share, &found.sorted, bytes);
        Row { emulator_late_p99_ms: Some(late), ..row }
    });
    Ok(rows.collect())
}
