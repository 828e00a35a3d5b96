//! One run's results, as `tertulia-bench loss --json` wrote them.

use serde::Deserialize;

use super::chart::{Bar, Chart, Group};
use crate::versus::System;

/// Rows of one run.
pub(super) const ROWS: usize = 1_000;

/// What became of one group's messages.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the results")]
pub struct Row {
    pub system: String,
    pub rtt_ms: f64,
    pub loss_pct: f64,
    pub burst: Option<String>,
    pub trace: Option<String>,
    pub n: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
    pub bytes_per_delivery: f64,
    pub lost: u64,
    pub emulator_late_p99_ms: Option<f64>,
}

/// All that ran at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    rows: Vec<Row>,
}

/// These are no results.
#[derive(Debug, thiserror::Error)]
pub enum BadRun {
    /// It is something else.
    #[error("these are not results of `tertulia-bench loss`: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing, too much, or what can't be.
    #[error("these results can't be drawn: {0}")]
    Rows(&'static str),
}

impl Run {
    /// Reads results.
    pub fn from_json(json: &[u8]) -> Result<Self, BadRun> {
        let rows: Vec<Row> = serde_json::from_slice(json)?;
        let Some(rtt_ms) = rows.first().map(|row| row.rtt_ms) else {
            return Err(BadRun::Rows("there are none"));
        };
        if rows.len() > ROWS {
            return Err(BadRun::Rows("there are too many"));
        }
        if rows.iter().any(|row| row.rtt_ms != rtt_ms) {
            return Err(BadRun::Rows("one run has one round trip"));
        }
        if !rows.iter().all(Row::is_possible) || rtt_ms <= 0.0 {
            return Err(BadRun::Rows("percentiles rise, and nothing takes no time"));
        }
        Ok(Self { rows })
    }

    /// What was measured, as it was written.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// From the writer to a reader, if nothing is lost and programs take no time.
    pub fn bound_ms(&self) -> f64 {
        self.rows.first().map_or(0.0, |row| row.rtt_ms)
    }

    /// How packets were lost, for people.
    pub fn title(&self) -> String {
        let trace = self.rows.iter().find_map(|row| row.trace.as_deref());
        if let Some(trace) = trace {
            return format!("A link that changes: {trace}");
        }
        let burst = self.rows.iter().find_map(|row| row.burst.as_deref());
        let how = match burst {
            Some(burst) => format!("lost in bursts of {burst} on average"),
            None => "lost one by one".to_owned(),
        };
        format!("Round trip {} ms, packets {how}", self.bound_ms())
    }

    /// As a picture.
    pub(super) fn chart(&self) -> Chart {
        let bar = |row: &Row| Bar {
            system: row.system.clone(),
            ms: [row.p50_ms, row.p99_ms, row.p999_ms, row.max_ms],
        };
        let systems = self.systems();
        let group = |loss: f64| Group {
            label: format!("{loss} %"),
            bars: systems.iter().filter_map(|system| self.find(system, loss)).map(bar).collect(),
        };
        Chart {
            title: format!("{}: how long messages take", self.title()),
            legend: "Bars: from the median to the 99th percentile; narrow: to the 99.9th; line: to \
                     the slowest.",
            below: "packets lost in each direction of each link",
            bound_ms: self.bound_ms(),
            groups: self.losses().into_iter().map(group).collect(),
        }
    }

    /// Losses, in order.
    pub(super) fn losses(&self) -> Vec<f64> {
        let mut losses: Vec<f64> = self.rows.iter().map(|row| row.loss_pct).collect();
        losses.sort_by(f64::total_cmp);
        losses.dedup();
        losses
    }

    /// Systems, in the order of the results.
    pub(super) fn systems(&self) -> Vec<&str> {
        let mut systems: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !systems.contains(&row.system.as_str()) {
                systems.push(&row.system);
            }
        }
        systems
    }

    pub(super) fn find(&self, system: &str, loss_pct: f64) -> Option<&Row> {
        self.rows.iter().find(|row| row.system == system && row.loss_pct == loss_pct)
    }
}

impl Row {
    fn is_possible(&self) -> bool {
        let steps = [0.001, self.p50_ms, self.p95_ms, self.p99_ms, self.p999_ms, self.max_ms];
        steps.is_sorted() && self.max_ms.is_finite() && (0.0..=100.0).contains(&self.loss_pct)
    }
}

/// What a system is, for people.
pub(super) fn about(system: &str) -> &str {
    match (system, system.parse::<System>()) {
        (_, Ok(system)) => system.about(),
        ("quic-cubic", _) => "Tertulia, its window by CUBIC",
        ("quic-bbr", _) => "Tertulia, its window by BBR",
        ("tcp-tls-cubic-two", _) => "file on a second TCP, CUBIC",
        ("tcp-tls-bbr-two", _) => "file on a second TCP, BBR",
        ("bound", _) => "Tertulia, chat alone",
        _ => system,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Results of two systems at two losses.
    pub(in crate::report) fn run() -> Run {
        let row = |system: &str, loss: f64, p50: f64, worst: f64| {
            format!(
                r#"{{"system":"{system}","rtt_ms":60.0,"loss_pct":{loss},"burst":null,"n":4000,
                "p50_ms":{p50},"p95_ms":{p50},"p99_ms":{p50},"p999_ms":{worst},"max_ms":{worst},
                "bytes_per_delivery":614.0,"lost":0,"duplicated":0,"disordered":0,
                "emulator_late_p99_ms":0.2}}"#
            )
        };
        let rows = [
            row("tertulia", 0.0, 61.0, 63.0),
            row("tcp-tls-bbr", 0.0, 61.0, 64.0),
            row("tertulia", 10.0, 62.0, 99.0),
            row("tcp-tls-bbr", 10.0, 110.0, 12_000.0),
        ];
        Run::from_json(format!("[{}]", rows.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn results_are_read_as_they_were_written() {
        let run = run();
        assert_eq!((run.losses(), run.bound_ms()), (vec![0.0, 10.0], 60.0));
        assert_eq!(run.systems(), ["tertulia", "tcp-tls-bbr"]);
        assert_eq!(run.find("tcp-tls-bbr", 10.0).unwrap().p50_ms, 110.0);
        assert_eq!(run.title(), "Round trip 60 ms, packets lost one by one");
        assert_eq!(about("tcp-tls-bbr"), "TLS 1.3 over TCP, BBR");
        assert_eq!(about("something new"), "something new");
    }

    #[test]
    fn what_is_no_result_is_refused() {
        let json = serde_json::json!([{
            "system": "tertulia", "rtt_ms": 60, "loss_pct": 0, "burst": null, "n": 1, "p50_ms": 70,
            "p95_ms": 65, "p99_ms": 71, "p999_ms": 72, "max_ms": 73, "bytes_per_delivery": 1,
            "lost": 0,
        }]);
        for bad in ["", "{}", "[]", "[{}]", &json.to_string()] {
            assert!(Run::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
