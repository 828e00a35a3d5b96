//! Between real kernels.

use anyhow::Result;
use tertulia_netsim::versus::{
    Ground, System,
    roam::{self, Course},
};

use super::{Cell, Row, cells};
use crate::{args::Roam, stage::Stage};

const MOVES: u32 = 24;
/// Two connections break like one.
const APART: System = System::BbrRaced;

/// A row for each cell; those of one loss run at once.
pub(super) fn measured(args: &Roam) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for share in &args.loss {
        rows.extend(measured_at(args, *share)?);
    }
    Ok(rows)
}

fn measured_at(args: &Roam, share: f64) -> Result<Vec<Row>> {
    let stage = Stage::set(&args.emulated)?;
    let mut cells = cells(share, stage.systems())?;
    // A TCP connection that nobody tells has no address but its first: its end is a matter of its
    // program's own timers, and the baseline has none.
    cells.retain(|cell| cell.system != APART && (cell.is_told || cell.system.is_ours()));
    let moves = args.moves.unwrap_or(MOVES);
    let course = |cell: &Cell| {
        let Cell { loss, who, is_told, system, .. } = *cell;
        Course { system, loss, who, is_told }
    };
    let courses: Vec<_> = cells.iter().map(course).collect();
    let ground = Ground { rtt: args.rtt, seed: args.seed, dir: stage.dir().to_owned() };
    let what = format!("{moves} moves each of {}", cells.len());
    let (found, late) = stage.play(&what, |world| roam::run(world, &ground, &courses, moves))?;
    let late = (late.as_secs_f64() * 1e5).round() / 100.0;
    let rows = cells.iter().zip(&found).map(|(cell, found)| {
        let row = Row::new(args, *cell, &found.worst, found.is_kept, found.lost);
        Row { emulator_late_p99_ms: Some(late), ..row }
    });
    Ok(rows.collect())
}
