//! Under which addresses the server's link is handed out.

use std::net::{IpAddr, SocketAddr};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use tertulia_certs::HostPort;

/// A link with more of them is no longer handy.
const MOST: usize = 6;

/// The advertised addresses if there are any, else the one listened on if it is specific, else the
/// machine's own ones without loopback, else loopback.
pub(crate) fn of_link(advertise: &[HostPort], listening: SocketAddr) -> Vec<HostPort> {
    if !advertise.is_empty() {
        return advertise.to_vec();
    }
    let port = listening.port();
    let show = |ip: IpAddr| HostPort { host: ip.to_canonical().to_string(), port };
    if !listening.ip().is_unspecified() {
        return vec![show(listening.ip())];
    }
    let mut own = machine_addresses();
    own.retain(|ip| listening.is_ipv6() || ip.is_ipv4());
    // IPv4 is what a person can read out.
    own.sort_by_key(|ip| ip.is_ipv6());
    own.truncate(MOST);
    if own.is_empty() {
        own.push(IpAddr::from([127, 0, 0, 1]));
    }
    own.into_iter().map(show).collect()
}

fn machine_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    let up = interfaces.filter(|interface| {
        interface.flags.contains(InterfaceFlags::IFF_UP)
            && !interface.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    });
    up.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    })
    .filter(is_reachable)
    .collect()
}

/// Link-local addresses need an interface's name that means nothing elsewhere.
fn is_reachable(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_loopback(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local() && !v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_specific_wish_wins() {
        let wish = HostPort { host: "chat.example".to_owned(), port: 1 };
        let specific: SocketAddr = "127.0.0.1:7575".parse().unwrap();
        assert_eq!(of_link(std::slice::from_ref(&wish), specific), [wish]);
        let own = of_link(&[], specific);
        assert_eq!(own[0].to_string(), "127.0.0.1:7575");
        let any = of_link(&[], "[::]:9".parse().unwrap());
        assert!(!any.is_empty() && any.len() <= MOST);
        assert!(any.iter().all(|address| address.port == 9));
    }
}
