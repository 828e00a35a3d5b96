//! What a server does with more and more history behind it: the same things, measured at each size.
//!
//! People join and make rooms over QUIC, as they do everywhere. Then the history is filled by the
//! server's own rules, without the network (`tertulia_server::Bulk`), and the server is measured as
//! a process, by a client that speaks frames by hand.

mod fill;
mod measure;
mod people;
mod row;

use std::path::Path;

use anyhow::Result;

pub use row::{Row, table};

use people::Village;

/// What to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Messages stored when it is measured, ascending.
    pub sizes: Vec<u64>,
    /// How often each thing is measured; the median counts.
    pub repeats: usize,
}

/// Fills and measures in `dir`, which must be empty; `told` hears what is under way, and each row.
pub async fn run(plan: &Plan, dir: &Path, mut told: impl FnMut(Told<'_>)) -> Result<Vec<Row>> {
    told(Told::Doing("people join"));
    let village = Village::found(dir).await?;
    let mut filled = fill::Filled::default();
    let mut rows = Vec::new();
    for &size in &plan.sizes {
        told(Told::Doing(&format!("filling up to {size} messages")));
        fill::up_to(size, &mut filled, &village).await?;
        told(Told::Doing(&format!("measuring with {size} messages")));
        let row = measure::all(&village, size, plan.repeats, &mut filled).await?;
        told(Told::Row(&row));
        rows.push(row);
    }
    Ok(rows)
}

/// What is under way.
#[derive(Debug)]
pub enum Told<'a> {
    /// A step of it.
    Doing(&'a str),
    /// A size was measured.
    Row(&'a Row),
}
