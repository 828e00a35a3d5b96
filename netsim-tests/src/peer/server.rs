//! The baseline's server.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use tertulia_certs::{KeyFingerprint, ServerIdentity, peer_fingerprint};
use tertulia_server::{Bare, Rates, SystemEnv};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{ALPN, Congestion, NotHere, WAITING, frames};

/// It ends with this value.
pub struct Server {
    bare: Arc<Bare>,
    tls: TlsAcceptor,
    key: KeyFingerprint,
    at: Ipv4Addr,
    listening: JoinSet<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Server {
    /// Takes the directory. Nobody is let in before [`Server::listen`].
    pub fn start(at: Ipv4Addr, data: &Path, rates: Rates) -> Result<Self> {
        let bare = Arc::new(Bare::start(data, rates, Arc::new(SystemEnv))?);
        let identity = ServerIdentity::load_or_create(data)?;
        let tls = TlsAcceptor::from(Arc::new(tertulia_certs::server_config(&identity, ALPN)?));
        let key = identity.fingerprint();
        Ok(Self { bare, tls, key, at, listening: JoinSet::new() })
    }

    /// What clients know it by.
    pub fn key(&self) -> KeyFingerprint {
        self.key
    }

    /// Lets clients in on another port, whose connections are controlled like that.
    pub async fn listen(&mut self, congestion: Congestion) -> Result<SocketAddr> {
        let listener = TcpListener::bind((self.at, 0)).await?;
        congestion.set(&listener)?;
        let address = listener.local_addr()?;
        let (bare, tls) = (Arc::clone(&self.bare), self.tls.clone());
        self.listening.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while serving.try_join_next().is_some() {}
                let (bare, tls) = (Arc::clone(&bare), tls.clone());
                serving.spawn(async move {
                    // A client that goes wrong is none: its own end says so.
                    let _ = serve(&bare, tls, stream).await;
                });
            }
        });
        Ok(address)
    }

    /// Whether the kernel has it; it is said why not.
    pub async fn can(at: Ipv4Addr, congestion: Congestion) -> Result<Result<(), NotHere>> {
        Ok(congestion.set(&TcpListener::bind((at, 0)).await?))
    }
}

async fn serve(bare: &Bare, tls: TlsAcceptor, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().context("no certificate")?;
    let device = *peer_fingerprint(chain)?.as_bytes();
    let (reader, writer) = tokio::io::split(stream);
    let (said_tx, said) = mpsc::channel(WAITING);
    let (answers_tx, answers) = mpsc::channel(WAITING);
    let conversing = async {
        bare.converse(device, said, answers_tx).await;
        Ok(())
    };
    tokio::try_join!(frames::read(reader, said_tx), frames::write(writer, answers), conversing)?;
    Ok(())
}
