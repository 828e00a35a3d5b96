//! Results of what is not `loss`, as the commands wrote them: `setup`, `roam`, `outage`, `file`.

use serde::Deserialize;

use super::{
    chart::{Bar, Chart, Group},
    run::about,
    section::{Line, Section, ms},
};

/// Rows of one run, by the command that wrote them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Others {
    Setup(Vec<Setup>),
    Roam(Vec<Roam>),
    Outage(Vec<Outage>),
    BesideTcp(Vec<BesideTcp>),
    File(Vec<File>),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Setup {
    system: String,
    rtt_ms: f64,
    loss_pct: f64,
    n: u64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    bytes_per_setup: f64,
    emulator_late_p99_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Roam {
    system: String,
    rtt_ms: f64,
    loss_pct: f64,
    mover: String,
    told: bool,
    n: u64,
    worst_p50_ms: f64,
    worst_p95_ms: f64,
    worst_max_ms: f64,
    session_kept: bool,
    emulator_late_p99_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Outage {
    system: String,
    rtt_ms: f64,
    outage_s: f64,
    link: String,
    load: String,
    told: bool,
    n: u64,
    first_p50_ms: f64,
    first_max_ms: f64,
    all_max_ms: f64,
    emulator_late_p99_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct File {
    system: String,
    rtt_ms: f64,
    loss_pct: f64,
    rate_mbit: f64,
    queue_kb: u64,
    n: u64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    file_s: Option<f64>,
    goodput_mbit: Option<f64>,
    queue_drops: u64,
    emulator_late_p99_ms: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct BesideTcp {
    load: String,
    flow: String,
    rtt_ms: f64,
    rate_mbit: f64,
    queue_kb: u64,
    flow_mbit: f64,
    flow_p50_ms: f64,
    flow_p99_ms: f64,
    share_pct: f64,
    n: u64,
    p50_ms: f64,
    p99_ms: f64,
    emulator_late_p99_ms: Option<f64>,
}

impl Others {
    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Setup(rows) => rows.len(),
            Self::Roam(rows) => rows.len(),
            Self::Outage(rows) => rows.len(),
            Self::BesideTcp(rows) => rows.len(),
            Self::File(rows) => rows.len(),
        }
    }
}

impl From<&Others> for Section {
    fn from(others: &Others) -> Self {
        match others {
            Others::Setup(rows) => setup(rows),
            Others::Roam(rows) => roam(rows),
            Others::Outage(rows) => outage(rows),
            Others::BesideTcp(rows) => beside_tcp(rows),
            Others::File(rows) => file(rows),
        }
    }
}

/// What the circumstances of a row are called, in the order of the rows; and the bars of each.
fn groups<R>(rows: &[R], label: impl Fn(&R) -> String, bar: impl Fn(&[&R]) -> Bar) -> Vec<Group>
where
    R: Named,
{
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let name = label(row);
        let alike = |other: &&R| label(other) == name && other.system() == row.system();
        let bar = bar(&rows.iter().filter(alike).collect::<Vec<_>>());
        match groups.iter_mut().find(|group| group.label == name) {
            Some(group) if group.bars.iter().any(|bar| bar.system == row.system()) => {}
            Some(group) => group.bars.push(bar),
            None => groups.push(Group { label: name, bars: vec![bar] }),
        }
    }
    groups
}

/// Rows of which a system says whose they are.
trait Named {
    fn system(&self) -> &str;
}

macro_rules! named {
    ($($row:ty),*) => {
        $(impl Named for $row {
            fn system(&self) -> &str {
                &self.system
            }
        })*
    };
}

named!(Setup, Roam, Outage, File);

/// Rows of a table; `circumstances` says where others begin.
fn lines<R>(
    rows: &[R],
    circumstances: impl Fn(&R) -> String,
    cells: impl Fn(&R) -> Vec<String>,
) -> Vec<Line> {
    let mut before = None;
    let mut line = |row: &R| {
        let now = circumstances(row);
        let is_first = before.as_ref() != Some(&now);
        before = Some(now);
        Line { cells: cells(row), is_first }
    };
    rows.iter().map(&mut line).collect()
}

fn most<R>(rows: &[&R], value: impl Fn(&R) -> f64) -> f64 {
    rows.iter().map(|row| value(row)).fold(0.0, f64::max)
}

fn least<R>(rows: &[&R], value: impl Fn(&R) -> f64) -> f64 {
    rows.iter().map(|row| value(row)).fold(f64::INFINITY, f64::min)
}

fn bar<R: Named>(rows: &[&R], ms: [f64; 4]) -> Bar {
    let system = rows.first().map_or("", |row| row.system()).to_owned();
    // Times of several rows, each rising.
    let mut highest = 0.0;
    let ms = ms.map(|ms| {
        highest = ms.max(highest);
        highest
    });
    Bar { system, ms }
}

const QUARTERS: &str =
    "Bars: from the median to the 95th percentile; narrow: to the 99th; line: to the slowest.";

fn setup(rows: &[Setup]) -> Section {
    let rtt = rows.first().map_or(0.0, |row| row.rtt_ms);
    let label = |row: &Setup| format!("{} %", row.loss_pct);
    let title = format!("From nothing to a first message, round trip {rtt} ms");
    let chart = Chart {
        title: title.clone(),
        legend: QUARTERS,
        below: "packets lost in each direction of the writer's link",
        // A handshake of one round trip, and one way.
        bound_ms: rtt * 1.5,
        groups: groups(rows, label, |rows| {
            let of = |value: fn(&Setup) -> f64| most(rows, value);
            let ms = [of(|r| r.p50_ms), of(|r| r.p95_ms), of(|r| r.p99_ms), of(|r| r.max_ms)];
            bar(rows, ms)
        }),
    };
    let cells = |row: &Setup| {
        let times = [row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map(ms);
        let mut cells = vec![about(&row.system).to_owned(), label(row), row.n.to_string()];
        cells.extend(times);
        cells.push(format!("{:.0}", row.bytes_per_setup));
        cells
    };
    Section {
        title,
        words: "A device that the server knows, a new process, one message that waits; the reader \
                sits beside the server.",
        chart: Some(chart),
        head: vec!["system", "lost packets", "n", "p50", "p95", "p99", "slowest", "bytes"],
        rows: lines(rows, label, cells),
        late_ms: rows.iter().find_map(|row| row.emulator_late_p99_ms),
    }
}

fn roam(rows: &[Roam]) -> Section {
    let rtt = rows.first().map_or(0.0, |row| row.rtt_ms);
    let told = |told: bool| if told { "told" } else { "not told" };
    let label = |row: &Roam| format!("{}, {}", row.mover, told(row.told));
    let title = format!("While an address changes, round trip {rtt} ms: the slowest message");
    // More would not be read.
    let loss = rows.iter().map(|row| row.loss_pct).fold(0.0, f64::max);
    let drawn: Vec<Roam> = rows.iter().filter(|row| row.loss_pct == loss).cloned().collect();
    let chart = Chart {
        title: format!("{title}, {loss} % lost"),
        legend: "Bars: from the median to the 95th percentile of all changes; line: to the slowest.",
        below: "who moves, whether the system tells",
        bound_ms: rtt,
        groups: groups(&drawn, label, |rows| {
            let of = |value: fn(&Roam) -> f64| most(rows, value);
            let [p95, most] = [of(|r| r.worst_p95_ms), of(|r| r.worst_max_ms)];
            bar(rows, [of(|r| r.worst_p50_ms), p95, p95, most])
        }),
    };
    let cells = |row: &Roam| {
        let mut cells = vec![
            about(&row.system).to_owned(),
            row.mover.clone(),
            told(row.told).to_owned(),
            format!("{} %", row.loss_pct),
            row.n.to_string(),
        ];
        cells.extend([row.worst_p50_ms, row.worst_p95_ms, row.worst_max_ms].map(ms));
        cells.push(if row.session_kept { "kept" } else { "made anew" }.to_owned());
        cells
    };
    Section {
        title,
        words: "Twenty messages a second; the old address is dead at once. Who is told has another \
                address of the kernel's, and TCP connects anew at once. Who is not told is behind a \
                router that gives another address; TCP has no rows of that.",
        chart: Some(chart),
        head: vec![
            "system",
            "who moves",
            "the system",
            "lost packets",
            "n",
            "p50",
            "p95",
            "slowest",
            "session",
        ],
        rows: lines(rows, label, cells),
        late_ms: rows.iter().find_map(|row| row.emulator_late_p99_ms),
    }
}

fn outage(rows: &[Outage]) -> Section {
    let rtt = rows.first().map_or(0.0, |row| row.rtt_ms);
    let told = |told: bool| if told { "told" } else { "not told" };
    let label = |row: &Outage| format!("{} s, {}", row.outage_s, told(row.told));
    let title = format!("After a time without a network, round trip {rtt} ms: the first message");
    let chart = Chart {
        title: title.clone(),
        legend: "Bars: the medians of all cases, from the least to the most; line: to the slowest.",
        below: "how long it lasts, whether the system tells of its end",
        bound_ms: rtt,
        groups: groups(rows, label, |rows| {
            let [p50, slowest] = [most(rows, |r| r.first_p50_ms), most(rows, |r| r.first_max_ms)];
            bar(rows, [least(rows, |r| r.first_p50_ms), p50, p50, slowest])
        }),
    };
    let case =
        |row: &Outage| format!("{} s, {}, {}, {}", row.outage_s, row.link, row.load, row.told);
    let cells = |row: &Outage| {
        let mut cells = vec![
            about(&row.system).to_owned(),
            format!("{} s", row.outage_s),
            row.link.clone(),
            row.load.clone(),
            told(row.told).to_owned(),
            row.n.to_string(),
        ];
        cells.extend([row.first_p50_ms, row.first_max_ms, row.all_max_ms].map(ms));
        cells
    };
    Section {
        title,
        words: "From the moment at which there is a way again. Busy: twenty messages a second went on \
                being written; single: one was. Where the system tells, TCP connects anew at once.",
        chart: Some(chart),
        head: vec![
            "system",
            "lasts",
            "whose link",
            "load",
            "the system",
            "n",
            "first p50",
            "first, slowest",
            "all, slowest",
        ],
        rows: lines(rows, case, cells),
        late_ms: rows.iter().find_map(|row| row.emulator_late_p99_ms),
    }
}

fn file(rows: &[File]) -> Section {
    let first = rows.first();
    let rtt = first.map_or(0.0, |row| row.rtt_ms);
    let title = first.map_or_else(String::new, |row| {
        format!(
            "Chat beside a file: {} Mbit/s, a queue of {} kB, {} % lost, round trip {rtt} ms",
            row.rate_mbit, row.queue_kb, row.loss_pct
        )
    });
    let chart = Chart {
        title: title.clone(),
        legend: QUARTERS,
        below: "messages written while a file is on its way",
        bound_ms: rtt,
        groups: groups(
            rows,
            |_| String::new(),
            |rows| {
                let of = |value: fn(&File) -> f64| most(rows, value);
                let ms = [of(|r| r.p50_ms), of(|r| r.p95_ms), of(|r| r.p99_ms), of(|r| r.max_ms)];
                bar(rows, ms)
            },
        ),
    };
    let or_none =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let cells = |row: &File| {
        let mut cells = vec![about(&row.system).to_owned(), row.n.to_string()];
        cells.extend([row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms].map(ms));
        cells.extend([or_none(row.file_s), or_none(row.goodput_mbit), row.queue_drops.to_string()]);
        cells
    };
    Section {
        title,
        words: "The same person writes and sends the file. TCP's file goes over the connection of the \
                chat, behind what is said and little of it ahead, or over a second connection.",
        chart: Some(chart),
        head: vec![
            "system",
            "n",
            "p50",
            "p95",
            "p99",
            "slowest",
            "file, s",
            "Mbit/s",
            "queue drops",
        ],
        rows: lines(rows, |_| String::new(), cells),
        late_ms: rows.iter().find_map(|row| row.emulator_late_p99_ms),
    }
}

fn beside_tcp(rows: &[BesideTcp]) -> Section {
    let title = rows.first().map_or_else(String::new, |row| {
        format!(
            "Beside a TCP connection that fills the link: {} Mbit/s, a queue of {} kB, round trip {} ms",
            row.rate_mbit, row.queue_kb, row.rtt_ms
        )
    });
    let cells = |row: &BesideTcp| {
        let mut cells = vec![row.load.clone(), row.flow.clone(), row.flow_mbit.to_string()];
        cells.extend([row.flow_p50_ms, row.flow_p99_ms].map(ms));
        cells.push(format!("{} %", row.share_pct));
        match row.n {
            0 => cells.extend(["-", "-"].map(str::to_owned)),
            _ => cells.extend([row.p50_ms, row.p99_ms].map(ms)),
        }
        cells
    };
    Section {
        title,
        words: "The connection sends records of 1 kB as fast as it can; beside it, through the same \
                queue, is nothing, our chat, our chat with a file, or one more connection like it.",
        chart: None,
        head: vec![
            "beside it",
            "its kind",
            "its Mbit/s",
            "its p50",
            "its p99",
            "share beside it",
            "chat p50",
            "chat p99",
        ],
        rows: lines(rows, |row| row.flow.clone(), cells),
        late_ms: rows.iter().find_map(|row| row.emulator_late_p99_ms),
    }
}
