//! A server's namespace, one for all clients, and the links between them.

use std::{fs, net::Ipv4Addr, sync::Arc, time::Duration};

use super::{
    Lateness, Place,
    carrier::{Carrier, Shared},
    device::Device,
    ip::ip,
    pipeline::CLIENTS,
};
use crate::link::{Counts, Profile, Trace};

/// Where the server is.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// The address of the clients' own device: that of programs which ask for none.
pub const CLIENTS_OWN: Ipv4Addr = Ipv4Addr::new(10, 77, 255, 254);
/// Every address of it is a client's, without being added anywhere.
const CLIENT_NET: &str = "10.77.128.0/18";
const FIRST_CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 128, 0);

/// Why there is no emulated network here.
#[derive(Debug, thiserror::Error)]
#[error(
    "there can be no emulated network here, which takes network namespaces: root, or a system where \
     everybody may make user namespaces (`unshare --user --map-root-user --net true`): {0}"
)]
pub struct Unavailable(String);

/// Both namespaces and all links. What is dropped ends.
#[derive(Debug)]
pub struct World {
    // Before the places, whose devices it holds.
    _carrier: Carrier,
    shared: Arc<Shared>,
    server: Place,
    clients: Place,
    device: &'static str,
}

/// How well the emulator did.
#[derive(Debug, Clone)]
pub struct SelfCheck {
    /// By how much packets were late.
    pub lateness: Lateness,
    /// Packets that were dropped though no link dropped them: by the kernel, or for lack of room.
    pub dropped: u64,
    /// Why it stopped, if it did.
    pub failure: Option<String>,
}

/// The `n`th client's address; there are as many as [`CLIENTS`], less the net's own.
pub fn client_address(n: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(FIRST_CLIENT.to_bits() + (n % (CLIENTS - 2)) as u32 + 1)
}

impl World {
    /// Makes it. The calling thread stays where it is.
    pub fn new() -> Result<Self, Unavailable> {
        Self::made().map_err(|error| Unavailable(format!("{error:#}")))
    }

    fn made() -> anyhow::Result<Self> {
        let (server, at_server) = Place::new("server", || {
            forget_paths();
            Device::new(&SERVER.to_string())
        })?;
        let (clients, at_clients) = Place::new("clients", || {
            forget_paths();
            let device = Device::new(&CLIENTS_OWN.to_string())?;
            ip(&format!("route add local {CLIENT_NET} dev lo"))?;
            Ok(device)
        })?;
        let (shared, device) = (Shared::new(), at_server.kind());
        let carrier = Carrier::start(Arc::clone(&shared), at_server, at_clients)?;
        Ok(Self { _carrier: carrier, shared, server, clients, device })
    }

    /// Where the server runs, at [`SERVER`].
    pub fn server(&self) -> &Place {
        &self.server
    }

    /// Where clients run, each bound to its address.
    pub fn clients(&self) -> &Place {
        &self.clients
    }

    /// By what packets are taken and given, for people.
    pub fn device(&self) -> &'static str {
        self.device
    }

    /// A client's link from now on; what is under way arrives. There is none at first.
    pub fn set_link(&self, client: Ipv4Addr, profile: Profile, seed: u64) -> bool {
        self.shared.with(&self.shared.pipeline, |links| links.set_link(client, profile, seed))
    }

    /// A link that changes as was recorded, from now on.
    pub fn set_trace(&self, client: Ipv4Addr, trace: &Arc<Trace>, seed: u64) -> bool {
        let now = self.shared.now();
        self.shared.with(&self.shared.pipeline, |links| links.set_trace(client, trace, now, seed))
    }

    /// The link is down, or up again.
    pub fn set_cut(&self, client: Ipv4Addr, is_cut: bool) {
        self.shared.with(&self.shared.pipeline, |links| links.set_cut(client, is_cut));
    }

    /// The client is at another address: the old one is dead.
    pub fn set_address(&self, from: Ipv4Addr, to: Ipv4Addr) {
        self.shared.with(&self.shared.pipeline, |links| links.set_address(from, to));
    }

    /// Somebody sends over the link of another client's from now on, through the same queue.
    pub fn share_link(&self, guest: Ipv4Addr, host: Ipv4Addr) -> bool {
        self.shared.with(&self.shared.pipeline, |links| links.share_link(guest, host))
    }

    /// A router forgets the client: the server sees it at another address, and nobody tells it.
    pub fn set_outer(&self, client: Ipv4Addr, outer: Ipv4Addr) -> bool {
        self.shared.with(&self.shared.pipeline, |links| links.set_outer(client, outer))
    }

    /// What happened to a client's packets so far: up, down. Bytes are those of IP packets; a guest's
    /// are counted with the host's, too.
    pub fn counts(&self, client: Ipv4Addr) -> (Counts, Counts) {
        self.shared.with(&self.shared.pipeline, |links| links.counts(client))
    }

    /// Links' time: how long the world is there.
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// How well the emulator did since it was asked last.
    pub fn self_check(&self) -> SelfCheck {
        let tally = self.shared.with(&self.shared.tally, std::mem::take);
        let crowded_out = self.shared.with(&self.shared.pipeline, |links| links.crowded_out());
        SelfCheck {
            lateness: tally.lateness,
            dropped: tally.refused + crowded_out,
            failure: tally.failure,
        }
    }
}

impl SelfCheck {
    /// Why figures of that time are worth nothing, if they are not.
    pub fn trouble(&self) -> Option<String> {
        match &self.failure {
            Some(failure) => Some(format!("the emulator stopped: {failure}")),
            None if self.dropped > 0 => {
                Some(format!("the emulator itself dropped {} packets", self.dropped))
            }
            None if !self.lateness.is_good() => Some(format!(
                "the emulator was late itself, by more than a millisecond for more than one packet \
                 in a hundred: the machine has too much else to do ({})",
                self.lateness
            )),
            None => None,
        }
    }
}

/// What TCP learned of a path is not for the connection after.
fn forget_paths() {
    let _ = fs::write("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
}
