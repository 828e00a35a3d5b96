//! The command line.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::TypedValueParser, value_parser};
use tertulia_certs::HostPort;
use tertulia_netsim::{
    link::{Preset, Trace},
    sim,
    versus::System,
};
use tokio::time::Duration;

use crate::conditions::Conditions;

/// Bad networks for everybody: no root needed.
#[derive(Debug, Parser)]
#[command(name = "tertulia-bench", version)]
pub(crate) struct Cli {
    /// Write the results as one JSON array too; - is standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) json: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put a bad link in front of any server
    ///
    /// Standard output carries one line, when packets are taken: `listening on udp ADDR:PORT`.
    /// Whoever speaks to that address speaks to the server through the link, each client through
    /// one of its own. Ends with 0 on SIGINT and SIGTERM.
    #[command(after_help = presets())]
    Link(Box<Link>),
    /// Send messages through every preset at once, and count them
    ///
    /// Starts servers and command-line clients of its own, in temporary folders. Ends with 1 if a
    /// message was lost, came twice or out of order.
    Netsim(Netsim),
    /// Run the real server and clients in virtual time, while everything goes wrong
    ///
    /// One seed decides everything: packets, crashes, full disks, what people do. Ends with 1 if a
    /// message was lost, came twice or out of order, or anything else happened that never may.
    Soak(Soak),
    /// Measure how long messages take through links that lose packets
    ///
    /// The real server and clients: with copies of small frames, and without (quic-plain). One
    /// writes into four rooms, 20 messages a second, two read; each link, and each direction of
    /// it, loses packets. All groups run at once over an emulated network between two kernels'
    /// namespaces; that takes root, or a system where everybody may make user namespaces, and a
    /// machine with nothing else to do: where the emulator itself is late there are no figures.
    /// Bytes are those of IP packets, on all three links. What is missing at the end counts as
    /// having taken until then. Ends with 1 if a message of ours was lost, or any came twice or out
    /// of order.
    Loss(Loss),
    /// Measure what a file does to the chat beside it, in virtual time
    ///
    /// The real server and clients: one writes 20 messages a second and sends a file meanwhile over
    /// the same connection, another one reads; each link, and each direction of it, takes only so
    /// much, with a queue before it, and loses packets. The same with windows that go by loss and
    /// by bandwidth (quic-cubic, quic-bbr), and the chat alone (bound). `file_s` is the slowest of
    /// the files. Ends with 1 if a message was lost or came twice.
    File(File),
    /// Measure how long it takes from nothing to a first message that is read
    ///
    /// Over the emulated network, as `loss`: a process that starts with a message to send, on a link
    /// that loses packets; the reader sits beside the server. TLS over TCP raced begins a second
    /// time 100 ms later. Bytes are those of IP packets on that link, until the message was read.
    Setup(Setup),
    /// Draw what `loss` found: a page that needs nothing beside it
    Report(Report),
    /// Measure a server with more and more messages stored
    ///
    /// Start, resume, lists, pages at both ends of a history, memory: the median of each, for each
    /// size. The history is made by the server's own rules in a temporary folder, which is deleted
    /// at the end; 10000000 messages take about 5 GB.
    Growth(Growth),
    /// Measure what one message to many costs the server
    ///
    /// A real server with a processor of its own (taskset), its log on the disk, and a crowd that
    /// reads all. Deliveries a second, the server's CPU for each, and how long they took.
    Fanout(Fanout),
    /// Measure what an idle connection holds of the server's memory
    Memory(Memory),
    /// Measure what it costs the server to take connections
    Connect(Connect),
    /// Cut the power of a real server and a real client, and look at what is left
    ///
    /// Records every write and sync of both, makes their files again as cuts at random moments
    /// would have left them, and starts on those. Takes strace. Ends with 1 if anything that
    /// somebody had been told before a cut is not there after it.
    Power(Power),
    /// Kill a real server and real clients while people write, and look at what is there
    ///
    /// Whoever is killed is started again at once. Ends with 1 if a message was lost, is there
    /// twice or out of order.
    Kills(Kills),
    /// Write lines, and say what of them is in the outbox
    #[command(hide = true)]
    Writer(Writer),
}

#[derive(Debug, Args)]
pub(crate) struct Loss {
    /// From the writer to a reader, if nothing is lost
    #[arg(long, value_name = "MS", default_value = "60", value_parser = ms)]
    pub(crate) rtt: Duration,
    /// Lost packets in each direction of each link
    #[arg(long, value_name = "PCT", value_delimiter = ',', default_value = "0,1,2,5,10,20",
          value_parser = percent)]
    pub(crate) loss: Vec<f64>,
    /// Lost in bursts of so many packets on average
    #[arg(long, value_name = "PACKETS", conflicts_with = "burst_ms",
          value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) burst: Option<u32>,
    /// Lost in bad times that last so long on average
    #[arg(long, value_name = "MS", value_parser = ms)]
    pub(crate) burst_ms: Option<Duration>,
    /// Messages of each row
    #[arg(long, value_name = "N", default_value_t = 2_000,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) messages: u32,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Links that change as recorded, instead of those of a round trip and a loss: lte-drive,
    /// low-orbit, or a file of that form (netsim-tests/traces)
    #[arg(long, value_name = "TRACE", value_parser = recorded,
          conflicts_with_all = ["rtt", "loss", "burst", "burst_ms", "simulated"])]
    pub(crate) trace: Option<Recorded>,
    /// In virtual time, ours alone: the figures of the protocol, since programs and disks take no
    /// time; bytes are those of UDP. Anywhere, and the same each time
    #[arg(long = "virtual", conflicts_with_all = ["system", "dir"])]
    pub(crate) simulated: bool,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
}

