//! The command line. What holds a message or a link has no `Debug`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Tertulia for scripts and terminals: group chat over QUIC that a bad network can't break.
#[derive(Parser)]
#[command(name = "tertulia-cli", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Profile: one device key, one server [default: $XDG_DATA_HOME/tertulia/profiles/default]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) profile: Option<PathBuf>,
    /// One JSON object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Give up after so long; for chat and a tail without --count: to be live
    #[arg(long, value_name = "SECONDS", global = true, default_value_t = 30)]
    pub(crate) timeout: u64,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Register this profile on a server, or update the server's address
    Join(Join),
    /// Send a message, or each line of standard input
    Send(Send),
    /// Follow a room
    Tail(Tail),
    /// Show older messages
    History(History),
    /// Show who is connected, or who is in a room
    Users(Users),
    /// Show your rooms and the public ones
    Rooms,
    /// Make a room and enter it
    Create(Create),
    /// Enter a public room
    Enter(Room),
    /// Leave a room
    Leave(Room),
    /// Show what waits to be sent
    Outbox(Outbox),
    /// Show the state of the connection
    Status,
    /// Talk line by line: !users, !exit, /help
    Chat(Room),
    /// List the servers that announce themselves on the local network
    Nearby,
    /// Say what stands between you and a server, within seconds
    Doctor(Doctor),
}

#[derive(Args)]
pub(crate) struct Doctor {
    /// HOST, HOST:PORT, or a link, whose key is then checked too
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) server: String,
}

#[derive(Args)]
pub(crate) struct Join {
    /// Link of the server, as its owner gave it; - reads it from standard input
    #[arg(value_name = "LINK")]
    pub(crate) link: String,
    /// Your name as others see it; your handle derives from it
    #[arg(long)]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Room {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
}

#[derive(Args)]
pub(crate) struct Send {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The message; without it each line of standard input is one
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// Begin after this seq, then go on live; without it only what comes from now on
    #[arg(long, value_name = "N")]
    pub(crate) since: Option<u64>,
    /// End after so many events
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// Only what has a smaller seq
    #[arg(long, value_name = "N")]
    pub(crate) before: Option<u64>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Users {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// For members only; to others it does not exist
    #[arg(long)]
    pub(crate) private: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Outbox {
    /// Take this message out
    #[arg(long, value_name = "ID")]
    pub(crate) drop: Option<String>,
}
