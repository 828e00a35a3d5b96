//! The server as a whole: begun, serving, stopped.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use quinn::{Endpoint, Runtime, VarInt};
use tertulia_certs::ServerLink;
use tertulia_proto::{Env, close::CloseCode};
use tertulia_quic::{EagerSocket, SharedSocket};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tracing::{info, warn};

use crate::{
    admin, certificate,
    config::ServerConfig,
    data_dir::{self, DataDir},
    files::{Files, Folder, sweep_for_ever},
    foundation,
    hub::Hub,
    limits,
    log::LocalLog,
    metrics::{self, Metrics},
    nearby::Announcement,
    net::{self, Settings, Shared},
    reload::{self, Reloader, Served, Stamp},
    signal::Signal,
    start_error::StartError,
    store::{Readers, StoreError},
    verification,
};

/// A running server. Dropping it aborts it; [`Server::shutdown`] stops it well.
#[derive(Debug)]
pub struct Server {
    endpoint: Endpoint,
    local_addr: SocketAddr,
    link: Arc<Mutex<ServerLink>>,
    owner_link: Option<ServerLink>,
    warning: Option<String>,
    stop: Signal,
    accepting: JoinHandle<()>,
    committing: JoinHandle<()>,
    housekeeping: Vec<JoinHandle<()>>,
    announcing: Option<JoinHandle<()>>,
    reloads: mpsc::Sender<reload::Order>,
    data: Arc<DataDir>,
}

impl Server {
    /// Starts on a UDP socket of its own. Connections are accepted when this returns, and the
    /// owner's link is on the disk.
    pub async fn bind(config: ServerConfig, env: Arc<dyn Env>) -> Result<Self, StartError> {
        let listen = config.listen;
        let (nearby, registration) = (config.nearby.clone(), config.registration);
        let mut warning = None;
        let mut server = Self::with_endpoint(config, env, |endpoint, server| {
            let (socket, small) = net::bind_socket(listen)?;
            warning = small;
            let runtime = Arc::new(quinn::TokioRuntime);
            let socket = EagerSocket::of_server(runtime.wrap_udp_socket(socket)?);
            let socket = SharedSocket::new(socket);
            Endpoint::new_with_abstract_socket(endpoint, Some(server), socket, runtime)
        })
        .await?;
        server.warning = warning;
        let key = server.link().trust.to_string();
        let announcement = Announcement::new(&nearby, server.local_addr, key, registration);
        server.announcing =
            announcement.map(|announcement| tokio::spawn(announcement.run(server.stop.clone())));
        Ok(server)
    }

    /// Starts on the endpoint that `make` makes of quinn's settings (a simulated network).
    pub async fn with_endpoint(
        config: ServerConfig,
        env: Arc<dyn Env>,
        make: impl FnOnce(quinn::EndpointConfig, quinn::ServerConfig) -> io::Result<Endpoint>,
    ) -> Result<Self, StartError> {
        certificate::check(&config)?;
        let data = Arc::new(foundation::take(&config.data)?);
        let failed = |source| StartError::Data { path: config.data.clone(), source };
        let stamp = Stamp::of(&config);
        let identity = foundation::identity(&config, &data)?;
        // The port may be another one; whatever else is wrong with it is told before more is made.
        certificate::link(&config, &identity, config.listen)?;
        let keys = data.endpoint_keys(&*env).map_err(failed)?;
        let mut writer = foundation::open(&data, &*env)?;
        let server_config = net::server_config(&identity, &keys).map_err(StartError::Tls)?;
        let endpoint = make(net::endpoint_config(&keys), server_config).map_err(|source| {
            let listen = config.listen;
            match source.kind() {
                io::ErrorKind::AddrInUse => StartError::PortInUse(listen),
                _ => StartError::Listen { listen, source },
            }
        })?;
        let local_addr = endpoint.local_addr().map_err(failed)?;
        let page = metrics_page(&config).await?;
        let link = certificate::link(&config, &identity, local_addr)?;
        data.write_link(&link).map_err(failed)?;
        let owner_link = foundation::owner_link(&mut writer, &data, &*env, &link)?;

        let sqlite = |source| StoreError::Sqlite { path: data.database(), source };
        let epoch = writer.epoch().map_err(sqlite)?;
        let hub = Hub::new(writer.room_heads().map_err(sqlite)?);
        let metrics = Arc::new(Metrics::new());
        let marks = writer.marks().clone();
        let (log, committing) = LocalLog::start(
            writer,
            epoch,
            Arc::clone(&data),
            Arc::clone(&env),
            Arc::clone(&metrics),
            Arc::clone(&hub),
        );
        let readers = Readers::new(data.database(), Arc::clone(&env));
        let folder = Folder::new(data_dir::files_of(data.path()));
        let files = Files::new(folder, Arc::clone(&env), readers);
        let sweeping = files.clone();
        let stop = Signal::default();
        let shared = Shared::new(
            env,
            Box::new(log),
            files,
            Arc::clone(&hub),
            metrics,
            Settings {
                registration: config.registration,
                rates: config.rates,
                files: config.files,
            },
            stop.clone(),
        );
        let mut housekeeping = Vec::new();
        housekeeping.push(tokio::spawn(async move { match sweep_for_ever(sweeping).await {} }));
        if let Some(page) = page {
            let (shared, data) = (Arc::clone(&shared), Arc::clone(&data));
            housekeeping.push(tokio::spawn(metrics::serve(page, shared, data)));
        }
        let verified = verification::run(Arc::clone(&shared), data.database(), marks.clone());
        housekeeping.push(tokio::spawn(verified));
        if owner_link.is_some() {
            let used = data.owner_invite();
            housekeeping.push(tokio::spawn(async move {
                hub.owner_registered().await;
                let _ = std::fs::remove_file(used);
            }));
        }
        let link = Arc::new(Mutex::new(link));
        let (reloads, orders) = mpsc::channel(1);
        let reloader = Reloader {
            config,
            endpoint: endpoint.clone(),
            keys,
            listening: local_addr,
            shared: Arc::clone(&shared),
            data: Arc::clone(&data),
            link: Arc::clone(&link),
            served: Served::new(&identity),
            stamp,
        };
        housekeeping.push(tokio::spawn(reloader.run(orders)));
        let admin = admin::Admin {
            shared: Arc::clone(&shared),
            link: Arc::clone(&link),
            started: Instant::now(),
            marks,
        };
        match admin::listen(data.path()) {
            Ok(socket) => housekeeping.push(tokio::spawn(admin.serve(socket, stop.clone()))),
            // The server serves all the same; only commands beside it do not reach it.
            Err(error) => warn!(%error, "no admin socket"),
        }
        let accepting = tokio::spawn(net::accept_loop(shared, endpoint.clone()));
        Ok(Self {
            endpoint,
            local_addr,
            link,
            owner_link,
            warning: None,
            stop,
            accepting,
            committing,
            housekeeping,
            announcing: None,
            reloads,
            data,
        })
    }

