//! Many runs, on all processors.

use std::{
    fmt,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Preset, Report, run};
use crate::link::Counts;

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Total {
    /// Runs.
    pub seeds: u64,
    /// Virtual time, in all.
    pub lasted: Duration,
    /// What happened to packets.
    pub packets: Counts,
    /// Other things that went wrong.
    pub faults: u64,
    /// Messages that people wrote.
    pub messages: u64,
    /// Runs in which something happened that never may.
    pub failed: Vec<Report>,
}

/// Runs seeds until all are done, or `goes_on` says no. `preset`: `None` for that of each seed.
pub fn soak(
    seeds: Range<u64>,
    preset: Option<Preset>,
    threads: usize,
    goes_on: impl Fn(&Total) -> bool + Sync,
) -> anyhow::Result<Total> {
    let (next, total) = (AtomicU64::new(seeds.start), Mutex::new(Total::default()));
    let work = || -> anyhow::Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(());
            }
            let report = run(seed, preset.unwrap_or_else(|| Preset::of_seed(seed)))?;
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.add(report);
            if !goes_on(&total) {
                next.store(seeds.end, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a run broke off")))
        })
    })?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Total {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.lasted += report.lasted;
        self.packets += report.packets;
        self.faults += report.faults.values().sum::<u64>();
        self.messages += report.messages as u64;
        if !report.violations.is_empty() {
            self.failed.push(report);
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { packets, lost, full, down, twice, .. } = self.packets;
        writeln!(
            f,
            "{} seeds, {:.1} virtual hours, {} messages, {packets} packets ({} lost, {twice} \
             twice), {} other faults, {} seeds with violations",
            self.seeds,
            self.lasted.as_secs_f64() / 3_600.0,
            self.messages,
            lost + full + down,
            self.faults,
            self.failed.len(),
        )?;
        self.failed.iter().try_for_each(|report| writeln!(f, "{report}"))
    }
}
