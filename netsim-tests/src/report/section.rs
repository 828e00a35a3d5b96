//! What the page says of one run: words, a picture, a table.

use super::{
    chart::Chart,
    run::{Row, Run, about},
};

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    pub(super) title: String,
    pub(super) words: &'static str,
    pub(super) chart: Option<Chart>,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Line>,
    /// By how much the emulator itself was late, if it was one.
    pub(super) late_ms: Option<f64>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) cells: Vec<String>,
    /// Whether other circumstances begin with it.
    pub(super) is_first: bool,
}

impl From<&Run> for Section {
    fn from(run: &Run) -> Self {
        let mut rows = Vec::new();
        for loss in run.losses() {
            let lines = run.rows().iter().filter(|row| row.loss_pct == loss);
            rows.extend(lines.enumerate().map(|(n, row)| line(row, n == 0)));
        }
        let head = [
            "system",
            "lost packets",
            "deliveries",
            "p50",
            "p95",
            "p99",
            "p99.9",
            "slowest",
            "bytes",
        ];
        Self {
            title: run.title(),
            words: "One writes into four rooms, twenty messages a second, two read; everybody has a \
                    link of their own, and each direction of each link loses packets. What never \
                    came counts as having taken until the end. Bytes are those of all three links, \
                    by delivery.",
            chart: Some(run.chart()),
            head: head.to_vec(),
            rows,
            late_ms: run.rows().iter().find_map(|row| row.emulator_late_p99_ms),
        }
    }
}

fn line(row: &Row, is_first: bool) -> Line {
    let n = match row.lost {
        0 => row.n.to_string(),
        lost => format!("{} ({lost} never came)", row.n),
    };
    let cells = vec![
        about(&row.system).to_owned(),
        format!("{} %", row.loss_pct),
        n,
        ms(row.p50_ms),
        ms(row.p95_ms),
        ms(row.p99_ms),
        ms(row.p999_ms),
        ms(row.max_ms),
        format!("{:.0}", row.bytes_per_delivery),
    ];
    Line { cells, is_first }
}

/// A time in a table, in milliseconds.
pub(super) fn ms(ms: f64) -> String {
    format!("{ms:.1}")
}
