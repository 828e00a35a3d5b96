//! The running server's end of the operator's socket.

use std::sync::{Arc, Mutex, PoisonError};

use tertulia_certs::ServerLink;
use tokio::{
    io::BufReader,
    net::{UnixListener, UnixStream},
    time::{Instant, sleep, timeout},
};

use super::{
    exchange::{self, Request, Response},
    invite,
    stats::{Live, Soundness},
};
use crate::{limits, net::Shared, signal::Signal, store::Marks};

/// What the server's end works with.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) shared: Arc<Shared>,
    /// What is handed out; a reload may change it.
    pub(crate) link: Arc<Mutex<ServerLink>>,
    pub(crate) started: Instant,
    pub(crate) marks: Marks,
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
                        sleep(std::time::Duration::from_millis(100)).await;
                        continue;
                    };
                    let _ = timeout(limits::HELLO_TIME, self.answer(stream)).await;
                }
            }
        }
    }

    async fn answer(&self, stream: UnixStream) -> std::io::Result<()> {
        let peer = stream.peer_cred()?.uid();
        let own = nix::unistd::geteuid().as_raw();
        let mut stream = BufReader::new(stream);
        let line = exchange::read(&mut stream).await?;
        let response = if peer != own && peer != 0 {
            Response::Error("this is for the server's own user and root".to_owned())
        } else {
            match serde_json::from_slice(&line) {
                Ok(Request::Invite(request)) => {
                    let link = self.link.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    invite::make(&self.shared, &link, request).await
                }
                Ok(Request::Stats) => Response::Stats(self.live()),
                Err(_) => {
                    Response::Error("the running server does not know this command".to_owned())
                }
            }
        };
        exchange::write(&mut stream, &response).await
    }

    fn live(&self) -> Live {
        let (connections, accounts_online) = self.shared.hub.counts();
        let uptime_s = self.started.elapsed().as_secs();
        let soundness = Soundness::from(self.marks.now());
        Live { uptime_s, connections, accounts_online, soundness: Some(soundness) }
    }
}
