//! Servers that announce themselves on the local network (DNS-SD over multicast DNS).

use std::time::Duration;

use mdns_sd::{Receiver, ResolvedService, ServiceDaemon, ServiceEvent};
use thiserror::Error;
use tokio::time::{self, Instant};

use crate::core::neighbours::{Announced, Neighbours};
pub use crate::core::neighbours::{NearbyEvent, NearbyServer};

const SERVICE: &str = "_tertulia._udp.local.";
/// Records that the resolver may hold, and how often that is looked at: it keeps what it hears,
/// and knows no bound of its own.
const RECORDS: i64 = 4_096;
const LOOK: Duration = Duration::from_secs(1);

/// The local network can't be listened to.
#[derive(Debug, Error)]
#[error("the local network can't be searched: {0}")]
pub struct NearbyError(String);

impl From<mdns_sd::Error> for NearbyError {
    fn from(error: mdns_sd::Error) -> Self {
        Self(error.to_string())
    }
}

/// A search that goes on until it is dropped.
pub struct Search {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
    neighbours: Neighbours,
    look_at: Instant,
}

/// Begins to look for servers nearby.
pub fn search() -> Result<Search, NearbyError> {
    let daemon = ServiceDaemon::new()?;
    let events = daemon.browse(SERVICE)?;
    let look_at = Instant::now() + LOOK;
    Ok(Search { daemon, events, neighbours: Neighbours::default(), look_at })
}

impl Search {
    /// The next change. `None`: the search is over, because the network floods it, or allows none.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<NearbyEvent> {
        loop {
            let event = tokio::select! {
                biased;
                // Before the events: of a flood there is always one more.
                () = time::sleep_until(self.look_at) => {
                    if is_flooded(&self.daemon).await {
                        return None;
                    }
                    self.look_at = Instant::now() + LOOK;
                    continue;
                }
                event = self.events.recv_async() => event.ok()?,
            };
            let change = match event {
                ServiceEvent::ServiceResolved(service) => {
                    self.neighbours.announced(&announced(&service))
                }
                ServiceEvent::ServiceRemoved(_, id) => self.neighbours.gone(&id),
                _ => None,
            };
            if change.is_some() {
                return change;
            }
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        // A thread that can't be told has ended already.
        let _ = self.daemon.shutdown();
    }
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("neighbours", &self.neighbours).finish_non_exhaustive()
    }
}

/// Whether the resolver holds too much, or is gone.
async fn is_flooded(daemon: &ServiceDaemon) -> bool {
    // Busy: asked another time.
    let Ok(asked) = daemon.get_metrics() else {
        return false;
    };
    let Ok(metrics) = asked.recv_async().await else {
        return true;
    };
    let cached = metrics.iter().filter(|(name, _)| name.starts_with("cached"));
    cached.map(|(_, count)| *count).sum::<i64>() > RECORDS
}

fn announced(service: &ResolvedService) -> Announced<'_> {
    Announced {
        id: &service.fullname,
        port: service.port,
        addresses: service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect(),
        form: service.get_property_val_str("v"),
        key: service.get_property_val_str("key"),
        registration: service.get_property_val_str("reg"),
        name: service.get_property_val_str("name"),
    }
}
