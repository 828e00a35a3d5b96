//! The command line.

mod network;
pub(crate) mod values;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::TypedValueParser, value_parser};
use tertulia_certs::HostPort;
use tertulia_netsim::{link::Preset, sim};
use tokio::time::Duration;

use self::values::{positive_seconds, whole_seconds};
use crate::conditions::Conditions;

pub(crate) use self::network::{Emulated, File, Loss, Outage, Recorded, Report, Roam, Setup};

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
    /// Measure what a file does to the chat beside it
    ///
    /// One writes 20 messages a second and sends files meanwhile over the same connection, another
    /// one reads; each link, and each direction of it, takes only so much, with a queue before it,
    /// and loses packets. Ours; the same with windows that go by loss and by bandwidth (quic-cubic,
    /// quic-bbr); the same chat by TLS over TCP, with the file on its connection, behind what is
    /// said, or on a second one (-two); and our chat alone, nothing lost (bound). `file_s` is the
    /// slowest of the files. Over the emulated network, as `loss`. Ends with 1 if a message was lost
    /// or came twice.
    File(File),
    /// Measure how long it takes from nothing to a first message that is read
    ///
    /// A device that the server knows, a new process, one message that waits. The writer's link
    /// loses packets, the reader sits beside the server. Over the emulated network, as `loss`: with
    /// all that is done against a bad network, and once without copies (quic-plain); TLS over TCP
    /// raced begins a second time 100 ms later. Bytes are those of IP packets on that link, until
    /// the message was read.
    Setup(Setup),
    /// Measure how long messages take while an address changes
    ///
    /// One writes to another one, 20 messages a second; the old address is dead at once, and the
    /// mover is told by the system (then TCP connects anew) or not (a router that forgets; TCP has
    /// no rows of it). The slowest message of each change counts. Over the emulated network, as
    /// `loss`.
    Roam(Roam),
    /// Measure how soon what waited is read after a time without a network
    ///
    /// 20 messages a second go on being written (one a second beyond a minute), or one is; whose
    /// link breaks is the writer or the reader, and the system tells of its return (then TCP
    /// connects anew) or does not. Over the emulated network, as `loss`; bytes are those on the
    /// broken link meanwhile.
    Outage(Outage),
    /// Draw what `loss`, `setup`, `roam`, `outage` and `file` found: a page that needs nothing beside it
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
    /// Serve the chat over TLS and TCP on loopback: what fanout compares with
    #[command(hide = true)]
    Baseline(Baseline),
    /// Send sealed packets to the ports that standard input names
    #[command(hide = true)]
    Bound(Bound),
    /// Measure what an idle connection holds of the server's memory
    Memory(Memory),
    /// Measure what a client costs that only is there
    ///
    /// A real server and `tertulia-cli tail`, with nobody who writes: bytes of IP packets both
    /// ways, and how often the client's threads were given the processor.
    Idle(Idle),
    /// Measure what it costs the server to take connections
    Connect(Connect),
    /// Measure what receiving costs a client, and its start with much on its disk
    ///
    /// `tertulia-cli tail` as a process, while one writes as fast as the server stores and then
    /// 200 a second; and the client's library with its cache, closed well and killed.
    Client(Client),
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
    /// What carries the messages; all are measured in turn, for comparing
    #[arg(long, value_name = "SYSTEM", default_value = "tertulia")]
    pub(crate) system: What,
    /// How they write [default: one after the other]
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// Messages written at once in bursts; with 1 no packet carries two
    #[arg(long, value_name = "K,K..", value_delimiter = ',', default_values_t = [1, 8],
          value_parser = value_parser!(u64).range(1..=16))]
    pub(crate) burst: Vec<u64>,
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

/// What a crowd's messages are carried by.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Our server
    Tertulia,
    /// The same chat (its store, its log, its frames) over TLS and TCP
    TlsTcp,
    /// Sealed packets as large, without a chat: only in bursts
    Raw,
    /// All of them, in turn
    All,
}

#[derive(Debug, Args)]
pub(crate) struct Bound {
    #[arg(long, value_name = "K", value_parser = value_parser!(u64).range(1..=16))]
    pub(crate) burst: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
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
    /// So many messages at once, then as many when everybody has them all
    Burst,
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
pub(crate) struct Idle {
    /// How long it is looked at
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = whole_seconds)]
    pub(crate) time: Duration,
    /// There and back
    #[arg(long, value_name = "MS", default_value = "60", value_parser = values::ms)]
    pub(crate) rtt: Duration,
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
pub(crate) struct Client {
    /// Messages received
    #[arg(long, value_name = "N", default_value_t = 20_000,
          value_parser = value_parser!(u64).range(100..=10_000_000))]
    pub(crate) messages: u64,
    /// Events on the disk of the client that starts, 5000 a room
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
          value_parser = value_parser!(u64).range(100..=2_000_000))]
    pub(crate) cached: u64,
    /// How often a start is measured; the median counts
    #[arg(long, value_name = "N", default_value_t = 5,
          value_parser = value_parser!(u16).range(1..=60))]
    pub(crate) repeats: u16,
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
