//! Between real kernels.

use anyhow::Result;
use tertulia_netsim::{
    link::{Loss, Rate},
    versus::beside::{self, Carrier, Plan},
};

use super::Row;
use crate::{args::File, stage::Stage};

/// A row for each way to send, all at once.
pub(super) fn measured(args: &File) -> Result<Vec<Row>> {
    let stage = Stage::set(&args.emulated)?;
    let carriers: Vec<_> = Carrier::ALL
        .into_iter()
        .filter(|carrier| stage.systems().contains(&carrier.system()))
        .collect();
    let loss = match args.loss > 0.0 {
        true => Loss::Random { share: args.loss }.check()?,
        false => Loss::None,
    };
    let plan = Plan {
        carriers: carriers.clone(),
        rtt: args.rtt,
        loss,
        rate: Rate { bits_per_second: (args.rate * 1e6) as u64, queue_bytes: args.queue * 1_000 },
        bytes: (args.size * 1e6) as u64,
        files: args.files,
        seed: args.seed,
        dir: stage.dir().to_owned(),
    };
    let what = format!("{} files each of {}", args.files, carriers.len());
    let (seen, late) = stage.play(&what, |world| beside::run(world, &plan))?;
    let late = (late.as_secs_f64() * 1e5).round() / 100.0;
    let rows = carriers.iter().zip(&seen).map(|(carrier, seen)| {
        let row = Row::new(args, *carrier, seen);
        Row { emulator_late_p99_ms: Some(late), ..row }
    });
    Ok(rows.collect())
}
