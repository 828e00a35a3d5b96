//! The command line. What holds a message or a link has no `Debug`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tertulia_client::proto::{HistoryPolicy, Role};

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
    /// Give up after so long; for chat and a tail without --count: to be live; for upload and
    /// download: while nothing moves
    #[arg(long, value_name = "SECONDS", global = true, default_value_t = 30)]
    pub(crate) timeout: u64,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Register this profile on a server, or update the server's address
    Join(Join),
    /// Send a message, or each line of standard input
    Send(Send),
    /// Answer a message
    Reply(Reply),
    /// Follow a room
    Tail(Tail),
    /// Show older messages
    History(History),
    /// Find the messages that have these words
    Search(Search),
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
    /// Make somebody a member of a room, or give a member another role
    Add(Add),
    /// End somebody's membership of a room
    Remove(Remove),
    /// Open the direct room with somebody, or send there
    Dm(Direct),
    /// Say what a room is about
    Topic(Topic),
    /// Give a room another name
    Rename(Rename),
    /// Close a room for writing; it stays readable
    Archive(Archive),
    /// Send a file; the same again after an interruption goes on
    Upload(Upload),
    /// Fetch a file that a message brought; likewise
    Download(Download),
    /// Show what waits to be sent
    Outbox(Outbox),
    /// Show the state of the connection
    Status,
    /// Talk line by line: !users, !exit, !help
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
    /// name, #name or @handle
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The message; without it each line of standard input is one
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Option<String>,
}

#[derive(Args)]
pub(crate) struct Reply {
    /// name, #name or @handle
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The seq of what is answered
    #[arg(value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seq: u64,
    /// The message
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// name, #name or @handle
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
    /// name, #name or @handle
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// Only what has a smaller seq
    #[arg(long, value_name = "N")]
    pub(crate) before: Option<u64>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u64,
}

// What one looks for is as private as what was said.
#[derive(Args)]
pub(crate) struct Search {
    /// Words that all have to be in a message, whatever their case and accents
    #[arg(value_name = "QUERY", allow_negative_numbers = true)]
    pub(crate) query: String,
    /// Only there; without it in all rooms that you are in. name, #name or @handle
    #[arg(long, value_name = "ROOM")]
    pub(crate) room: Option<String>,
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
    /// What those who enter later may read
    #[arg(long, value_enum, default_value_t = HistoryFor::All)]
    pub(crate) history: HistoryFor,
}

/// What those who enter later may read.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum HistoryFor {
    /// Everything
    All,
    /// What comes after they entered
    Joined,
}

impl From<HistoryFor> for HistoryPolicy {
    fn from(history: HistoryFor) -> Self {
        match history {
            HistoryFor::All => Self::All,
            HistoryFor::Joined => Self::SinceJoined,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// handle or @handle
    #[arg(value_name = "HANDLE")]
    pub(crate) handle: String,
    /// What they may do there; without it a new member is a member, and others stay what they are
    #[arg(long, value_enum)]
    pub(crate) role: Option<MemberRole>,
}

/// What a member may do in a room.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MemberRole {
    /// Reads
    Guest,
    /// Reads and writes
    Member,
    /// Adds and removes members, sets the topic
    Moderator,
    /// Everything
    Owner,
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Guest => Self::Guest,
            MemberRole::Member => Self::Member,
            MemberRole::Moderator => Self::Moderator,
            MemberRole::Owner => Self::Owner,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// handle or @handle
    #[arg(value_name = "HANDLE")]
    pub(crate) handle: String,
}

#[derive(Args)]
pub(crate) struct Direct {
    /// handle or @handle
    #[arg(value_name = "HANDLE")]
    pub(crate) handle: String,
    /// A message
    #[arg(value_name = "TEXT", allow_negative_numbers = true)]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Topic {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The topic; an empty one takes it away
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The new name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Archive {
    /// name or #name
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// Open it again
    #[arg(long)]
    pub(crate) undo: bool,
}

#[derive(Args)]
pub(crate) struct Upload {
    /// name, #name or @handle
    #[arg(value_name = "ROOM")]
    pub(crate) room: String,
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Download {
    /// As upload, tail and history tell it
    #[arg(value_name = "FILE_ID")]
    pub(crate) file: String,
    /// A file, or a folder to put it in [default: here, as its sender called it]
    #[arg(long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Outbox {
    /// Take this message out
    #[arg(long, value_name = "ID")]
    pub(crate) drop: Option<String>,
}
