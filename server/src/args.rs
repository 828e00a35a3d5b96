//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use tertulia_certs::HostPort;
use tertulia_proto::{Registration, Role};
use tertulia_server::{CertificateFiles, LogFormat, ServerConfig, TrustBy};

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

/// How to serve. What is not given here is the configuration file's, else the default.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Configuration in TOML; flags win over it
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// UDP address and port; [::] takes IPv4 too, port 0 is any free one [default: [::]:7575]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Certificate in PEM; without it one is made at the first start
    #[arg(long, value_name = "PEM", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The certificate's private key in PEM
    #[arg(long, value_name = "PEM", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// File that holds the key's passphrase
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// What links say: the key's fingerprint, or `ca` for a certificate of a CA [default: pinned]
    #[arg(long, value_enum)]
    pub(crate) trust: Option<TrustArg>,
    /// The address that links carry, if it is not one of this machine's; may be repeated
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    pub(crate) advertise: Vec<HostPort>,
    /// Who may register [default: invite]
    #[arg(long, value_enum)]
    pub(crate) registration: Option<RegistrationArg>,
    /// Announce the server on the local network; never done for loopback [default: on]
    #[arg(long, value_enum)]
    pub(crate) nearby: Option<Switch>,
    /// Serve metrics for Prometheus on http://ADDR:PORT/metrics
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Form of the log on standard error [default: text]
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormatArg>,
}

impl Serve {
    /// Sets what was given.
    pub(crate) fn apply(&self, config: &mut ServerConfig) {
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let (Some(certificate), Some(key)) = (self.cert.clone(), self.key.clone()) {
            let passphrase = self.key_passphrase_file.clone();
            config.certificate = Some(CertificateFiles { certificate, key, passphrase });
        }
        if let Some(trust) = self.trust {
            config.trust = match trust {
                TrustArg::Pinned => TrustBy::Pinned,
                TrustArg::Ca => TrustBy::Ca,
            };
        }
        if !self.advertise.is_empty() {
            config.advertise.clone_from(&self.advertise);
        }
        if let Some(registration) = self.registration {
            config.registration = registration.into();
        }
        if let Some(nearby) = self.nearby {
            config.nearby.enabled = nearby == Switch::On;
        }
        if self.metrics.is_some() {
            config.metrics = self.metrics;
        }
    }
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
    /// Save the server to FILE, with its key: keep it secret; beside a running server too
    Backup {
        /// A file that does not exist
        file: PathBuf,
    },
    /// Make the server of a backup; no server may run. What was there is set aside
    Restore {
        /// What `backup` wrote
        file: PathBuf,
    },
    /// Check the database against its log; beside a running server too
    Check,
    /// Make a new database from what can be read of a damaged one; no server may run
    Recover {
        /// The damaged database, such as DIR/tertulia.db
        file: PathBuf,
    },
    /// Print the server in numbers, as one JSON object
    Stats,
    /// Print every account, one JSON object a line
    Accounts,
    /// Print who changed what about the server, one JSON object a line
    Audit,
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
pub(crate) enum LogFormatArg {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrustArg {
    Pinned,
    Ca,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Owner,
    Moderator,
    Member,
    Guest,
}

impl From<LogFormatArg> for LogFormat {
    fn from(arg: LogFormatArg) -> Self {
        match arg {
            LogFormatArg::Text => Self::Text,
            LogFormatArg::Json => Self::Json,
        }
    }
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
