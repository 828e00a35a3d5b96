//! The figures of one size.

use serde::Serialize;
use tokio::time::Duration;

/// Medians, in milliseconds.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "each is said in `COLUMNS`")]
pub struct Row {
    pub system: &'static str,
    pub messages: u64,
    pub n: usize,
    pub database_mib: f64,
    pub start_ms: f64,
    pub start_after_kill_ms: f64,
    pub resume_ms: f64,
    pub rooms_ms: f64,
    pub members_ms: f64,
    pub newest_page_ms: f64,
    pub middle_page_ms: f64,
    pub oldest_page_ms: f64,
    pub receipt_ms: f64,
    pub stats_ms: f64,
    pub rss_mib_at_start: f64,
    pub rss_mib: f64,
}

type Column = (&'static str, fn(&Row) -> f64);

/// What stands in each line of the table.
const LINES: [Column; 13] = [
    ("database, MiB", |row| row.database_mib),
    ("start after a clean stop, ms", |row| row.start_ms),
    ("start after kill -9, ms", |row| row.start_after_kill_ms),
    ("resume, 20 events behind, ms", |row| row.resume_ms),
    ("rooms with unread counts, ms", |row| row.rooms_ms),
    ("members, ms", |row| row.members_ms),
    ("page of 100, newest, ms", |row| row.newest_page_ms),
    ("page of 100, middle, ms", |row| row.middle_page_ms),
    ("page of 100, oldest, ms", |row| row.oldest_page_ms),
    ("send to receipt, ms", |row| row.receipt_ms),
    ("stats, ms", |row| row.stats_ms),
    ("memory after the start, MiB", |row| row.rss_mib_at_start),
    ("memory after all that, MiB", |row| row.rss_mib),
];

/// A line for each thing that is measured, a column for each size, and how many times the smallest
/// size's the largest one's is.
pub fn table(rows: &[Row]) -> String {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return String::new() };
    let head = rows.iter().map(|row| row.messages.to_string());
    let mut lines = vec![line("messages", head, "ratio")];
    for (name, of) in LINES {
        let ratio = format!("{:.1}", of(last) / of(first));
        lines.push(line(name, rows.iter().map(|row| format!("{:.1}", of(row))), &ratio));
    }
    lines.concat()
}

fn line(name: &str, cells: impl Iterator<Item = String>, ratio: &str) -> String {
    let cells: String = cells.map(|cell| format!("{cell:>10}")).collect();
    format!("{name:<30}{cells}{ratio:>8}\n")
}

pub(super) fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_compares_the_largest_with_the_smallest() {
        let ms = Duration::from_millis;
        assert_eq!(median_ms(vec![ms(9), ms(1), ms(2)]), 2.0);
        let small = Row {
            system: "tertulia",
            messages: 1_000,
            n: 3,
            database_mib: 1.0,
            start_ms: 2.0,
            start_after_kill_ms: 2.0,
            resume_ms: 2.0,
            rooms_ms: 2.0,
            members_ms: 2.0,
            newest_page_ms: 2.0,
            middle_page_ms: 2.0,
            oldest_page_ms: 2.0,
            receipt_ms: 2.0,
            stats_ms: 2.0,
            rss_mib_at_start: 2.0,
            rss_mib: 2.0,
        };
        let large = Row { messages: 100_000, database_mib: 42.0, start_ms: 3.0, ..small.clone() };
        let table = table(&[small, large]);
        let lines: Vec<_> =
            table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(lines[0], ["messages", "1000", "100000", "ratio"]);
        assert_eq!(lines[1][2..], ["1.0", "42.0", "42.0"]);
        assert!(lines[2].ends_with(&["2.0", "3.0", "1.5"]), "{:?}", lines[2]);
    }
}
