//! What is measured over bad networks.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, value_parser};
use tertulia_netsim::{link::Trace, versus::System};
use tokio::time::Duration;

use super::values::{mbit, megabytes, ms, percent, positive_seconds};

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
    /// In virtual time, ours alone, with all that is done against a bad network and as QUIC has it
    /// (quic-plain); bytes are those of UDP. Anywhere, and the same each time
    #[arg(long = "virtual", conflicts_with_all = ["system", "dir"])]
    pub(crate) simulated: bool,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
}

#[derive(Debug, Args)]
pub(crate) struct Roam {
    /// From the writer to a reader, if nothing is lost
    #[arg(long, value_name = "MS", default_value = "60", value_parser = ms)]
    pub(crate) rtt: Duration,
    /// Lost packets in each direction of each link
    #[arg(long, value_name = "PCT", value_delimiter = ',', default_value = "0,5",
          value_parser = percent)]
    pub(crate) loss: Vec<f64>,
    /// How often, for each row [default: 24; in virtual time 100]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) moves: Option<u32>,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// In virtual time, ours alone, with all that is done against a bad network and as QUIC has it
    /// (quic-plain); bytes are those of UDP. Anywhere, and the same each time
    #[arg(long = "virtual", conflicts_with_all = ["system", "dir"])]
    pub(crate) simulated: bool,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
}

#[derive(Debug, Args)]
pub(crate) struct Outage {
    /// From the writer to the reader
    #[arg(long, value_name = "MS", default_value = "60", value_parser = ms)]
    pub(crate) rtt: Duration,
    /// How long there is no network [default: 10,40; in virtual time 10,40,600]
    #[arg(long, value_name = "SECONDS", value_delimiter = ',', value_parser = positive_seconds)]
    pub(crate) lasts: Option<Vec<Duration>>,
    /// How often, for each row [default: 4; in virtual time 10]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000))]
    pub(crate) times: Option<u32>,
    /// Chance: the same seed, the same chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// In virtual time, ours alone, with all that is done against a bad network and as QUIC has it
    /// (quic-plain); bytes are those of UDP. Anywhere, and the same each time
    #[arg(long = "virtual", conflicts_with_all = ["system", "dir"])]
    pub(crate) simulated: bool,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
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
    /// What is left instead to a TCP connection that fills the link, beside nothing, our chat, our
    /// chat with a file, and one more such connection; `share_pct` is theirs who are beside it. No
    /// packets are lost but by a full queue
    #[arg(long, conflicts_with_all = ["simulated", "loss", "size", "files", "system"])]
    pub(crate) beside_tcp: bool,
    /// In virtual time, ours alone. Anywhere, and the same each time
    #[arg(long = "virtual", conflicts_with_all = ["system", "dir"])]
    pub(crate) simulated: bool,
    #[command(flatten)]
    pub(crate) emulated: Emulated,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// What these commands wrote by `--json`, a file for each run
    #[arg(value_name = "RESULTS", required = true)]
    pub(crate) results: Vec<PathBuf>,
    /// Where the page goes
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) html: PathBuf,
    /// Where the picture of the first run of `loss` goes too, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
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
