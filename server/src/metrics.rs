//! What the server counts about itself. Counting is always on, it costs next to nothing; the page
//! that shows it is served where the operator asks for it.

mod page;

use std::{fs, path::PathBuf};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tertulia_proto::{Refusal, Timestamp, close::CloseCode};

use crate::{files::Files, hub::Hub, store::wal_path};

pub(crate) use page::{bind, serve};

type Labels = [(&'static str, &'static str); 1];

/// The server's counters. Labels are of our own making, so that a peer can't make more of them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    handshakes: Family<Labels, Counter>,
    closes: Family<Labels, Counter>,
    refusals: Family<Labels, Counter>,
    pub(crate) welcomes: Counter,
    pub(crate) receipts: Counter,
    pub(crate) deliveries: Counter,
    pub(crate) lane_store_reads: Counter,
    pub(crate) lane_jumps: Counter,
    pub(crate) messages: Counter,
    pub(crate) commit_failures: Counter,
    pub(crate) files_received: Counter,
    pub(crate) file_bytes_received: Counter,
    pub(crate) files_given: Counter,
    pub(crate) file_bytes_given: Counter,
    pub(crate) commit_batch: Histogram,
    pub(crate) commit_seconds: Histogram,
    connections: Gauge,
    accounts_online: Gauge,
    log_position: Gauge,
    database_bytes: Gauge,
    wal_bytes: Gauge,
    resident_bytes: Gauge,
    unverified: Gauge,
    damage: Gauge,
    file_partials: Gauge,
    certificate_end: Gauge,
}

/// How the first step of a connection went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// It has a device certificate, and goes on to its hello.
    Done,
    /// TLS or QUIC failed.
    Failed,
    /// Not in time.
    Late,
    /// Sent back to prove its address.
    Retry,
    /// Too many at once: not answered.
    Ignored,
}

