//! A row of the table.

use std::time::Duration;

use serde::Serialize;
use tertulia_netsim::{latencies::Latencies, versus::System};

use super::Conditions;
use crate::output::ms;

/// What became of a group's messages. The field names are those that other programs rely on.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    system: &'static str,
    rtt_ms: f64,
    loss_pct: f64,
    burst: Option<String>,
    /// The recorded link; then the round trip is its median, and the loss its mean.
    trace: Option<String>,
    n: usize,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
    bytes_per_delivery: f64,
    lost: usize,
    duplicated: usize,
    disordered: usize,
    /// By how much the emulator itself was late; nothing in virtual time.
    emulator_late_p99_ms: Option<f64>,
    #[serde(skip)]
    is_ours: bool,
}

impl Row {
    pub(super) fn new(system: System, conditions: &Conditions, found: &Latencies) -> Self {
        let at = |share| ms(found.per_mille(share));
        Self {
            system: system.name(),
            rtt_ms: ms(conditions.rtt),
            loss_pct: (conditions.share * 1e4).round() / 100.0,
            burst: conditions.burst.clone(),
            trace: conditions.trace.clone(),
            n: found.sorted.len(),
            p50_ms: at(500),
            p95_ms: at(950),
            p99_ms: at(990),
            p999_ms: at(999),
            max_ms: at(1_000),
            bytes_per_delivery: found.bytes_per_delivery.round(),
            lost: found.lost,
            duplicated: found.twice,
            disordered: found.disordered,
            emulator_late_p99_ms: None,
            is_ours: system.is_ours(),
        }
    }

    /// Measured while the emulator was late by that much.
    pub(super) fn beside(self, late: Duration) -> Self {
        let emulator_late_p99_ms = Some((late.as_secs_f64() * 1e5).round() / 100.0);
        Self { emulator_late_p99_ms, ..self }
    }

    /// Whether every message arrived once and in order; what else is measured may be late without
    /// end.
    pub(super) fn is_good(&self) -> bool {
        (self.lost == 0 || !self.is_ours) && (self.duplicated, self.disordered) == (0, 0)
    }
}

/// The rows as people read them.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:17} {:>6} {:>6} {:>9} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>4} {:>5} {:>5}\n",
        "system",
        "rtt ms",
        "loss %",
        "burst",
        "n",
        "p50 ms",
        "p95",
        "p99",
        "p99.9",
        "max",
        "bytes",
        "lost",
        "twice",
        "order"
    );
    for row in rows {
        text.push_str(&format!(
            "{:17} {:>6} {:>6} {:>9} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>7} {:>4} {:>5} {:>5}\n",
            row.system,
            row.rtt_ms,
            row.loss_pct,
            row.burst.as_deref().or(row.trace.as_deref()).unwrap_or("-"),
            row.n,
            row.p50_ms,
            row.p95_ms,
            row.p99_ms,
            row.p999_ms,
            row.max_ms,
            row.bytes_per_delivery,
            row.lost,
            row.duplicated,
            row.disordered,
        ));
    }
    text
}
