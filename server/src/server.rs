//! The server as a whole: begun, serving, stopped.

use std::{
    io,
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use quinn::{Endpoint, VarInt};
use sha2::{Digest, Sha256};
use tertulia_certs::{
    HostPort, IdentityError, InviteToken, ServerIdentity, ServerLink, Trust, read_passphrase,
};
use tertulia_proto::{
    CreateRoom, Env, Epoch, Registration, Role, RoomKind, RoomName, Timestamp, Topic,
    close::CloseCode,
};
use thiserror::Error;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tracing::warn;

use crate::{
    addresses, admin,
    data_dir::{DataDir, TakeError},
    hub::Hub,
    limits,
    log::LocalLog,
    net::{self, Shared},
    state::{Actor, LogCommand, StoreInvite},
    store::{Readers, StoreError, Writer},
};

/// How a server is set up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// The data directory; made if need be. It may hold foreign files.
    pub data: PathBuf,
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// The operator's certificate; otherwise one is made at the first start.
    pub certificate: Option<CertificateFiles>,
    /// The address that links carry; otherwise it is found out.
    pub advertise: Option<HostPort>,
    /// Who may register.
    pub registration: Registration,
}

/// PEM files that the operator names.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The certificate, or a chain that begins with it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// A file that holds the key's passphrase.
    pub passphrase: Option<PathBuf>,
}

impl ServerConfig {
    /// On `[::]:7575`, with a self-made certificate, by invite.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 7575)),
            certificate: None,
            advertise: None,
            registration: Registration::Invite,
        }
    }
}

