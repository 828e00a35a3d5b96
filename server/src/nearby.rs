//! The server is announced on the local network (DNS-SD over multicast DNS), so that people there
//! find it without typing. Nothing in it is secret, and nobody has to believe it: whoever joins
//! compares the key's words with the owner.

use std::net::SocketAddr;

use mdns_sd::{IfKind, Metrics, ServiceDaemon, ServiceInfo};
use tertulia_proto::Registration;
use tokio::time::{self, timeout};
use tracing::{info, warn};

use crate::{config::Nearby, limits, signal::Signal};

const SERVICE: &str = "_tertulia._udp.local.";
/// The form of what is announced.
const FORM: &str = "1";
/// Characters of the key that tell two servers of one name apart.
const KEY_PART: usize = 6;
/// How much of a name an instance's label of 63 bytes has room for.
const NAME_BYTES: usize = 63 - KEY_PART - " ()".len();
/// How often it is looked whether the machine's addresses changed, in seconds.
const ADDRESSES_CHECK_S: u32 = 60;

/// What is told to the neighbours.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    /// What people call the server.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) listening: SocketAddr,
    /// The link's KEY.
    pub(crate) key: String,
    /// Who may register.
    pub(crate) registration: Registration,
}

impl Announcement {
    /// `None`: nobody else can reach what listens on loopback, or the operator does not want it.
    pub(crate) fn new(
        wish: &Nearby,
        listening: SocketAddr,
        key: String,
        registration: Registration,
    ) -> Option<Self> {
        let is_wanted = wish.enabled && !listening.ip().to_canonical().is_loopback();
        let name = wish.name.clone().unwrap_or_else(machine_name);
        is_wanted.then(|| Self { name: usable(&name), listening, key, registration })
    }

    /// Announces it until the server stops; then says goodbye. A network that does not take it is
    /// told in the log, once, and keeps nobody from being served.
    pub(crate) async fn run(self, stopping: Signal) {
        loop {
            let (daemon, instance) = match self.begin() {
                Ok(begun) => begun,
                Err(error) => {
                    warn!(%error, "not announced on the local network");
                    return;
                }
            };
            info!(name = %self.name, "announcing on the local network");
            let stopped = tokio::select! {
                biased;
                () = stopping.raised() => true,
                () = flooded(&daemon) => false,
            };
            end(&daemon, &instance).await;
            if stopped {
                return;
            }
            warn!("the local network floods multicast DNS; announced anew in a while");
            tokio::select! {
                biased;
                () = stopping.raised() => return,
                () = time::sleep(limits::NEARBY_PAUSE) => {}
            }
        }
    }

    fn begin(&self) -> mdns_sd::Result<(ServiceDaemon, String)> {
        let info = self.service()?;
        let instance = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new()?;
        daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
        if self.listening.is_ipv4() {
            daemon.disable_interface(IfKind::IPv6)?;
        }
        daemon.set_ip_check_interval(ADDRESSES_CHECK_S)?;
        daemon.register(info)?;
        Ok((daemon, instance))
    }

    fn service(&self) -> mdns_sd::Result<ServiceInfo> {
        let part: String = self.key.chars().take(KEY_PART).collect();
        let instance = format!("{} ({part})", self.name);
        // A host name of its own: the machine's may be another responder's to defend.
        let host = format!("tertulia-{part}.local.");
        let registration = match self.registration {
            Registration::Open => "open",
            Registration::Invite => "invite",
        };
        let told = [
            ("v", FORM),
            ("key", self.key.as_str()),
            ("reg", registration),
            ("name", self.name.as_str()),
        ];
        let (ip, port) = (self.listening.ip().to_canonical(), self.listening.port());
        let own = if ip.is_unspecified() { String::new() } else { ip.to_string() };
        let info = ServiceInfo::new(SERVICE, &instance, &host, own, port, &told[..])?;
        Ok(if ip.is_unspecified() { info.enable_addr_auto() } else { info })
    }
}

/// Ends when the responder holds more of the neighbours' records than any honest network has: it
/// keeps what it hears, and knows no bound of its own.
async fn flooded(daemon: &ServiceDaemon) {
    loop {
        time::sleep(limits::NEARBY_LOOK).await;
        let Ok(asked) = daemon.get_metrics() else {
            continue;
        };
        match timeout(limits::NEARBY_LOOK, asked.recv_async()).await {
            Ok(Ok(metrics)) if held(&metrics) <= limits::NEARBY_RECORDS => {}
            Ok(Ok(_)) => return,
            // It is gone, or too busy to answer.
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

fn held(metrics: &Metrics) -> i64 {
    metrics.iter().filter(|(name, _)| name.starts_with("cached")).map(|(_, count)| *count).sum()
}

async fn end(daemon: &ServiceDaemon, instance: &str) {
    let goodbye = async {
        if let Ok(said) = daemon.unregister(instance) {
            let _ = said.recv_async().await;
        }
        if let Ok(ended) = daemon.shutdown() {
            let _ = ended.recv_async().await;
        }
    };
    // Neighbours forget it by themselves otherwise.
    let _ = timeout(limits::NEARBY_GOODBYE, goodbye).await;
}

fn machine_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "Tertulia".to_owned())
}

/// What fits, without what no name has.
fn usable(name: &str) -> String {
    let mut usable = String::new();
    for c in name.chars().filter(|c| !c.is_control()) {
        if usable.len() + c.len_utf8() > NAME_BYTES {
            break;
        }
        usable.push(c);
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(name: &str, listen: &str) -> Option<Announcement> {
        let wish = Nearby { enabled: true, name: Some(name.to_owned()) };
        let listening = listen.parse().unwrap();
        Announcement::new(&wish, listening, "zj6tenyu".repeat(6), Registration::Open)
    }

    #[test]
    fn what_only_this_machine_reaches_is_not_announced() {
        for loopback in ["127.0.0.1:7575", "[::1]:7575", "[::ffff:127.0.0.1]:7575"] {
            assert!(announcement("a", loopback).is_none(), "{loopback}");
        }
        for reachable in ["[::]:7575", "0.0.0.0:7575", "192.0.2.7:7575"] {
            assert!(announcement("a", reachable).is_some(), "{reachable}");
        }
        let off = Nearby { enabled: false, name: None };
        let listening = "[::]:7575".parse().unwrap();
        let not = Announcement::new(&off, listening, String::new(), Registration::Open);
        assert!(not.is_none());
    }

    #[test]
    fn address_key_and_registration_are_told_and_nothing_else() {
        let told = announcement("Casa de Ana", "192.0.2.7:7576").unwrap().service().unwrap();
        assert_eq!(told.get_fullname(), "Casa de Ana (zj6ten)._tertulia._udp.local.");
        assert_eq!(told.get_port(), 7_576);
        let addresses: Vec<_> = told.get_addresses().iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["192.0.2.7"]);
        let key = "zj6tenyu".repeat(6);
        let mut properties: Vec<_> = told
            .get_properties()
            .iter()
            .map(|property| (property.key(), property.val_str()))
            .collect();
        properties.sort_unstable();
        assert_eq!(
            properties,
            [("key", key.as_str()), ("name", "Casa de Ana"), ("reg", "open"), ("v", "1")]
        );
    }

    #[test]
    fn a_name_of_any_length_and_kind_can_be_announced() {
        for name in ["ñ".repeat(200), "a.b\u{0}\n\"c\\".to_owned(), "🌱".repeat(63), String::new()]
        {
            let told = announcement(&name, "[::]:1").unwrap();
            assert!(told.name.len() <= NAME_BYTES && !told.name.contains('\n'));
            told.service().unwrap();
        }
    }
}