/// What is the same for everything that is measured over the emulated network.
#[derive(Debug, Args)]
pub(crate) struct Emulated {
    /// Only these; ours come first all the same [default: all]
    #[arg(long, value_name = "NAME,NAME..", value_delimiter = ',')]
    pub(crate) system: Vec<System>,
    /// Where the temporary folder is made [default: in memory where that can be]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Of the writer's link
    #[arg(long, value_name = "MS", default_value = "200", value_parser = ms)]
    pub(crate) rtt: Duration,
    /// Lost packets in each direction of it
    #[arg(long, value_name = "PCT", value_delimiter = ',', default_value = "0,2,10,20",
          value_parser = percent)]
    pub(crate) loss: Vec<f64>,
    /// How often, for each row
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = value_parser!(u32).range(1..=500))]
    pub(crate) setups: u32,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What `loss --json` wrote, a file for each run
    #[arg(value_name = "RESULTS", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Where the page goes
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) html: PathBuf,
    /// Where the first run's picture goes too, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct File {
    /// From the writer to the reader, if nothing is lost and nothing waits
    #[arg(long, value_name = "MS", default_value = "60", value_parser = ms)]
    pub(crate) rtt: Duration,
    /// Lost packets in each direction of each link
    #[arg(long, value_name = "PCT", default_value = "1", value_parser = percent)]
    pub(crate) loss: f64,
    /// What each direction of each link takes
    #[arg(long, value_name = "MBIT", default_value = "10", value_parser = mbit)]
    pub(crate) rate: f64,
    /// The queue before it
    #[arg(long, value_name = "KB", default_value_t = 64,
          value_parser = value_parser!(u64).range(2..=100_000))]
    pub(crate) queue: u64,
    /// The file
    #[arg(long, value_name = "MB", default_value = "5", value_parser = megabytes)]
    pub(crate) size: f64,
    /// How many files of each system, one after the other
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) files: u32,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Growth {
    /// How many are stored each time, from few to many
    #[arg(long, value_name = "N,N..", value_delimiter = ',',
          default_values_t = [1_000, 10_000, 100_000, 1_000_000],
          value_parser = value_parser!(u64).range(1_000..=1_000_000_000))]
    pub(crate) messages: Vec<u64>,
    /// How often each thing is measured
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = value_parser!(u16).range(1..=60))]
    pub(crate) repeats: u16,
    /// Where the temporary folder is made [default: the system's place for such]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Where tertulia-server is [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Power {
    /// How many cuts, of each
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = value_parser!(u64).range(1..=1_000_000))]
    pub(crate) cuts: u64,
    /// Lines that each of three writes in both parts of the server's record (with the default the
    /// write-ahead log is folded in meanwhile); the client's four parts have a quarter each
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) lines: u32,
    /// Chance of the cuts: the same seed and record, the same cuts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Kills {
    /// How many kills, about half of them of the server
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) kills: u32,
    /// Chance: who is killed, after how much
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fanout {
    /// Members, each with a connection of its own
    #[arg(long, value_name = "N,N..", value_delimiter = ',', default_values_t = [100],
          value_parser = value_parser!(u32).range(2..=100_000).map(|n| n as usize))]
    pub(crate) clients: Vec<usize>,
    /// Rooms of the same size
    #[arg(long, value_name = "R", default_value_t = 1,
          value_parser = value_parser!(u16).range(1..=100).map(usize::from))]
    pub(crate) rooms: usize,
    /// Members who write; at least one a room
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = value_parser!(u16).range(1..=1_000).map(usize::from))]
    pub(crate) senders: usize,
    /// How they write [default: one after the other]
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// Deliveries a second where they are paced
    #[arg(long, value_name = "N", default_value_t = 2_000,
          value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub(crate) rate: u32,
    /// Of one measurement
    #[arg(long, value_name = "S", default_value_t = 3,
          value_parser = value_parser!(u16).range(1..=3_600))]
    pub(crate) seconds: u16,
    /// How often it is measured; the median counts
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = value_parser!(u16).range(1..=60))]
    pub(crate) repeats: u16,
    /// Where the server's log is written [default: the system's folder for temporary files]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

/// How a crowd writes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Mode {
    /// As fast as everybody reads
    Saturate,
    /// So many deliveries a second
    Paced,
    /// One message, then the next when everybody has it
    Single,
}

