//! Every address of a link is tried, a little after one another; the first that answers wins.

use std::{
    convert::Infallible,
    future::{self, Future},
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use quinn::{Connection, Endpoint};
use tertulia_certs::{DeviceIdentity, HostPort, Trust};
use tertulia_quic::{Congestion, Knocks};
use tokio::{sync::watch, task::JoinSet, time};

use super::{
    endpoint,
    fault::{end_of_attempt, end_of_connect, weight},
    probe,
};
use crate::{core::session::End, model::Trouble};

/// How far apart attempts begin (RFC 8305 calls it the connection attempt delay).
const STAGGER: Duration = Duration::from_millis(250);
/// Without an answer for so long, what may be the matter is said; the attempt goes on.
const SILENCE: Duration = Duration::from_millis(2_500);
/// A resolver that takes longer is as good as none.
const RESOLVE: Duration = Duration::from_secs(5);
/// An address that is silent for so long is given up.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Sooner, where the last attempt met with silence, too.
const ATTEMPT_IN_SILENCE: Duration = Duration::from_secs(5);
/// Unanswered for so long, a handshake is begun anew beside the first: a router that forgot this end
/// meanwhile leaves the server answering to nobody, and during a handshake it can't be told.
const ANEW: Duration = Duration::from_secs(1);
/// Addresses of one name that are tried.
const ADDRESSES_PER_NAME: usize = 8;

/// What every attempt needs.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) endpoint: Endpoint,
    pub(crate) device: Arc<DeviceIdentity>,
    /// Of the endpoint's sockets.
    pub(crate) knocks: Arc<Knocks>,
    /// Whether the last attempt met with silence.
    pub(crate) is_silent: bool,
    /// Whether the endpoint is on the real network, where a host can be asked by other means.
    pub(crate) is_real: bool,
    /// What connections' windows go by.
    pub(crate) congestion: Congestion,
}

/// What is said of an attempt while it goes on.
pub(crate) type Doubt = watch::Sender<Option<Trouble>>;

impl Dialer {
    /// The network may be another one: connections go on from a fresh socket.
    pub(crate) fn move_on(&self) {
        if self.is_real
            && let Err(error) = endpoint::move_on(&self.endpoint, &self.knocks)
        {
            tracing::warn!(%error, "no fresh socket: the old one stays");
        }
    }

    /// A connection to the server that has these addresses; without a `trust` to any that proves
    /// its key. That the server lets this device in is known no sooner than by its first answer.
    ///
    /// `doubt` learns after [`SILENCE`] what stands in the way as far as is known, and nothing
    /// where all is well before.
    pub(crate) async fn dial(
        self,
        addresses: &[HostPort],
        trust: Option<Trust>,
        doubt: &Doubt,
    ) -> Result<Connection, End> {
        let findings = Findings::default();
        let attempts = addresses.iter().cloned();
        let attempts = attempts.map(|host| self.clone().dial_host(host, trust, findings.clone()));
        let mut race = pin!(first_of(attempts, unreachable(""), findings.clone()));
        tokio::select! {
            biased;
            ended = &mut race => return ended,
            () = time::sleep(SILENCE) => {}
        }
        let mut news = findings.0.subscribe();
        loop {
            let known = news.borrow_and_update().clone();
            doubt.send_if_modified(|said| {
                let is_news = known.is_some() && *said != known;
                if is_news {
                    *said = known;
                }
                is_news
            });
            tokio::select! {
                biased;
                ended = &mut race => return ended,
                // The sender is in `findings`.
                _ = news.changed() => {}
            }
        }
    }

    async fn dial_host(
        self,
        host: HostPort,
        trust: Option<Trust>,
        findings: Findings,
    ) -> Result<Connection, End> {
        let addresses = self.resolve(&host, &findings).await?;
        let nothing = unreachable(&host.to_string());
        let attempts = addresses.into_iter().map(|address| {
            self.clone().dial_address(address, host.clone(), trust, findings.clone())
        });
        first_of(attempts, nothing, findings.clone()).await
    }

