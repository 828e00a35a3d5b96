//! Certificate and settings set anew while the server runs: when the operator says so, and when
//! the certificate's files change. New connections see the new certificate, old ones live on.
//!
//! What can't be used changes nothing: the server goes on with what it has, and says why.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use quinn::Endpoint;
use rustls::pki_types::CertificateDer;
use tertulia_certs::{KeyFingerprint, ServerIdentity, ServerLink, files};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use crate::{
    certificate,
    config::{ServerConfig, TrustBy},
    data_dir::DataDir,
    foundation, limits,
    net::{self, EndpointKeys, Settings, Shared},
    start_error::StartError,
};

const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// Authorities' certificates are renewed weeks before their end.
const WARN_DAYS: u64 = 10;

/// A configuration to go on with, and whom to tell when that is done.
pub(crate) type Order = (ServerConfig, oneshot::Sender<()>);

/// Owns what a reload changes.
pub(crate) struct Reloader {
    pub(crate) config: ServerConfig,
    pub(crate) endpoint: Endpoint,
    pub(crate) keys: EndpointKeys,
    pub(crate) listening: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    pub(crate) data: Arc<DataDir>,
    pub(crate) link: Arc<Mutex<ServerLink>>,
    pub(crate) served: Served,
    /// Of the files as they were before they were read.
    pub(crate) stamp: Stamp,
}

/// What clients are shown.
pub(crate) struct Served {
    chain: Vec<CertificateDer<'static>>,
    fingerprint: KeyFingerprint,
}

/// Who wants a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Operator,
    Files,
}

impl Served {
    pub(crate) fn new(identity: &ServerIdentity) -> Self {
        let chain = identity.certified_key().cert.clone();
        Self { chain, fingerprint: identity.fingerprint() }
    }
}

impl Reloader {
    /// Watches and obeys until the server stops.
    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        self.tell_end();
        let mut look = interval(limits::CERTIFICATE_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some((config, done)) = order else { return };
                    self.stamp = Stamp::of(&config);
                    self.configure(config).await;
                    let _ = done.send(());
                }
                // Nobody but the server itself writes the one that it made.
                _ = look.tick(), if self.config.certificate.is_some() => {
                    let now = Stamp::of(&self.config);
                    // Taken before the files are read: what changes meanwhile is seen next time.
                    if self.stamp != now {
                        self.stamp = now;
                        self.certify(self.config.clone(), By::Files).await;
                    }
                }
            }
        }
    }

    /// Names and dates matter to those who ask an authority, and to nobody else.
    fn tell_end(&self) {
        let Some(end) = certificate::end(&self.served.chain) else { return };
        self.shared.metrics.certificate_ends(end);
        let left = end.0.saturating_sub(self.shared.env.wall_clock().0) / DAY_MS;
        if self.config.trust == TrustBy::Ca && left < WARN_DAYS {
            warn!(days_left = left, "the certificate ends soon, and clients will refuse it then");
        }
    }

    /// Goes on with another configuration, as far as that can be without a restart.
    async fn configure(&mut self, config: ServerConfig) {
        let now = Settings {
            registration: config.registration,
            rates: config.rates,
            files: config.files,
        };
        let before = self.shared.set(now);
        for (what, changed) in [
            ("registration", before.registration != now.registration),
            ("limits", before.rates != now.rates),
            ("files", before.files != now.files),
        ] {
            if changed {
                info!(what, "this was changed in the configuration: it counts from now on");
            }
        }
        let old = &self.config;
        for (what, changed) in [
            ("data", old.data != config.data),
            ("listen", old.listen != config.listen),
            ("metrics", old.metrics != config.metrics),
            ("nearby", old.nearby != config.nearby),
        ] {
            if changed {
                warn!(what, "this was changed in the configuration: it takes a restart");
            }
        }
        self.certify(config, By::Operator).await;
        info!("reloaded");
    }

    /// Shows another certificate from now on, if there is one and it can be used.
    async fn certify(&mut self, config: ServerConfig, by: By) {
        let loaded = self.load(&config).await;
        let (identity, link) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                warn!(%error, "the certificate was not reloaded: the server goes on with the one it has");
                return;
            }
        };
        let served = Served::new(&identity);
        let new_key = served.fingerprint != self.served.fingerprint;
        if new_key && config.trust == TrustBy::Pinned && by == By::Files {
            warn!(
                served = %self.served.fingerprint, found = %served.fingerprint,
                "the certificate's files have another key, which clients that know this server \
                 would refuse: the server goes on with the one it has. On purpose? kill -HUP. \
                 A renewal? Have it keep the key, or use --trust ca"
            );
            return;
        }
        let server_config = match net::server_config(&identity, &self.keys) {
            Ok(config) => config,
            Err(error) => {
                warn!(%error, "the certificate was not reloaded: TLS refuses it");
                return;
            }
        };
        if served.chain != self.served.chain {
            self.endpoint.set_server_config(Some(server_config));
            info!(fingerprint = %served.fingerprint, "new connections see a new certificate");
        }
        if new_key && config.trust == TrustBy::Pinned {
            warn!(
                was = %self.served.fingerprint, is = %served.fingerprint,
                "the server's key changed: links of before lead nowhere, and everybody needs a new \
                 link"
            );
        }
        self.served = served;
        self.config = config;
        self.tell_end();
        self.hand_out(link);
    }

    /// On a thread of its own: a passphrase takes a while by design.
    async fn load(
        &self,
        config: &ServerConfig,
    ) -> Result<(ServerIdentity, ServerLink), StartError> {
        let (done, loaded) = oneshot::channel();
        let (config, data, listening) = (config.clone(), Arc::clone(&self.data), self.listening);
        self.shared.env.run_blocking(Box::new(move || {
            let loaded = foundation::identity(&config, &data).and_then(|identity| {
                let link = certificate::link(&config, &identity, listening)?;
                Ok((identity, link))
            });
            let _ = done.send(loaded);
        }));
        let lost = |_| StartError::Certificate("it could not be loaded".to_owned());
        loaded.await.map_err(lost)?
    }

    /// Invites made from now on are of this link, the owner's too.
    fn hand_out(&self, link: ServerLink) {
        let mut current = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == link {
            return;
        }
        current.clone_from(&link);
        drop(current);
        let written = self.data.write_link(&link).and_then(|()| {
            let path = self.data.owner_invite();
            let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
            let Ok(owner) = text.parse::<ServerLink>() else { return Ok(()) };
            let owner = ServerLink { invite: owner.invite, ..link };
            files::write_private(&path, format!("{owner}\n").as_bytes())
        });
        if let Err(error) = written {
            warn!(%error, "the new link was not written down");
        }
    }
}

/// What changes when a file does, be it replaced or written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp(Vec<Option<(SystemTime, u64, u64)>>);

impl Stamp {
    pub(crate) fn of(config: &ServerConfig) -> Self {
        use std::os::unix::fs::MetadataExt;
        let stamp = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len(), file.ino()))
        };
        let files = config.certificate.as_ref();
        let paths = files.map(|files| [&files.certificate, &files.key]);
        Self(paths.into_iter().flatten().map(|path| stamp(path)).collect())
    }
}
