//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use tertulia_certs::HostPort;
use tertulia_proto::{Registration, Role};

/// The Tertulia chat server: one process, one UDP port, one data directory.
///
/// Without a command it serves. Standard output then carries one line, when connections are
/// accepted: `listening on udp ADDR:PORT`.
#[derive(Debug, Parser)]
#[command(name = "tertulia-server", version, subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    /// Data directory [default: $XDG_DATA_HOME/tertulia/server]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) serve: Serve,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// UDP address and port; [::] takes IPv4 too, port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "[::]:7575")]
    pub(crate) listen: SocketAddr,
    /// Certificate in PEM; without it one is made at the first start
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "PEM", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// File that holds the key's passphrase
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// The address that links carry, if it is not one of this machine's
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) advertise: Option<HostPort>,
    /// Who may register
    #[arg(long, value_enum, default_value_t = RegistrationArg::Invite)]
    pub(crate) registration: RegistrationArg,
    /// Announce the server on the local network; never done for loopback [default: on]
    #[arg(long, value_enum)]
    pub(crate) nearby: Option<Switch>,
    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an invite and print its link; works with the server running or stopped
    Invite {
        /// What the invited become
        #[arg(long, value_enum, default_value_t = RoleArg::Member)]
        role: RoleArg,
        /// How often it can be used
        #[arg(long, value_name = "N", default_value_t = 10,
              value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// Until when: 90s, 30m, 12h, 7d
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = seconds)]
        expires: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegistrationArg {
    Invite,
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Owner,
    Moderator,
    Member,
    Guest,
}

impl From<RegistrationArg> for Registration {
    fn from(arg: RegistrationArg) -> Self {
        match arg {
            RegistrationArg::Invite => Self::Invite,
            RegistrationArg::Open => Self::Open,
        }
    }
}

impl From<RoleArg> for Role {
    fn from(arg: RoleArg) -> Self {
        match arg {
            RoleArg::Owner => Self::Owner,
            RoleArg::Moderator => Self::Moderator,
            RoleArg::Member => Self::Member,
            RoleArg::Guest => Self::Guest,
        }
    }
}

/// `90s`, `30m`, `12h`, `7d`, up to a year.
fn seconds(text: &str) -> Result<u32, String> {
    const YEAR: u32 = 365 * 24 * 3600;
    let wrong = || "a number and s, m, h or d, from 1s to 365d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|total| (1..=YEAR).contains(total)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1_800));
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("365d"), Ok(31_536_000));
        for wrong in ["", "s", "7", "7w", "0d", "366d", "-1d", "99999999999d", "é"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