/// The server did not start. Each text says what, why, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process holds the data directory.
    #[error("{0} is in use by another tertulia-server: stop it, or give another --data")]
    DataInUse(PathBuf),
    /// The data directory can't be used.
    #[error("{path} can't be used: {source}")]
    Data {
        /// The directory, or a file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The UDP port is taken.
    #[error("udp {0} is in use: stop what listens there, or give another --listen ADDR:PORT")]
    PortInUse(SocketAddr),
    /// The UDP address can't be listened on.
    #[error("can't listen on udp {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate or its key can't be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// TLS or QUIC refused the settings.
    #[error("TLS can't be set up: {0}")]
    Tls(anyhow::Error),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running server. Dropping it aborts it; [`Server::shutdown`] stops it well.
#[derive(Debug)]
pub struct Server {
    endpoint: Endpoint,
    local_addr: SocketAddr,
    link: ServerLink,
    owner_link: Option<ServerLink>,
    warning: Option<String>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    committing: JoinHandle<()>,
    housekeeping: Vec<JoinHandle<()>>,
    data: Arc<DataDir>,
}

impl Server {
    /// Starts on a UDP socket of its own. Connections are accepted when this returns, and the
    /// owner's link is on the disk.
    pub async fn bind(config: ServerConfig, env: Arc<dyn Env>) -> Result<Self, StartError> {
        let listen = config.listen;
        let mut warning = None;
        let mut server = Self::with_endpoint(config, env, |endpoint, server| {
            let (socket, small) = net::bind_socket(listen)?;
            warning = small;
            Endpoint::new(
                endpoint,
                Some(server),
                socket,
                Arc::new(quinn::TokioRuntime),
            )
        })
        .await?;
        server.warning = warning;
        Ok(server)
    }

    /// Starts on the endpoint that `make` makes of quinn's settings (a simulated network).
    pub async fn with_endpoint(
        config: ServerConfig,
        env: Arc<dyn Env>,
        make: impl FnOnce(quinn::EndpointConfig, quinn::ServerConfig) -> io::Result<Endpoint>,
    ) -> Result<Self, StartError> {
        let data = Arc::new(take(&config.data)?);
        let failed = |source| StartError::Data {
            path: config.data.clone(),
            source,
        };
        let identity = identity(&config, &data)?;
        let keys = data.endpoint_keys(&*env).map_err(failed)?;
        let mut writer = open(&data, &*env)?;
        let server_config = net::server_config(&identity, &keys).map_err(StartError::Tls)?;
        let endpoint = make(net::endpoint_config(&keys), server_config).map_err(|source| {
            let listen = config.listen;
            match source.kind() {
                io::ErrorKind::AddrInUse => StartError::PortInUse(listen),
                _ => StartError::Listen { listen, source },
            }
        })?;
        let local_addr = endpoint.local_addr().map_err(failed)?;
        let addresses = addresses::of_link(config.advertise.as_ref(), local_addr);
        data.write_addresses(&addresses).map_err(failed)?;
        let trust = Trust::Pinned(identity.fingerprint());
        let link = ServerLink {
            addresses,
            trust,
            invite: None,
        };
        let owner_link = owner_link(&mut writer, &data, &*env, &link)?;

        let sqlite = |source| StoreError::Sqlite {
            path: data.database(),
            source,
        };
        let epoch = writer.epoch().map_err(sqlite)?;
        let hub = Hub::new(writer.room_heads().map_err(sqlite)?);
        let (log, committing) = LocalLog::start(
            writer,
            epoch,
            data.database(),
            Arc::clone(&env),
            Arc::clone(&hub),
        );
        let readers = Readers::new(data.database(), Arc::clone(&env));
        let (stop, stopping) = watch::channel(false);
        let shared = Shared::new(
            env,
            Box::new(log),
            readers,
            Arc::clone(&hub),
            config.registration,
            stopping.clone(),
        );
        let mut housekeeping = Vec::new();
        if owner_link.is_some() {
            let used = data.owner_invite();
            housekeeping.push(tokio::spawn(async move {
                hub.owner_registered().await;
                let _ = std::fs::remove_file(used);
            }));
        }
        let admin = admin::Admin {
            shared: Arc::clone(&shared),
            link: link.clone(),
        };
        match admin::listen(data.path()) {
            Ok(socket) => housekeeping.push(tokio::spawn(admin.serve(socket, stopping))),
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
            data,
        })
    }

    /// Where it really listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The server's link, without an invite.
    pub fn link(&self) -> &ServerLink {
        &self.link
    }

    /// The link that makes its first user the owner, while there is none.
    pub fn owner_link(&self) -> Option<&ServerLink> {
        self.owner_link.as_ref()
    }

    /// What the operator should know: the system's buffers are small.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Tells clients to come back, finishes what was taken, closes connections and database.
    /// Takes less than twice [`limits::STOP_TIME`].
    pub async fn shutdown(mut self) {
        self.endpoint.set_server_config(None);
        // Receivers live in the connections; there may be none.
        let _ = self.stop.send(true);
        for task in &self.housekeeping {
            task.abort();
        }
        for task in self.housekeeping.drain(..) {
            let _ = task.await;
        }
        if timeout(limits::STOP_TIME / 2, &mut self.accepting)
            .await
            .is_err()
        {
            let code = VarInt::from_u32(CloseCode::GO_AWAY.0);
            self.endpoint.close(code, b"the server stops");
            if timeout(limits::STOP_TIME / 2, &mut self.accepting)
                .await
                .is_err()
            {
                self.accepting.abort();
            }
        }
        let code = VarInt::from_u32(CloseCode::GO_AWAY.0);
        self.endpoint.close(code, b"the server stops");
        let _ = timeout(limits::STOP_TIME / 2, self.endpoint.wait_idle()).await;
        // The log's handles went with the connections.
        let _ = timeout(limits::STOP_TIME, &mut self.committing).await;
        admin::remove(self.data.path());
    }
}

