//! A look at a server before anything is decided: who it is, and how one becomes a member.

use std::{path::Path, sync::Arc, time::Duration};

use tertulia_certs::{DeviceIdentity, HostPort, KeyFingerprint, ServerLink, Trust};
use tertulia_proto::{Features, Hello, Registration, VersionRange};
use tertulia_quic::Congestion;
use tokio::{sync::watch, time};

use crate::{
    connection::{Ended, Greeting, Outgoing, greet},
    model::Trouble,
    store::profile::Profile,
    transport::{Dialer, endpoint},
};

/// How long the goodbye may take to leave.
const GOODBYE: Duration = Duration::from_millis(100);

/// What a server shows to a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// Its key, which it proved to hold. Whether that is the key of the server meant is for a
    /// person to say.
    pub key: KeyFingerprint,
    /// How one becomes a member; `None` where the server did not say.
    pub registration: Option<Registration>,
    /// The round trip.
    pub rtt: Duration,
}

/// Looks at the server that has these addresses. Tries for `patience`, but tells most troubles at
/// once; with a `trust` the server has to be the one meant, without one any will do.
///
/// Leaves nothing behind on either side: it comes with a key of its own, and registers nothing.
pub async fn peek(
    addresses: &[HostPort],
    trust: Option<Trust>,
    patience: Duration,
) -> Result<Glimpse, Trouble> {
    let lost = |error: &dyn ToString| Trouble::Lost(error.to_string());
    let knocks = Arc::default();
    let endpoint = endpoint::bind(&knocks).map_err(|error| lost(&error))?;
    let device = Arc::new(DeviceIdentity::passing().map_err(|error| lost(&error))?);
    let dialer = Dialer {
        endpoint: endpoint.clone(),
        device,
        knocks,
        is_silent: false,
        is_real: true,
        congestion: Congestion::default(),
    };
    let (doubt, _keep) = watch::channel(None);
    match time::timeout(patience, look(dialer, addresses, trust, &doubt)).await {
        Ok(seen) => {
            // So that the server need not wait for more.
            let _ = time::timeout(GOODBYE, endpoint.wait_idle()).await;
            seen
        }
        Err(_) => Err(doubt.borrow().clone().unwrap_or_else(|| Trouble::NoAnswer {
            tried: addresses.first().map(ToString::to_string).unwrap_or_default(),
        })),
    }
}

/// The server that a profile belongs to, if it belongs to one and can be read.
pub fn known_server(profile: &Path) -> Option<ServerLink> {
    Profile::load(profile).ok()?.map(|profile| profile.link)
}

async fn look(
    dialer: Dialer,
    addresses: &[HostPort],
    trust: Option<Trust>,
    doubt: &watch::Sender<Option<Trouble>>,
) -> Result<Glimpse, Trouble> {
    let quic = dialer.dial(addresses, trust, doubt).await.map_err(|end| end.trouble)?;
    // Only the hello's answer can be late now.
    let silent = Trouble::Lost("it took the connection and then said nothing".to_owned());
    doubt.send_replace(Some(silent));
    let hello = Hello {
        versions: VersionRange::OURS,
        features: Features::OURS,
        lanes: 0,
        epoch: None,
        cursors: Vec::new(),
    };
    let (greeting, (_, queue)) = (Greeting { hello, register: None }, Outgoing::new());
    let registration = match greet(quic.clone(), greeting, queue).await {
        Err(Ended::Stranger(registration)) => Some(registration),
        Err(Ended::End(end)) => return Err(end.trouble),
        // It makes no difference between strangers and members; that is its affair.
        Err(Ended::Refused { .. }) | Ok(_) => None,
    };
    let glimpse = Glimpse { key: key_of(&quic)?, registration, rtt: quic.rtt() };
    Ok(glimpse)
}

/// The key that the server at the other end proved to hold.
pub(crate) fn key_of(quic: &quinn::Connection) -> Result<KeyFingerprint, Trouble> {
    let unreadable = || Trouble::Certificate("it can't be read".to_owned());
    let chain = quic.peer_identity().and_then(|identity| {
        identity.downcast::<Vec<rustls::pki_types::CertificateDer<'static>>>().ok()
    });
    let own = chain.as_ref().and_then(|chain| chain.first()).ok_or_else(unreadable)?;
    KeyFingerprint::of_certificate(own).map_err(|error| Trouble::Certificate(error.to_string()))
}
