//! What measurements in virtual time have in common.

use std::{sync::Mutex, thread};

use anyhow::{Context, Result};

/// Measures every cell, in their order. Time is virtual: how many run at once changes nothing.
pub(crate) fn measured<C: Sync, R: Send>(
    cells: &[C],
    measure: impl Fn(&C) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let left = Mutex::new(cells.iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = left.lock().ok().and_then(|mut left| left.next());
            let Some((place, cell)) = next else { return };
            let row = measure(cell);
            if let Ok(mut done) = done.lock() {
                done.push((place, row));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let mut rows = done.into_inner().ok().context("a run was lost")?;
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}
