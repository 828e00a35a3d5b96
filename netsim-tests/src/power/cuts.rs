//! Cuts at random moments of a record.

use std::{fmt, path::Path};

use anyhow::Result;

use super::{disk::Image, promises::Kept, record::Records, replay::Replay};
use crate::link::rng::Rng;

/// Where chance has its sequence for moments; each cut has one of its own.
const MOMENTS: u64 = 0;

/// What many cuts came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// Cuts.
    pub cuts: u64,
    /// Calls on files that were recorded.
    pub steps: u64,
    /// All of them together.
    pub kept: Kept,
    /// Cuts after which something was not as it must be.
    pub failed: Vec<Failed>,
}

/// A cut after which something was not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Which, from 0.
    pub cut: u64,
    /// After how many calls.
    pub step: u64,
    /// What was wrong.
    pub troubles: Vec<String>,
}

/// A moment of a record, looked at.
#[derive(Debug)]
pub struct Moment<'a> {
    /// What the cut left.
    pub image: Image,
    /// All that was told before this (microseconds since 1970) was told before the cut.
    pub until: u64,
    /// What the recorded programs had printed by then.
    pub printed: &'a [u8],
    /// Which cut, from 0.
    pub number: u64,
}

/// Cuts the power `count` times; `judge` says what each one left. `goes_on` is told so far.
pub fn cut(
    root: &Path,
    records: &[std::path::PathBuf],
    count: u64,
    seed: u64,
    mut judge: impl FnMut(&Moment<'_>) -> Result<Kept>,
    mut goes_on: impl FnMut(&Total),
) -> Result<Total> {
    let mut total = Total { steps: Records::count(records)?, ..Total::default() };
    let mut rng = Rng::of(seed, MOMENTS);
    let mut moments: Vec<u64> =
        (0..count).map(|_| (rng.unit() * (total.steps + 1) as f64) as u64).collect();
    moments.sort_unstable();
    let (mut records, mut replay, mut done) = (Records::new(records), Replay::new(root), 0);
    for (number, step) in (0..).zip(moments) {
        while done < step && records.step(&mut replay)? {
            done += 1;
        }
        let moment = Moment {
            image: replay.disk().cut(&mut Rng::of(seed, number + 1)),
            until: records.until()?.unwrap_or(u64::MAX),
            printed: replay.printed(),
            number,
        };
        let kept = judge(&moment)?;
        total.cuts += 1;
        if !kept.is_good() {
            let troubles = kept.troubles.clone();
            total.failed.push(Failed { cut: number, step, troubles });
        }
        total.kept.add(kept);
        goes_on(&total);
    }
    Ok(total)
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { promises, lost, twice, out_of_order, .. } = self.kept;
        writeln!(
            f,
            "{} cuts in {} calls, {promises} promises checked, {lost} lost, {twice} twice, \
             {out_of_order} out of order, {} cuts with violations",
            self.cuts,
            self.steps,
            self.failed.len(),
        )?;
        for Failed { cut, step, troubles } in &self.failed {
            writeln!(f, "cut {cut}, after {step} calls:")?;
            troubles.iter().try_for_each(|trouble| writeln!(f, "  {trouble}"))?;
        }
        Ok(())
    }
}
