//! The baseline's server.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use tertulia_certs::{KeyFingerprint, ServerIdentity, peer_fingerprint};
use tertulia_proto::Frame;
use tertulia_server::{Bare, Rates, SystemEnv};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{ALPN, Congestion, Files, NotHere, PIECE, WAITING, frames};

/// It ends with this value.
pub struct Server {
    bare: Arc<Bare>,
    files: Files,
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
        let files = Files::default();
        Ok(Self { bare, files, tls, key, at, listening: JoinSet::new() })
    }

    /// What clients know it by.
    pub fn key(&self) -> KeyFingerprint {
        self.key
    }

    /// What came of files.
    pub fn files(&self) -> Files {
        self.files.clone()
    }

    /// Lets clients in on another port, whose connections are controlled like that.
    pub async fn listen(&mut self, congestion: Congestion) -> Result<SocketAddr> {
        let listener = TcpListener::bind((self.at, 0)).await?;
        congestion.set(&listener)?;
        let address = listener.local_addr()?;
        let (bare, tls) = (Arc::clone(&self.bare), self.tls.clone());
        let files = self.files.clone();
        self.listening.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while serving.try_join_next().is_some() {}
                let (bare, tls, files) = (Arc::clone(&bare), tls.clone(), files.clone());
                serving.spawn(async move {
                    // A client that goes wrong is none: its own end says so.
                    let _ = serve(&bare, &files, tls, stream).await;
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

async fn serve(bare: &Bare, files: &Files, tls: TlsAcceptor, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().context("no certificate")?;
    let device = *peer_fingerprint(chain)?.as_bytes();
    let (reader, writer) = tokio::io::split(stream);
    let (came_tx, mut came) = mpsc::channel::<Frame>(WAITING);
    let (said_tx, said) = mpsc::channel(WAITING);
    let (_, no_pieces) = mpsc::channel(1);
    let (answers_tx, answers) = mpsc::channel(WAITING);
    let sorting = async {
        while let Some(frame) = came.recv().await {
            match frame.kind {
                PIECE => files.add(device),
                _ if said_tx.send(frame).await.is_err() => break,
                _ => {}
            }
        }
        drop(said_tx);
        Ok(())
    };
    let conversing = async {
        bare.converse(device, said, answers_tx).await;
        Ok(())
    };
    let reading = frames::read(reader, came_tx);
    tokio::try_join!(reading, sorting, frames::write(writer, answers, no_pieces), conversing)?;
    Ok(())
}
