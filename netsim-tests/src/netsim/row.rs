//! The table of a run.

use serde::Serialize;
use tokio::time::Duration;

use super::Tally;
use crate::link::Preset;

/// What became of one preset's messages. The field names are those that other programs rely on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    system: &'static str,
    preset: &'static str,
    sent: u64,
    delivered: u64,
    lost: u64,
    twice: u64,
    out_of_order: u64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    /// Why there is nothing to count, or what else went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

impl Row {
    /// Of a preset where so many messages were sent.
    pub(super) fn new(preset: Preset, sent: u64, tally: &Tally, trouble: Option<String>) -> Self {
        let ms = |duration: Duration| (duration.as_secs_f64() * 10_000.0).round() / 10.0;
        Self {
            system: "tertulia",
            preset: preset.name(),
            sent,
            delivered: tally.delivered(),
            lost: tally.lost(),
            twice: tally.twice(),
            out_of_order: tally.out_of_order(),
            p50_ms: tally.percentile(50).map(ms),
            p99_ms: tally.percentile(99).map(ms),
            trouble,
        }
    }

    /// Whether all went as it should.
    pub fn is_good(&self) -> bool {
        self.lost + self.twice + self.out_of_order == 0 && self.trouble.is_none()
    }

    /// What went wrong beside the numbers.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.as_ref().map(|trouble| format!("{}: {trouble}", self.preset))
    }

    fn cells(&self) -> [String; 8] {
        let ms = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}"));
        [
            self.preset.to_owned(),
            self.sent.to_string(),
            self.delivered.to_string(),
            self.lost.to_string(),
            self.twice.to_string(),
            self.out_of_order.to_string(),
            ms(self.p50_ms),
            ms(self.p99_ms),
        ]
    }
}

const HEAD: [&str; 8] =
    ["preset", "sent", "delivered", "lost", "twice", "out of order", "p50 ms", "p99 ms"];

/// The rows as people read them, a head above.
pub fn table(rows: &[Row]) -> String {
    let head = HEAD.map(str::to_owned);
    let lines: Vec<_> = [head].into_iter().chain(rows.iter().map(Row::cells)).collect();
    let mut widths = [0; 8];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.len().max(*width);
        }
    }
    let mut text = String::new();
    for line in &lines {
        for (place, (cell, width)) in line.iter().zip(widths).enumerate() {
            match place {
                0 => text.push_str(&format!("{cell:<width$}")),
                _ => text.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netsim::Message;

    fn row(seen: u32, trouble: Option<String>) -> Row {
        let mut tally = Tally::new(1, 1, 3);
        for number in 0..seen {
            let message = Message { writer: 0, number, sent_at: Duration::ZERO };
            let at = Duration::from_micros(12_345);
            tally.saw(0, u64::from(number), message, at);
        }
        Row::new(Preset::Satellite, 3, &tally, trouble)
    }

    #[test]
    fn columns_stand_under_their_heads() {
        let expected = "\
preset     sent  delivered  lost  twice  out of order  p50 ms  p99 ms
satellite     3          0     3      0             0       -       -
satellite     3          3     0      0             1    12.3    12.3
";
        // Seq 0 is none: the first message is told as out of order.
        assert_eq!(table(&[row(0, None), row(3, None)]), expected);
    }

    #[test]
    fn only_what_went_wholly_well_is_good() {
        assert!(!row(2, None).is_good() && !row(3, None).is_good());
        let mut good = row(3, None);
        good.out_of_order = 0;
        assert!(good.is_good());
        good.trouble = Some("a sender ended with 3".to_owned());
        assert!(!good.is_good());
        assert_eq!(good.trouble().as_deref(), Some("satellite: a sender ended with 3"));
    }
}