#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// Connections
    #[arg(long, value_name = "N,N..", value_delimiter = ',', default_values_t = [1_000],
          value_parser = value_parser!(u32).range(1..=100_000).map(|n| n as usize))]
    pub(crate) clients: Vec<usize>,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Connections
    #[arg(long, value_name = "N,N..", value_delimiter = ',', default_values_t = [1_000],
          value_parser = value_parser!(u32).range(1..=100_000).map(|n| n as usize))]
    pub(crate) clients: Vec<usize>,
    /// All at once, after a restart of the server
    #[arg(long)]
    pub(crate) storm: bool,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Writer {
    /// Whose
    pub(crate) profile: PathBuf,
    /// Where to: a room's number
    pub(crate) room: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 500,
          value_parser = value_parser!(u64).range(1..=100_000_000))]
    pub(crate) seeds: u64,
    /// The first of them
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = value_parser!(u64).range(..=1 << 62))]
    pub(crate) from: u64,
    /// Begin no more runs after so long
    #[arg(long, value_name = "SECONDS", value_parser = whole_seconds)]
    pub(crate) time: Option<Duration>,
    /// Only this kind of run [default: that of each seed]
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<sim::Preset>,
}

#[derive(Debug, Args)]
pub(crate) struct Link {
    /// Where clients come to; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7600")]
    pub(crate) listen: SocketAddr,
    /// The server
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) to: HostPort,
    #[command(flatten)]
    pub(crate) conditions: Conditions,
    /// Every client gets a new address at the server so often, as behind a forgetful router
    #[arg(long, value_name = "SECONDS", value_parser = positive_seconds)]
    pub(crate) rebind: Option<Duration>,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Netsim {
    /// Only this preset; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Vec<Preset>,
    /// Messages of each who writes
    #[arg(long, value_name = "N", default_value_t = 250,
          value_parser = value_parser!(u32).range(1..=100_000))]
    pub(crate) messages: u32,
    /// One every so long
    #[arg(long, value_name = "MS", default_value_t = 100,
          value_parser = value_parser!(u64).range(1..=60_000))]
    pub(crate) every: u64,
    /// What has not arrived by then is lost
    #[arg(long, value_name = "SECONDS", default_value_t = 57,
          value_parser = value_parser!(u64).range(1..=86_400))]
    pub(crate) patience: u64,
    /// Chance of the links: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where tertulia-server and tertulia-cli are [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
}

/// What each preset does, a line each.
pub(crate) fn presets() -> String {
    let lines = Preset::ALL.map(|preset| format!("\n  {preset:9}  {}", preset.about()));
    format!("Presets:{}", lines.concat())
}

/// A recorded link, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) trace: Arc<Trace>,
}

/// One that comes along, or a file.
fn recorded(name: &str) -> Result<Recorded, String> {
    let trace = match name {
        "lte-drive" => Trace::lte_drive(),
        "low-orbit" => Trace::low_orbit(),
        path => fs::read_to_string(path).map_err(|error| error.to_string())?.parse(),
    };
    let trace = Arc::new(trace.map_err(|error| error.to_string())?);
    let file = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(Recorded { name: file.unwrap_or_else(|| name.to_owned()), trace })
}

/// The longest time that a flag takes.
const LONGEST: f64 = 3_600.0;

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(text).ok().filter(|seconds| (0.0..=LONGEST).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("it is 0 to {LONGEST} seconds"))
}

/// `90` or `90s`.
fn whole_seconds(text: &str) -> Result<Duration, String> {
    let digits = text.strip_suffix('s').unwrap_or(text);
    let seconds = digits.parse().ok().filter(|seconds| (1..=1_000_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "it is 1 to 1000000 seconds".to_owned())
}

pub(crate) fn positive_seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds(text)?;
    match duration < Duration::from_millis(100) {
        true => Err("it is at least 0.1 seconds".to_owned()),
        false => Ok(duration),
    }
}

pub(crate) fn ms(text: &str) -> Result<Duration, String> {
    let ms = f64::from_str(text).ok().filter(|ms| (0.0..=LONGEST * 1e3).contains(ms));
    ms.map(|ms| Duration::from_secs_f64(ms / 1e3))
        .ok_or_else(|| format!("it is 0 to {} milliseconds", LONGEST * 1e3))
}

fn mbit(text: &str) -> Result<f64, String> {
    let rate = f64::from_str(text).ok().filter(|rate| (0.1..=10_000.0).contains(rate));
    rate.ok_or_else(|| "it is 0.1 to 10000".to_owned())
}

fn megabytes(text: &str) -> Result<f64, String> {
    let size = f64::from_str(text).ok().filter(|size| (0.1..=100.0).contains(size));
    size.ok_or_else(|| "it is 0.1 to 100, the largest that the server takes".to_owned())
}

/// A percentage, as a share.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let percent = f64::from_str(text).ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or_else(|| "it is 0 to 100".to_owned())
}
