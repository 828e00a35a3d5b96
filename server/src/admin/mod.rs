//! The operator beside a running server: a Unix socket in the data directory, one JSON object a
//! line each way, open to the server's own user and root only.

mod socket;

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tertulia_certs::{InviteToken, ServerLink};
use tertulia_proto::{Env, Role};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

pub(crate) use socket::{listen, remove};

use crate::{
    foundation::invite_offline,
    net::Shared,
    signal::Signal,
    start_error::StartError,
    state::{Actor, LogCommand, Outcome, StoreInvite},
};

const LINE_BYTES: u64 = 4 << 10;

/// What an invite gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRequest {
    /// What the invited become.
    pub role: Role,
    /// How often it can be used.
    pub uses: u32,
    /// Seconds until it can't be used any more.
    pub expires_s: u32,
}

/// The operator's command was not done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No server runs, and the data directory can't be used without one.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The running server does not answer.
    #[error("the running server does not answer: {0}")]
    Socket(#[from] std::io::Error),
    /// The running server refused.
    #[error("{0}")]
    Refused(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
enum Request {
    Invite(InviteRequest),
}

/// A link carries a secret: no Debug.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Response {
    Link(String),
    Error(String),
}

/// Makes an invite, through the running server if there is one, else in its data directory.
pub async fn request_invite(
    data: &Path,
    env: Arc<dyn Env>,
    request: InviteRequest,
) -> Result<ServerLink, AdminError> {
    match socket::connect(data).await {
        Ok(stream) => ask(stream, &Request::Invite(request)).await,
        Err(_) => {
            let (token, invite) = make_invite(&*env, request);
            let link = invite_offline(data, &*env, &invite)?;
            Ok(ServerLink { invite: Some(token), ..link })
        }
    }
}

async fn ask(stream: UnixStream, request: &Request) -> Result<ServerLink, AdminError> {
    let mut stream = BufReader::new(stream);
    let mut line = serde_json::to_vec(request).map_err(std::io::Error::from)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    line.clear();
    (&mut stream).take(LINE_BYTES).read_until(b'\n', &mut line).await?;
    match serde_json::from_slice(&line).map_err(std::io::Error::from)? {
        Response::Link(link) => link.parse().map_err(|_| AdminError::Refused("no link".to_owned())),
        Response::Error(error) => Err(AdminError::Refused(error)),
    }
}

/// The server's end.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) shared: Arc<Shared>,
    pub(crate) link: ServerLink,
}

impl Admin {
    /// Answers until the server stops. One operator at a time: these are short jobs.
    pub(crate) async fn serve(self, listener: UnixListener, stopping: Signal) {
        loop {
            tokio::select! {
                biased;
                () = stopping.raised() => return,
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else {
                        // Out of files, most likely: not to be asked again at once.
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                        continue;
                    };
                    let limit = crate::limits::HELLO_TIME;
                    let _ = tokio::time::timeout(limit, self.answer(stream)).await;
                }
            }
        }
    }

    async fn answer(&self, stream: UnixStream) -> std::io::Result<()> {
        let peer = stream.peer_cred()?.uid();
        let own = nix::unistd::geteuid().as_raw();
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        (&mut stream).take(LINE_BYTES).read_until(b'\n', &mut line).await?;
        let response = if peer != own && peer != 0 {
            Response::Error("this is for the server's own user and root".to_owned())
        } else {
            match serde_json::from_slice(&line) {
                Ok(Request::Invite(request)) => self.invite(request).await,
                Err(_) => {
                    Response::Error("the running server does not know this command".to_owned())
                }
            }
        };
        let mut line = serde_json::to_vec(&response)?;
        line.push(b'\n');
        stream.write_all(&line).await
    }

    async fn invite(&self, request: InviteRequest) -> Response {
        let (token, invite) = make_invite(&*self.shared.env, request);
        let stopped = || Response::Error("the server stops".to_owned());
        let appended = self.shared.log.append(Actor::SERVER, LogCommand::StoreInvite(invite)).await;
        let Ok(pending) = appended else {
            return stopped();
        };
        match pending.await {
            Ok(Ok(Outcome::Applied(_) | Outcome::Repeat(_))) => {
                let link = ServerLink { invite: Some(token), ..self.link.clone() };
                Response::Link(link.to_string())
            }
            Ok(Ok(Outcome::Refused { refusal, .. })) => Response::Error(refusal.to_string()),
            Ok(Err(_)) => Response::Error("the server can't store anything: disk full?".to_owned()),
            Err(_) => stopped(),
        }
    }
}

fn make_invite(env: &dyn Env, request: InviteRequest) -> (InviteToken, StoreInvite) {
    let mut token = [0; 16];
    env.fill_random(&mut token);
    let invite = StoreInvite {
        token_hash: Sha256::digest(token).into(),
        role: request.role,
        uses: request.uses,
        expires_ms: Some(u64::from(request.expires_s) * 1_000),
    };
    (InviteToken::from_bytes(token), invite)
}
