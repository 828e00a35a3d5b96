//! The figures of one shape.

use serde::Serialize;
use tokio::time::Duration;

use super::{Plan, load::Window, receiver::Received, start::Started};

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
    /// The crowd's share of its own: where it is whole and the server's is not, the crowd was the
    /// bottleneck.
    pub load_cpu_share: f64,
    /// Messages written together, in bursts.
    pub at_once: Option<u64>,
    /// `None` where nothing was timed.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
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
            system: plan.system.name(),
            mode: plan.shape.name(),
            clients: plan.clients,
            rooms: plan.rooms,
            senders: plan.writers(),
            deliveries_per_s: each(|w| w.deliveries as f64 / w.took.as_secs_f64()),
            server_cpu_us_per_delivery: each(|w| {
                w.cpu.as_secs_f64() * 1e6 / w.deliveries.max(1) as f64
            }),
            server_cpu_share: each(|w| w.cpu.as_secs_f64() / w.took.as_secs_f64()),
            load_cpu_share: each(|w| w.load_cpu.as_secs_f64() / w.took.as_secs_f64()),
            at_once: plan.shape.at_once(),
            p50_ms: quantile(&times, 0.50).map(ms),
            p99_ms: quantile(&times, 0.99).map(ms),
            stored_per_s: each(|w| w.stored as f64 / w.took.as_secs_f64()),
            stored: windows.iter().map(|window| window.stored).sum(),
            n: times.len(),
            pinned,
        }
    }
}

impl Row {
    /// The mode, and how many at once.
    fn named(&self) -> String {
        match self.at_once {
            Some(messages) => format!("{} {messages}", self.mode),
            None => self.mode.to_owned(),
        }
    }
}

/// What the other end takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClientRow {
    /// `tertulia`.
    pub system: &'static str,
    /// Received, as fast as they could come; a tenth as many one by one.
    pub messages: u64,
    /// `tertulia-cli tail`'s CPU for each.
    pub cli_cpu_us_per_message: f64,
    /// The same where they come one by one, 200 a second.
    pub cli_cpu_us_per_message_paced: f64,
    /// The most memory that it had.
    pub cli_peak_rss_mib: f64,
    /// Events on the disk of a client that starts.
    pub cached: u64,
    /// Of so many rooms.
    pub rooms: usize,
    /// Until it shows its rooms and a page.
    pub start_ms: f64,
    /// The same after it was killed.
    pub start_after_kill_ms: f64,
    /// The CPU for each event that it fetched and kept.
    pub kept_cpu_us_per_event: f64,
}

impl ClientRow {
    pub(super) fn of(messages: u64, received: &Received, started: &Started) -> Self {
        Self {
            system: "tertulia",
            messages,
            cli_cpu_us_per_message: received.saturated_us,
            cli_cpu_us_per_message_paced: received.paced_us,
            cli_peak_rss_mib: received.peak_rss_kib as f64 / 1024.0,
            cached: started.cached,
            rooms: started.rooms,
            start_ms: started.start_ms,
            start_after_kill_ms: started.start_after_kill_ms,
            kept_cpu_us_per_event: started.kept_us,
        }
    }
}

/// A line for each row.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<10}{:<10}{:>8}{:>7}{:>9}{:>14}{:>13}{:>8}{:>8}{:>10}{:>10}{:>12}\n",
        "system",
        "mode",
        "clients",
        "rooms",
        "senders",
        "deliveries/s",
        "CPU us each",
        "CPU",
        "crowd's",
        "p50 ms",
        "p99 ms",
        "stored/s"
    );
    for row in rows {
        text += &format!(
            "{:<10}{:<10}{:>8}{:>7}{:>9}{:>14.0}{:>13.2}{:>7.0}%{:>7.0}%{:>10}{:>10}{:>12.0}\n",
            row.system,
            row.named(),
            row.clients,
            row.rooms,
            row.senders,
            row.deliveries_per_s,
            row.server_cpu_us_per_delivery,
            row.server_cpu_share * 100.0,
            row.load_cpu_share * 100.0,
            shown(row.p50_ms),
            shown(row.p99_ms),
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
fn quantile(times: &[Duration], share: f64) -> Option<Duration> {
    let at = (times.len() as f64 * share) as usize;
    times.get(at.min(times.len().saturating_sub(1))).copied()
}

fn shown(ms: Option<f64>) -> String {
    ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}"))
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use crate::fanout::{Shape, System};

    #[test]
    fn a_row_is_made_of_medians_and_of_all_times() {
        let second = Duration::from_secs(1);
        let window = |deliveries, cpu_ms, times: &[u64]| Window {
            took: 2 * second,
            cpu: Duration::from_millis(cpu_ms),
            load_cpu: second,
            deliveries,
            stored: deliveries / 100,
            times: times.iter().map(|ms| Duration::from_millis(*ms)).collect(),
        };
        let windows =
            [window(2_000, 20, &[1, 2]), window(400_000, 400, &[3]), window(200_000, 400, &[9])];
        let (shape, repeats) = (Shape::Saturate, 3);
        let (system, others) = (System::TlsTcp, PathBuf::new());
        let plan = Plan {
            system,
            others,
            clients: 100,
            rooms: 4,
            senders: 2,
            shape,
            time: 2 * second,
            repeats,
        };
        let row = Row::of(&plan, &windows, true);
        assert_eq!((row.deliveries_per_s, row.stored_per_s, row.stored), (1e5, 1e3, 6_020));
        assert_eq!((row.server_cpu_us_per_delivery, row.server_cpu_share), (2.0, 0.2));
        assert_eq!(row.system, "tls-tcp");
        assert_eq!((row.load_cpu_share, row.at_once), (0.5, None));
        assert_eq!((row.p50_ms, row.p99_ms, row.n, row.senders), (Some(3.0), Some(9.0), 4, 4));
    }
}
