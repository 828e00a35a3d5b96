//! The figures of one shape.

use serde::Serialize;
use tokio::time::Duration;

use super::{Plan, load::Window};

/// Medians over the measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs, reason = "each is said in `table`")]
pub struct Row {
    pub system: &'static str,
    pub mode: &'static str,
    pub clients: usize,
    pub rooms: usize,
    pub senders: usize,
    pub deliveries_per_s: f64,
    pub server_cpu_us_per_delivery: f64,
    /// The server's share of its processor.
    pub server_cpu_share: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Messages stored, a second.
    pub stored_per_s: f64,
    /// Messages stored in all.
    pub stored: u64,
    /// Timed deliveries.
    pub n: usize,
    /// Whether the server had a processor of its own.
    pub pinned: bool,
}

impl Row {
    pub(super) fn of(plan: &Plan, windows: &[Window], pinned: bool) -> Self {
        let each = |of: fn(&Window) -> f64| median(windows.iter().map(of).collect());
        let mut times: Vec<_> = windows.iter().flat_map(|window| &window.times).copied().collect();
        times.sort_unstable();
        Self {
            system: "tertulia",
            mode: plan.shape.name(),
            clients: plan.clients,
            rooms: plan.rooms,
            senders: plan.writers(),
            deliveries_per_s: each(|w| w.deliveries as f64 / w.took.as_secs_f64()),
            server_cpu_us_per_delivery: each(|w| {
                w.cpu.as_secs_f64() * 1e6 / w.deliveries.max(1) as f64
            }),
            server_cpu_share: each(|w| w.cpu.as_secs_f64() / w.took.as_secs_f64()),
            p50_ms: ms(quantile(&times, 0.50)),
            p99_ms: ms(quantile(&times, 0.99)),
            stored_per_s: each(|w| w.stored as f64 / w.took.as_secs_f64()),
            stored: windows.iter().map(|window| window.stored).sum(),
            n: times.len(),
            pinned,
        }
    }
}

/// A line for each row.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<10}{:>8}{:>7}{:>9}{:>14}{:>13}{:>8}{:>10}{:>10}{:>12}\n",
        "mode",
        "clients",
        "rooms",
        "senders",
        "deliveries/s",
        "CPU us each",
        "CPU",
        "p50 ms",
        "p99 ms",
        "stored/s"
    );
    for row in rows {
        text += &format!(
            "{:<10}{:>8}{:>7}{:>9}{:>14.0}{:>13.2}{:>7.0}%{:>10.2}{:>10.2}{:>12.0}\n",
            row.mode,
            row.clients,
            row.rooms,
            row.senders,
            row.deliveries_per_s,
            row.server_cpu_us_per_delivery,
            row.server_cpu_share * 100.0,
            row.p50_ms,
            row.p99_ms,
            row.stored_per_s,
        );
    }
    text
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Of sorted times.
fn quantile(times: &[Duration], share: f64) -> Duration {
    let at = (times.len() as f64 * share) as usize;
    times.get(at.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::Shape;

    #[test]
    fn a_row_is_made_of_medians_and_of_all_times() {
        let second = Duration::from_secs(1);
        let window = |deliveries, cpu_ms, times: &[u64]| Window {
            took: 2 * second,
            cpu: Duration::from_millis(cpu_ms),
            deliveries,
            stored: deliveries / 100,
            times: times.iter().map(|ms| Duration::from_millis(*ms)).collect(),
        };
        let windows =
            [window(2_000, 20, &[1, 2]), window(400_000, 400, &[3]), window(200_000, 400, &[9])];
        let (shape, repeats) = (Shape::Saturate, 3);
        let plan = Plan { clients: 100, rooms: 4, senders: 2, shape, time: 2 * second, repeats };
        let row = Row::of(&plan, &windows, true);
        assert_eq!((row.deliveries_per_s, row.stored_per_s, row.stored), (1e5, 1e3, 6_020));
        assert_eq!((row.server_cpu_us_per_delivery, row.server_cpu_share), (2.0, 0.2));
        assert_eq!((row.p50_ms, row.p99_ms, row.n, row.senders), (3.0, 9.0, 4, 4));
    }
}
