//! Between real kernels.

use anyhow::Result;
use tertulia_netsim::versus::{
    Ground, System,
    outage::{self, Course},
};
use tokio::time::Duration;

use super::{Cell, Found, Row, cells};
use crate::{args::Outage, stage::Stage};

const LASTS: [u64; 2] = [10, 40];
const TIMES: u32 = 4;
/// Two connections break like one.
const APART: System = System::BbrRaced;

/// A row for each cell; those of one length run at once.
pub(super) fn measured(args: &Outage) -> Result<Vec<Row>> {
    let lasts = args.lasts.clone().unwrap_or_else(|| LASTS.map(Duration::from_secs).to_vec());
    let mut rows = Vec::new();
    for lasts in lasts {
        rows.extend(measured_at(args, lasts)?);
    }
    Ok(rows)
}

fn measured_at(args: &Outage, lasts: Duration) -> Result<Vec<Row>> {
    let stage = Stage::set(&args.emulated)?;
    let systems: Vec<_> =
        stage.systems().iter().copied().filter(|system| *system != APART).collect();
    let (cells, times) = (cells(lasts, &systems), args.times.unwrap_or(TIMES));
    let courses: Vec<_> = cells
        .iter()
        .map(|Cell { lasts, who, is_told, is_busy, system }| Course {
            system: *system,
            lasts: *lasts,
            who: *who,
            is_told: *is_told,
            is_busy: *is_busy,
        })
        .collect();
    let ground = Ground { rtt: args.rtt, seed: args.seed, dir: stage.dir().to_owned() };
    let what = format!("{times} times {} s each of {}", lasts.as_secs_f64(), cells.len());
    let (found, late) = stage.play(&what, |world| outage::run(world, &ground, &courses, times))?;
    let late = (late.as_secs_f64() * 1e5).round() / 100.0;
    let rows = cells.iter().zip(&found).map(|(cell, found)| {
        let bytes = found.bytes as f64 / f64::from(times);
        let (first, all, lost) = (&found.first, &found.all, found.lost);
        let row = Row::new(args, *cell, &Found { first, all, bytes, lost });
        Row { emulator_late_p99_ms: Some(late), ..row }
    });
    Ok(rows.collect())
}
