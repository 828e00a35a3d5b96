//! Every address of a link is tried, a little after one another; the first that answers wins.

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use quinn::{Connection, Endpoint};
use tertulia_certs::{DeviceIdentity, HostPort, ServerLink, Trust};
use tokio::{task::JoinSet, time};

use super::{
    endpoint,
    fault::{end_of_attempt, end_of_connect, weight},
    probe,
};
use crate::{core::session::End, model::Trouble};

/// How far apart attempts begin (RFC 8305 calls it the connection attempt delay).
const STAGGER: Duration = Duration::from_millis(250);
/// A resolver that takes longer is as good as none.
const RESOLVE: Duration = Duration::from_secs(5);
/// An address that is silent for so long is given up.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const ADDRESSES_PER_NAME: usize = 8;

/// What every attempt needs.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    pub(crate) device: Arc<DeviceIdentity>,
    /// Whether the endpoint is on the real network, where a host can be asked by other means.
    pub(crate) is_real: bool,
}

impl Dialer {
    /// A connection to the server of `link`. That the server lets this device in is known no
    /// sooner than by its first answer.
    pub(crate) async fn dial(self, link: &ServerLink) -> Result<Connection, End> {
        let hosts = link.addresses.iter().cloned();
        let attempts = hosts.map(|host| self.clone().dial_host(host, link.trust));
        first_of(attempts, unreachable("")).await
    }

    async fn dial_host(self, host: HostPort, trust: Trust) -> Result<Connection, End> {
        let addresses = self.resolve(&host).await?;
        let nothing = unreachable(&host.to_string());
        let attempts = addresses
            .into_iter()
            .map(|address| self.clone().dial_address(address, host.clone(), trust));
        first_of(attempts, nothing).await
    }

    async fn resolve(&self, host: &HostPort) -> Result<Vec<SocketAddr>, End> {
        if let Ok(ip) = host.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, host.port)]);
        }
        let lookup = tokio::net::lookup_host((host.host.as_str(), host.port));
        let found: Vec<_> = match time::timeout(RESOLVE, lookup).await {
            Ok(Ok(found)) => found.take(ADDRESSES_PER_NAME).collect(),
            _ => Vec::new(),
        };
        match found.is_empty() {
            false => Ok(found),
            true => Err(End::retry(Trouble::NameNotFound { host: host.host.clone() })),
        }
    }

    async fn dial_address(
        self,
        address: SocketAddr,
        host: HostPort,
        trust: Trust,
    ) -> Result<Connection, End> {
        let tried = host.to_string();
        let (config, observed) = endpoint::client_config(&self.device, &trust)
            .map_err(|why| End::stop(Trouble::Certificate(why)))?;
        let connecting = self
            .endpoint
            .connect_with(config, address, &host.host)
            .map_err(|error| end_of_connect(&error, &tried))?;
        tokio::select! {
            biased;
            connected = connecting => {
                connected.map_err(|error| end_of_attempt(&error, &tried, &trust, &observed))
            }
            () = probe::unreachable(address), if self.is_real => Err(unreachable(&tried)),
            () = time::sleep(ATTEMPT) => Err(End::retry(Trouble::NoAnswer { tried })),
        }
    }
}

/// The first that succeeds; else the failure that tells most, which stops for good only where none
/// of the others may pass (another key always does: it may not be dialled again). Begins the next attempt when the
/// last one has failed, or [`STAGGER`] after it began. `nothing`: the failure of no attempts.
async fn first_of<F>(attempts: impl Iterator<Item = F>, nothing: End) -> Result<Connection, End>
where
    F: Future<Output = Result<Connection, End>> + Send + 'static,
{
    let mut waiting = attempts.peekable();
    let mut running = JoinSet::new();
    let mut worst: Option<End> = None;
    let mut may_pass = false;
    loop {
        if running.is_empty() {
            match waiting.next() {
                Some(attempt) => drop(running.spawn(attempt)),
                None => {
                    let mut end = worst.unwrap_or(nothing);
                    end.stops &= !may_pass || matches!(end.trouble, Trouble::KeyChanged(_));
                    return Err(end);
                }
            }
        }
        tokio::select! {
            biased;
            Some(ended) = running.join_next() => {
                // A panic is a bug of ours, and no news about the server.
                let end = match ended {
                    Ok(Ok(connection)) => return Ok(connection),
                    Ok(Err(end)) => end,
                    Err(error) => End::retry(Trouble::Lost(error.to_string())),
                };
                may_pass |= !end.stops;
                if worst.as_ref().is_none_or(|worst| weight(worst) < weight(&end)) {
                    worst = Some(end);
                }
            }
            () = time::sleep(STAGGER), if waiting.peek().is_some() => {
                if let Some(attempt) = waiting.next() {
                    running.spawn(attempt);
                }
            }
        }
    }
}

fn unreachable(tried: &str) -> End {
    End::retry(Trouble::Unreachable { tried: tried.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::future;

    use tertulia_certs::{KeyChanged, KeyFingerprint};

    use super::*;

    async fn ends(ends: &[End]) -> End {
        let attempts = ends.iter().cloned().map(|end| future::ready(Err(end)));
        first_of(attempts, unreachable("")).await.unwrap_err()
    }

    #[tokio::test]
    async fn one_address_that_may_come_back_is_worth_coming_back_for() {
        let (old, silent) = (End::stop(Trouble::Version), unreachable("b:1"));
        assert_eq!(ends(&[old.clone(), old.clone()]).await, old);
        let both = ends(&[old, silent.clone()]).await;
        assert_eq!(both, End::retry(Trouble::Version));
        let key = |n| KeyFingerprint::from_bytes([n; 32]);
        let changed =
            End::stop(Trouble::KeyChanged(KeyChanged { expected: key(1), found: key(2) }));
        assert_eq!(ends(&[silent, changed.clone()]).await, changed);
    }
}
