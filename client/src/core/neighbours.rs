//! Which servers announced themselves on the local network. Anybody there can announce anything:
//! what is kept is bounded, and nothing of it is believed.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use tertulia_certs::{HostPort, Trust};
use tertulia_proto::Registration;

/// Servers that are kept; further ones are passed over until one goes.
const SERVERS: usize = 64;
/// Addresses of one server.
const ADDRESSES: usize = 6;
/// Characters of a name.
const NAME_CHARS: usize = 40;
/// Bytes of an instance's full name, as DNS has it, escapes included.
const ID_BYTES: usize = 1_024;
/// The form of announcements that is understood.
const FORM: &str = "1";

/// A server that announced itself nearby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyServer {
    /// What it goes by in [`NearbyEvent::Gone`]; says nothing to a person.
    pub id: String,
    /// What it calls itself. Any other may call itself the same.
    pub name: String,
    /// Where it says it is, the handiest first; at least one.
    pub addresses: Vec<HostPort>,
    /// What it says its links carry.
    pub trust: Trust,
    /// How it says one becomes a member.
    pub registration: Registration,
}

/// What changes nearby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NearbyEvent {
    /// A server is there, or tells something else than before.
    Found(NearbyServer),
    /// It is not there any more.
    Gone {
        /// Its [`NearbyServer::id`].
        id: String,
    },
}

/// An announcement as it came.
#[derive(Debug)]
pub(crate) struct Announced<'a> {
    pub(crate) id: &'a str,
    pub(crate) port: u16,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) form: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) registration: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
}

/// The servers that are there.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    servers: BTreeMap<String, NearbyServer>,
}

impl Neighbours {
    /// Takes an announcement in; `None`: it is no news, or nothing that can be used.
    pub(crate) fn announced(&mut self, announced: &Announced<'_>) -> Option<NearbyEvent> {
        let server = read(announced)?;
        let known = self.servers.get(&server.id);
        let has_room = known.is_some() || self.servers.len() < SERVERS;
        if known == Some(&server) || !has_room {
            return None;
        }
        self.servers.insert(server.id.clone(), server.clone());
        Some(NearbyEvent::Found(server))
    }

    /// An announcement was taken back, or ran out.
    pub(crate) fn gone(&mut self, id: &str) -> Option<NearbyEvent> {
        self.servers.remove(id).map(|server| NearbyEvent::Gone { id: server.id })
    }
}

fn read(announced: &Announced<'_>) -> Option<NearbyServer> {
    if announced.form != Some(FORM) || announced.port == 0 || announced.id.len() > ID_BYTES {
        return None;
    }
    let trust = announced.key?.parse().ok()?;
    let registration = match announced.registration? {
        "open" => Registration::Open,
        "invite" => Registration::Invite,
        _ => return None,
    };
    let addresses = handy(&announced.addresses, announced.port);
    let first = addresses.first()?;
    let name = Some(plain(announced.name.unwrap_or_default())).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| first.to_string());
    Some(NearbyServer { id: announced.id.to_owned(), name, addresses, trust, registration })
}

/// What can be dialled without an interface's name, IPv4 first: a person can read that out.
fn handy(addresses: &[IpAddr], port: u16) -> Vec<HostPort> {
    let mut usable: Vec<IpAddr> = addresses
        .iter()
        .map(IpAddr::to_canonical)
        .filter(|ip| match ip {
            IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_multicast() && !v4.is_broadcast(),
            IpAddr::V6(v6) => {
                !v6.is_unspecified() && !v6.is_multicast() && !v6.is_unicast_link_local()
            }
        })
        .collect();
    let is_last_resort = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback(),
    };
    usable.sort_by_key(|ip| (is_last_resort(ip), ip.is_ipv6(), *ip));
    usable.dedup();
    let addresses = usable.into_iter().take(ADDRESSES);
    addresses.filter_map(|ip| SocketAddr::new(ip, port).to_string().parse().ok()).collect()
}