    /// Where it really listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The server's link, without an invite.
    pub fn link(&self) -> ServerLink {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with another configuration: certificate, advertised addresses, registration and
    /// rates change at once, the rest is named in the log. Connections live on.
    pub async fn reload(&self, config: ServerConfig) {
        let (done, reloaded) = oneshot::channel();
        if self.reloads.send((config, done)).await.is_ok() {
            // Told either way: by the log.
            let _ = reloaded.await;
        }
    }

    /// The link that makes its first user the owner, while there is none.
    pub fn owner_link(&self) -> Option<&ServerLink> {
        self.owner_link.as_ref()
    }

    /// What the operator should know: the system's buffers are small.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Returns if the database's writer ended by itself, which it never should: nothing can be
    /// committed any more, and whoever supervises the process had better start it anew.
    pub async fn failed(&mut self) {
        let _ = (&mut self.committing).await;
    }

    /// Tells clients to come back, finishes what was taken, closes connections and database.
    /// Takes less than five seconds. The port is free a moment later.
    pub async fn shutdown(mut self) {
        self.endpoint.set_server_config(None);
        let goodbye_by = Instant::now() + limits::NEARBY_GOODBYE;
        self.stop.raise();
        for task in &self.housekeeping {
            task.abort();
        }
        for task in self.housekeeping.drain(..) {
            let _ = task.await;
        }
        let step = limits::STOP_TIME / 4;
        if timeout(step, &mut self.accepting).await.is_err() {
            self.close();
            if timeout(step, &mut self.accepting).await.is_err() {
                self.accepting.abort();
            }
        }
        self.close();
        let _ = timeout(step, self.endpoint.wait_idle()).await;
        if let Some(announcing) = &mut self.announcing {
            // It was told to stop with the connections.
            let _ = timeout_at(goodbye_by, announcing).await;
        }
        // The log's handles went with the connections.
        let _ = timeout(limits::STOP_TIME / 2, &mut self.committing).await;
        admin::remove(self.data.path());
    }

    fn close(&self) {
        self.endpoint.close(VarInt::from_u32(CloseCode::GO_AWAY.0), b"the server stops");
    }
}

async fn metrics_page(config: &ServerConfig) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = config.metrics else { return Ok(None) };
    let failed = |source| StartError::Metrics { address, source };
    let page = metrics::bind(address).await.map_err(failed)?;
    let address = page.local_addr().map_err(failed)?;
    info!("metrics on http://{address}/metrics");
    Ok(Some(page))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
        self.accepting.abort();
        for task in self.housekeeping.iter().chain(&self.announcing) {
            task.abort();
        }
    }
}