    async fn resolve(&self, host: &HostPort, findings: &Findings) -> Result<Vec<SocketAddr>, End> {
        if let Ok(ip) = host.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, host.port)]);
        }
        let not_found = || Trouble::NameNotFound { host: host.host.clone() };
        let lookup = tokio::net::lookup_host((host.host.as_str(), host.port));
        let answer = tokio::select! {
            biased;
            answer = time::timeout(RESOLVE, lookup) => answer,
            never = findings.note_late(not_found()) => match never {},
        };
        let found: Vec<_> = match answer {
            Ok(Ok(found)) => found.take(ADDRESSES_PER_NAME).collect(),
            _ => Vec::new(),
        };
        match found.is_empty() {
            false => Ok(found),
            true => Err(End::retry(not_found())),
        }
    }

    async fn dial_address(
        self,
        address: SocketAddr,
        host: HostPort,
        trust: Option<Trust>,
        findings: Findings,
    ) -> Result<Connection, End> {
        let tried = host.to_string();
        let (config, observed) =
            endpoint::client_config(&self.device, trust.as_ref(), self.congestion, self.is_silent)
                .map_err(|why| End::stop(Trouble::Certificate(why)))?;
        let connect = || {
            let connecting = self.endpoint.connect_with(config.clone(), address, &host.host);
            connecting.map_err(|error| end_of_connect(&error, &tried))
        };
        let connecting = connect()?;
        let end = |error| end_of_attempt(&error, &tried, trust, &observed);
        let anew = async {
            time::sleep(ANEW).await;
            let Ok(connecting) = connect() else { return future::pending().await };
            match connecting.await.map_err(end) {
                // What may be another time the first one tells.
                Err(end) if !end.stops => future::pending().await,
                connected => connected,
            }
        };
        let silence = || Trouble::NoAnswer { tried: tried.clone() };
        tokio::select! {
            biased;
            connected = connecting => connected.map_err(end),
            connected = anew, if !self.is_silent => connected,
            () = probe::unreachable(address), if self.is_real => Err(unreachable(&tried)),
            () = time::sleep(if self.is_silent { ATTEMPT_IN_SILENCE } else { ATTEMPT }) => Err(End::retry(silence())),
            never = findings.note_late(silence()) => match never {},
        }
    }
}

/// What the attempts of one race have found out so far: of all of it that which tells most.
#[derive(Debug, Clone, Default)]
struct Findings(Arc<watch::Sender<Option<Trouble>>>);

impl Findings {
    fn note(&self, trouble: &Trouble) {
        self.0.send_if_modified(|known| {
            let tells_more = known.as_ref().is_none_or(|known| weight(known) < weight(trouble));
            if tells_more {
                *known = Some(trouble.clone());
            }
            tells_more
        });
    }

    /// Notes it after [`SILENCE`]; to be dropped when there is an answer.
    async fn note_late(&self, trouble: Trouble) -> Infallible {
        time::sleep(SILENCE).await;
        self.note(&trouble);
        future::pending().await
    }
}

/// The first that succeeds; else the failure that tells most, which stops for good only where none
/// of the others may pass (another key always does: it may not be dialled again). Begins the next attempt when the
/// last one has failed, or [`STAGGER`] after it began. `nothing`: the failure of no attempts.
async fn first_of<F>(
    attempts: impl Iterator<Item = F>,
    nothing: End,
    findings: Findings,
) -> Result<Connection, End>
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
                findings.note(&end.trouble);
                if worst.as_ref().is_none_or(|worst| weight(&worst.trouble) < weight(&end.trouble)) {
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
    use std::net::UdpSocket;

    use tertulia_certs::{KeyChanged, KeyFingerprint};

    use super::*;

    async fn ends(ends: &[End]) -> End {
        let attempts = ends.iter().cloned().map(|end| future::ready(Err(end)));
        first_of(attempts, unreachable(""), Findings::default()).await.unwrap_err()
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

    /// Time is tokio's here, and is paused: it goes on when nothing else happens.
    #[tokio::test(start_paused = true)]
    async fn silence_is_said_within_three_seconds_and_given_up_in_ten() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address: HostPort = silent.local_addr().unwrap().to_string().parse().unwrap();
        let dialer = Dialer {
            endpoint: endpoint::bind(&Arc::default()).unwrap(),
            device: Arc::new(DeviceIdentity::passing().unwrap()),
            knocks: Arc::default(),
            is_silent: false,
            is_real: false,
            congestion: Congestion::default(),
        };
        let (doubt, mut said) = watch::channel(None);
        let began = time::Instant::now();
        let addresses = [address.clone()];
        let mut dial = pin!(dialer.dial(&addresses, None, &doubt));
        tokio::select! {
            biased;
            ended = &mut dial => panic!("{ended:?}"),
            changed = said.changed() => changed.unwrap(),
        }
        let silence = Trouble::NoAnswer { tried: address.to_string() };
        assert_eq!(*said.borrow(), Some(silence.clone()));
        assert!(began.elapsed() <= Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(dial.await.unwrap_err(), End::retry(silence));
        assert!(began.elapsed() >= ATTEMPT);
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_addresses_what_tells_most_is_said() {
        let findings = Findings::default();
        let silence = Trouble::NoAnswer { tried: "a:1".into() };
        findings.note(&Trouble::NameNotFound { host: "a".into() });
        tokio::select! {
            biased;
            never = findings.note_late(silence.clone()) => match never {},
            () = time::sleep(SILENCE) => {}
        }
        assert_eq!(*findings.0.borrow(), Some(silence));
        findings.note(&Trouble::Version);
        findings.note(&Trouble::Unreachable { tried: "b:1".into() });
        assert_eq!(*findings.0.borrow(), Some(Trouble::Version));
    }
}