/// A stranger's name in one line, and in its order.
fn plain(name: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{61c}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{feff}'
                    | '\u{fffd}'
            )
    };
    let name: String = name.chars().filter(|c| !steers(*c)).take(NAME_CHARS).collect();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "zj6tenyuc3ityinuqeows3hwvvvw7p3tggte4x36puaeykrsvpzq";

    fn announced<'a>(id: &'a str, name: &'a str) -> Announced<'a> {
        Announced {
            id,
            port: 7_575,
            addresses: vec!["192.0.2.7".parse().unwrap()],
            form: Some("1"),
            key: Some(KEY),
            registration: Some("open"),
            name: Some(name),
        }
    }

    fn found(event: Option<NearbyEvent>) -> NearbyServer {
        match event {
            Some(NearbyEvent::Found(server)) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_comes_changes_and_goes_once() {
        let mut neighbours = Neighbours::default();
        let server = found(neighbours.announced(&announced("a", "Casa")));
        assert_eq!((server.name.as_str(), server.registration), ("Casa", Registration::Open));
        assert_eq!(server.addresses[0].to_string(), "192.0.2.7:7575");
        assert_eq!(server.trust.to_string(), KEY);
        assert_eq!(neighbours.announced(&announced("a", "Casa")), None, "no news");
        assert_eq!(found(neighbours.announced(&announced("a", "Casa nueva"))).name, "Casa nueva");
        assert_eq!(neighbours.gone("a"), Some(NearbyEvent::Gone { id: "a".into() }));
        assert_eq!(neighbours.gone("a"), None);
    }

    #[test]
    fn what_is_no_announcement_of_ours_is_passed_over() {
        let mut neighbours = Neighbours::default();
        let good = || announced("a", "x");
        for bad in [
            Announced { form: Some("2"), ..good() },
            Announced { form: None, ..good() },
            Announced { port: 0, ..good() },
            Announced { key: None, ..good() },
            Announced { key: Some("zj6ten"), ..good() },
            Announced { registration: Some("maybe"), ..good() },
            Announced { addresses: vec![], ..good() },
            Announced { addresses: vec!["fe80::1".parse().unwrap()], ..good() },
            Announced { addresses: vec!["224.0.0.1".parse().unwrap()], ..good() },
        ] {
            assert_eq!(neighbours.announced(&bad), None, "{bad:?}");
        }
        let long = "x".repeat(ID_BYTES + 1);
        assert_eq!(neighbours.announced(&announced(&long, "x")), None);
    }

    #[test]
    fn a_crowd_is_bounded_and_has_room_again_when_one_goes() {
        let mut neighbours = Neighbours::default();
        for n in 0..SERVERS {
            found(neighbours.announced(&announced(&n.to_string(), "x")));
        }
        assert_eq!(neighbours.announced(&announced("one more", "x")), None);
        found(neighbours.announced(&announced("0", "another name")));
        neighbours.gone("0").unwrap();
        found(neighbours.announced(&announced("one more", "x")));
    }

    #[test]
    fn addresses_are_few_and_the_handiest_is_first() {
        let all = ["::1", "127.0.0.1", "fe80::1", "2001:db8::7", "192.0.2.7", "::ffff:192.0.2.7"];
        let all: Vec<IpAddr> = all.map(|ip| ip.parse().unwrap()).to_vec();
        let shown: Vec<_> = handy(&all, 1).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.0.2.7:1", "[2001:db8::7]:1", "127.0.0.1:1", "[::1]:1"]);
        let many: Vec<_> = (0..200).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        assert_eq!(handy(&many, 1).len(), ADDRESSES);
    }

    #[test]
    fn a_name_steers_nothing_and_is_never_empty() {
        assert_eq!(plain("Casa\u{1b}[2J\n de \u{202e}Ana\u{200b} "), "Casa[2J de Ana");
        let mut neighbours = Neighbours::default();
        let nameless = found(neighbours.announced(&announced("a", " \u{200f}\n")));
        assert_eq!(nameless.name, "192.0.2.7:7575");
    }

    proptest! {
        #[test]
        fn anything_can_come(
            id: String, port: u16, addresses: Vec<IpAddr>, form in "[12]?", key: String,
            registration in "open|invite|.*", name: String,
        ) {
            let announced = Announced {
                id: &id,
                port,
                addresses,
                form: Some(&form),
                key: Some(if key.len() % 2 == 0 { KEY } else { &key }),
                registration: Some(&registration),
                name: Some(&name),
            };
            if let Some(server) = read(&announced) {
                prop_assert!((1..=ADDRESSES).contains(&server.addresses.len()));
                prop_assert!(!server.name.is_empty());
                prop_assert!(!server.name.chars().any(char::is_control));
            }
        }
    }
}
