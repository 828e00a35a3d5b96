//! Where a server listens: a host name or an address, and a port.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use rustls::pki_types::ServerName;

/// The UDP port of a server that nobody gave another one.
pub const DEFAULT_PORT: u16 = 7575;

/// One address of a server. `host` is a DNS name, an IPv4 address or an IPv6 address without
/// brackets; brackets are only how the latter is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    /// DNS name in lower-case ASCII (punycode), or an IP address.
    pub host: String,
    /// UDP port.
    pub port: u16,
}

impl HostPort {
    /// Reads an address as a person types it: `HOST` or `HOST:PORT`, with [`DEFAULT_PORT`] where
    /// there is none, IPv6 without brackets too where there is no port.
    pub fn typed(text: &str) -> Result<Self, ParseHostPortError> {
        let text = text.trim();
        let with_port = || {
            if let Ok(ip) = text.parse::<Ipv6Addr>() {
                return parse(&format!("[{ip}]:{DEFAULT_PORT}"));
            }
            parse(&format!("{text}:{DEFAULT_PORT}"))
        };
        parse(text).or_else(with_port).ok_or_else(|| ParseHostPortError(text.to_owned()))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for HostPort {
    type Err = ParseHostPortError;

    /// Reads `HOST:PORT`, IPv6 in brackets, port 1..=65535. Every host taken here is one that TLS
    /// takes as a server name, and safe to paste into a shell.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseHostPortError(text.to_owned()))
    }
}

/// The text is not `HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not HOST:PORT, such as chat.example:7575, 192.0.2.7:7575 or [2001:db8::7]:7575")]
pub struct ParseHostPortError(String);

fn parse(text: &str) -> Option<HostPort> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let address: Ipv6Addr = bracketed.strip_suffix(']')?.parse().ok()?;
            address.to_string()
        }
        None => name_or_v4(host)?,
    };
    // u16's own parser takes a plus sign too.
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = port.parse().ok().filter(|port| *port != 0)?;
    Some(HostPort { host, port })
}

fn name_or_v4(host: &str) -> Option<String> {
    match ServerName::try_from(host).ok()? {
        ServerName::DnsName(name) => Some(name.as_ref().to_ascii_lowercase()),
        ServerName::IpAddress(rustls::pki_types::IpAddr::V4(_)) => Some(host.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_every_kind_round_trip() {
        for text in [
            "chat.example:7575",
            "localhost:1",
            "my_box:65535",
            "192.0.2.7:7575",
            "[2001:db8::7]:7575",
            "[::1]:7",
            "xn--msica-3ya.example:7575",
        ] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_typed_address_may_go_without_its_port() {
        for (typed, read) in [
            ("chat.example", "chat.example:7575"),
            (" chat.example:7576\n", "chat.example:7576"),
            ("192.0.2.7", "192.0.2.7:7575"),
            ("::1", "[::1]:7575"),
            ("[2001:db8::7]", "[2001:db8::7]:7575"),
            ("[2001:db8::7]:1", "[2001:db8::7]:1"),
        ] {
            assert_eq!(HostPort::typed(typed).unwrap().to_string(), read);
        }
        for wrong in ["", "a b", "chat.example:0", "chat.example:port", "tertulia://a:1/ca"] {
            assert!(HostPort::typed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn spellings_are_made_one() {
        let shown = |text: &str| text.parse::<HostPort>().unwrap().to_string();
        assert_eq!(shown("Chat.Example:07575"), "chat.example:7575");
        assert_eq!(shown("[2001:DB8:0:0::7]:7575"), "[2001:db8::7]:7575");
        assert_eq!("[::1]:7".parse::<HostPort>().unwrap().host, "::1");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            ":",
            "host",
            "host:",
            ":7575",
            "host:0",
            "host:65536",
            "host:+80",
            "host:8o",
            "::1:7575",
            "2001:db8::7:7575",
            "[::1]",
            "[::1]7575",
            "[::1:7575",
            "[1.2.3.4]:7",
            "[fe80::1%eth0]:7",
            "[host]:7",
            "a b:7",
            "a;rm:7",
            "$(id):7",
            "-a:7",
            "a..b:7",
            "música.example:7",
            "1.2.3:7",
            "300.1.1.1:7",
            "user@host:7",
            "h\u{0}:7",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text:?}");
        }
        let long = format!("{}:7", "a".repeat(64));
        assert!(long.parse::<HostPort>().is_err(), "a label has 63 characters at most");
    }
}
