//! Pictures of what was found over bad networks: one page that needs nothing beside itself.
//!
//! Pure: the results as JSON in, SVG and HTML out.

mod chart;
mod others;
mod page;
mod run;
mod scale;
mod section;
mod svg;

pub use page::page;
pub use run::{BadRun, Row, Run};

use others::Others;
use section::Section;

/// What one command found.
#[derive(Debug, Clone, PartialEq)]
pub enum Results {
    /// `loss`.
    Loss(Run),
    /// Another one.
    Other(Other),
}

/// What `setup`, `roam`, `outage` or `file` found.
#[derive(Debug, Clone, PartialEq)]
pub struct Other(Others);

impl Results {
    /// Reads what a command wrote, whichever it was.
    pub fn from_json(json: &[u8]) -> Result<Self, BadRun> {
        match serde_json::from_slice::<Others>(json) {
            Ok(others) if (1..=run::ROWS).contains(&others.len()) => Ok(Self::Other(Other(others))),
            _ => Run::from_json(json).map(Self::Loss),
        }
    }

    /// As a picture, if it is one of `loss`: SVG.
    pub fn picture(&self) -> Option<String> {
        match self {
            Self::Loss(run) => Some(run.chart().draw()),
            Self::Other(_) => None,
        }
    }

    fn section(&self) -> Section {
        match self {
            Self::Loss(run) => run.into(),
            Self::Other(Other(others)) => others.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &serde_json::Value) -> Results {
        Results::from_json(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn whichever_command_found_it_the_page_has_its_table_and_its_picture() {
        let setup = serde_json::json!([
            {"system": "tertulia", "rtt_ms": 200.0, "loss_pct": 10.0, "n": 200, "p50_ms": 301.0,
             "p95_ms": 315.0, "p99_ms": 320.0, "max_ms": 330.0, "bytes_per_setup": 9000.0,
             "emulator_late_p99_ms": 0.2},
            {"system": "tcp-tls-bbr", "rtt_ms": 200.0, "loss_pct": 10.0, "n": 200, "p50_ms": 502.0,
             "p95_ms": 2500.0, "p99_ms": 4000.0, "max_ms": 4100.0, "bytes_per_setup": 8000.0,
             "emulator_late_p99_ms": 0.2},
        ]);
        let roam = serde_json::json!([
            {"system": "tertulia", "rtt_ms": 60.0, "loss_pct": 5.0, "mover": "sender", "told": true,
             "n": 24, "worst_p50_ms": 65.0, "worst_p95_ms": 75.0, "worst_max_ms": 80.0,
             "session_kept": true, "lost": 0, "emulator_late_p99_ms": 0.1},
        ]);
        let outage = |system: &str, link: &str, first: f64| {
            serde_json::json!({"system": system, "rtt_ms": 60.0, "outage_s": 10.0, "link": link,
                "load": "busy", "told": false, "n": 4, "first_p50_ms": first,
                "first_max_ms": first + 9.0, "all_p50_ms": first, "all_max_ms": first + 99.0,
                "bytes_meanwhile": 9.0, "lost": 0, "emulator_late_p99_ms": 0.1})
        };
        let outage = serde_json::json!([
            outage("tertulia", "sender", 190.0),
            outage("tcp-tls-cubic", "sender", 8_000.0),
            outage("tertulia", "receiver", 90.0),
        ]);
        let file = serde_json::json!([
            {"system": "tertulia", "rtt_ms": 60.0, "loss_pct": 1.0, "rate_mbit": 10.0, "queue_kb": 64,
             "size_mb": 5.0, "files": 4, "n": 360, "p50_ms": 70.0, "p95_ms": 80.0, "p99_ms": 90.0,
             "max_ms": 120.0, "file_s": 4.5, "goodput_mbit": 8.9, "queue_drops": 0, "lost": 0,
             "duplicated": 0, "emulator_late_p99_ms": 0.1},
        ]);
        let beside = serde_json::json!([
            {"system": "tertulia", "load": "chat", "flow": "cubic", "rtt_ms": 60.0,
             "rate_mbit": 10.0, "queue_kb": 64, "flow_mbit": 9.8, "flow_p50_ms": 110.0,
             "flow_p99_ms": 130.0, "share_pct": 0.9, "n": 400, "p50_ms": 110.0, "p99_ms": 160.0,
             "lost": 0, "emulator_late_p99_ms": 0.1},
        ]);
        let results = [&setup, &roam, &outage, &file, &beside].map(read);
        assert!(results.iter().all(|results| matches!(results, Results::Other(_))));
        let html = page(&results);
        assert_eq!((html.matches("<svg").count(), html.matches("<table").count()), (4, 5));
        assert!(html.contains("10 s, not told: 90 ms, 190 ms, 190 ms, 199 ms"), "of both links");
        assert!(html.contains("<td>2500.0</td>") && html.contains("<td>0.9 %</td>"));
        assert!(!html.contains("NaN") && !html.contains("inf"));
    }

    #[test]
    fn what_is_no_result_of_any_command_is_refused() {
        for bad in ["", "{}", "[]", "[{}]", "[{\"system\": \"tertulia\"}]"] {
            assert!(Results::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