/// What is looked up when the page is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) log_position: u64,
    pub(crate) database: &'a PathBuf,
    pub(crate) files: &'a Files,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tertulia");
        let r = &mut registry;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let build = Family::<Labels, Gauge>::default();
        build.get_or_create(&version).set(1);
        r.register("build", "Which program this is", build);
        Self {
            handshakes: added(r, "handshakes", "Connections by how their handshake went"),
            closes: added(r, "closes", "Connections that the server closed, by reason"),
            refusals: added(r, "refusals", "Requests refused, by reason"),
            welcomes: added(r, "welcomes", "Connections that were welcome"),
            receipts: added(r, "receipts", "Receipts sent for messages, repeats included"),
            deliveries: added(r, "deliveries", "Live events written to connections"),
            lane_store_reads: added(r, "lane_store_reads", "Reads for those behind a room's ring"),
            lane_jumps: added(r, "lane_jumps", "Times a reader too far behind was moved on"),
            messages: added(r, "messages", "Messages committed"),
            commit_failures: added(r, "commit_failures", "Commits that the disk refused"),
            files_received: added(r, "files_received", "Files that came whole and were told of"),
            file_bytes_received: bytes(r, "file_received", "What came of files"),
            files_given: added(r, "files_given", "Files that were given to their end"),
            file_bytes_given: bytes(r, "file_given", "What was given of files"),
            commit_batch: histogram(
                r,
                ("commit_batch", "Commands of a commit", None),
                [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            ),
            commit_seconds: histogram(
                r,
                ("commit", "Time of a commit", Some(Unit::Seconds)),
                [0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
            ),
            connections: added(r, "connections", "Connections of welcome clients"),
            accounts_online: added(r, "accounts_online", "Accounts that are online"),
            log_position: added(r, "log_position", "Entries of the log"),
            database_bytes: bytes(r, "database", "Size of the database"),
            wal_bytes: bytes(r, "wal", "Size of its write-ahead log"),
            certificate_end: {
                let gauge = Gauge::default();
                let (name, help) = ("certificate_not_after", "When the certificate served ends");
                r.register_with_unit(name, help, Unit::Seconds, gauge.clone());
                gauge
            },
            resident_bytes: bytes(r, "resident_memory", "Memory in use"),
            unverified: added(r, "unverified", "Entries and events yet to be verified, about"),
            file_partials: added(r, "file_partials", "Files that are not whole yet"),
            damage: added(r, "damage", "Problems of the history that are known of"),
            registry,
        }
    }

    /// The certificate that is served ends then.
    pub(crate) fn certificate_ends(&self, end: Timestamp) {
        self.certificate_end.set((end.0 / 1_000).cast_signed());
    }

    /// What the verification has yet to look at, and what it found.
    pub(crate) fn soundness(&self, unverified: u64, damage: u64) {
        self.unverified.set(unverified.cast_signed());
        self.damage.set(damage.cast_signed());
    }

    pub(crate) fn handshake(&self, went: Handshake) {
        let went = match went {
            Handshake::Done => "done",
            Handshake::Failed => "failed",
            Handshake::Late => "late",
            Handshake::Retry => "retry",
            Handshake::Ignored => "ignored",
        };
        self.handshakes.get_or_create(&[("result", went)]).inc();
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refusals.get_or_create(&[("reason", reason(refusal))]).inc();
    }

    pub(crate) fn closed(&self, code: CloseCode) {
        let code = match code {
            CloseCode::OK => "ok",
            CloseCode::GO_AWAY => "go_away",
            CloseCode::PROTOCOL => "protocol",
            CloseCode::FRAME_TOO_LARGE => "frame_too_large",
            CloseCode::TIMEOUT => "timeout",
            CloseCode::AUTH => "auth",
            CloseCode::RATE => "rate",
            CloseCode::SLOW_CONSUMER => "slow_consumer",
            CloseCode::VERSION => "version",
            CloseCode::INTERNAL => "internal",
            CloseCode::REPLACED => "replaced",
            _ => "other",
        };
        self.closes.get_or_create(&[("reason", code)]).inc();
    }

    /// The page: OpenMetrics text, as Prometheus reads it.
    pub(crate) fn text(&self, now: Now<'_>) -> String {
        let size = |path: &std::path::Path| fs::metadata(path).map_or(0, |file| file.len());
        let set = |gauge: &Gauge, value: u64| gauge.set(value.cast_signed());
        let (connections, accounts) = now.hub.counts();
        set(&self.connections, connections);
        set(&self.accounts_online, accounts);
        set(&self.log_position, now.log_position);
        set(&self.database_bytes, size(now.database));
        set(&self.wal_bytes, size(&wal_path(now.database)));
        // A disk that can't be read says so elsewhere.
        set(&self.file_partials, now.files.partials().unwrap_or_default());
        set(&self.resident_bytes, resident_bytes().unwrap_or_default());
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A reason as a label. One that is not here yet counts with the others.
fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UNSUPPORTED => "unsupported",
        Refusal::NO_SUCH_ROOM => "no_such_room",
        Refusal::FORBIDDEN => "forbidden",
        Refusal::NAME_TAKEN => "name_taken",
        Refusal::NAME_UNUSABLE => "name_unusable",
        Refusal::INVITE_NEEDED => "invite_needed",
        Refusal::INVITE_UNKNOWN => "invite_unknown",
        Refusal::INVITE_USED_UP => "invite_used_up",
        Refusal::INVITE_EXPIRED => "invite_expired",
        Refusal::RATE => "rate",
        Refusal::STORAGE => "storage",
        Refusal::INVALID => "invalid",
        Refusal::LIMIT => "limit",
        _ => "other",
    }
}

fn added<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn bytes<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register_with_unit(name, help, Unit::Bytes, metric.clone());
    metric
}

fn histogram(
    registry: &mut Registry,
    (name, help, unit): (&str, &str, Option<Unit>),
    buckets: [f64; 9],
) -> Histogram {
    let histogram = Histogram::new(buckets);
    match unit {
        Some(unit) => registry.register_with_unit(name, help, unit, histogram.clone()),
        None => registry.register(name, help, histogram.clone()),
    }
    histogram
}

/// What the process holds of memory, by the system's account.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