/// Makes an invite while no server runs on this directory.
pub(crate) fn invite_offline(
    path: &std::path::Path,
    env: &dyn Env,
    invite: &StoreInvite,
) -> Result<ServerLink, StartError> {
    let data = take(path)?;
    let identity = ServerIdentity::load_or_create(data.path())?;
    let mut writer = open(&data, env)?;
    store_invite(&mut writer, &data, env, invite)?;
    let mut addresses = data.addresses();
    if addresses.is_empty() {
        addresses = addresses::of_link(None, ServerConfig::new(path).listen);
    }
    let closed = writer.close();
    closed.map_err(|source| StoreError::Sqlite {
        path: data.database(),
        source,
    })?;
    Ok(ServerLink {
        addresses,
        trust: Trust::Pinned(identity.fingerprint()),
        invite: None,
    })
}

fn take(path: &std::path::Path) -> Result<DataDir, StartError> {
    DataDir::take(path).map_err(|error| match error {
        TakeError::InUse => StartError::DataInUse(path.to_owned()),
        TakeError::Io(source) => StartError::Data {
            path: path.to_owned(),
            source,
        },
    })
}

fn identity(config: &ServerConfig, data: &DataDir) -> Result<ServerIdentity, StartError> {
    let Some(files) = &config.certificate else {
        return Ok(ServerIdentity::load_or_create(data.path())?);
    };
    let passphrase = files
        .passphrase
        .as_deref()
        .map(read_passphrase)
        .transpose()?;
    Ok(ServerIdentity::load(
        &files.certificate,
        &files.key,
        passphrase.as_deref(),
    )?)
}

/// Opens the database; a new one begins with the lobby.
fn open(data: &DataDir, env: &dyn Env) -> Result<Writer, StartError> {
    let mut epoch = [0; 16];
    env.fill_random(&mut epoch);
    let mut writer = Writer::open(&data.database(), Epoch(epoch))?;
    if writer.head().0 == 0 {
        let sqlite = |source| StoreError::Sqlite {
            path: data.database(),
            source,
        };
        let name = RoomName::new("lobby").map_err(|_| sqlite(rusqlite::Error::InvalidQuery))?;
        let lobby = CreateRoom {
            name,
            kind: RoomKind::Public,
            topic: Topic::default(),
        };
        let batch = [(Actor::SERVER, LogCommand::CreateRoom(lobby))];
        writer.commit(env.wall_clock(), &batch).map_err(sqlite)?;
    }
    Ok(writer)
}

/// While nobody owns the server, each start makes a fresh owner's link and writes it down.
fn owner_link(
    writer: &mut Writer,
    data: &DataDir,
    env: &dyn Env,
    link: &ServerLink,
) -> Result<Option<ServerLink>, StartError> {
    let sqlite = |source| StoreError::Sqlite {
        path: data.database(),
        source,
    };
    let path = data.owner_invite();
    if writer.has_owner().map_err(sqlite)? {
        let _ = std::fs::remove_file(path);
        return Ok(None);
    }
    let mut token = [0; 16];
    env.fill_random(&mut token);
    let token_hash = Sha256::digest(token).into();
    let invite = StoreInvite {
        token_hash,
        role: Role::Owner,
        uses: 1,
        expires: None,
    };
    store_invite(writer, data, env, &invite)?;
    let link = ServerLink {
        invite: Some(InviteToken::from_bytes(token)),
        ..link.clone()
    };
    tertulia_certs::files::write_private(&path, format!("{link}\n").as_bytes())
        .map_err(|source| StartError::Data { path, source })?;
    Ok(Some(link))
}

fn store_invite(
    writer: &mut Writer,
    data: &DataDir,
    env: &dyn Env,
    invite: &StoreInvite,
) -> Result<(), StartError> {
    let batch = [(Actor::SERVER, LogCommand::StoreInvite(invite.clone()))];
    let now: Timestamp = env.wall_clock();
    let committed = writer.commit(now, &batch);
    committed.map_err(|source| StoreError::Sqlite {
        path: data.database(),
        source,
    })?;
    Ok(())
}
