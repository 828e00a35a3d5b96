//! The door: admission of new connections.

use std::sync::Arc;

use quinn::Endpoint;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use tracing::debug;

use super::{
    Shared,
    admission::{Admission, Verdict},
    connection::{self, Antechamber},
};
use crate::limits;

/// Accepts connections until the server stops, then waits for the last one to end.
pub(crate) async fn accept_loop(shared: Arc<Shared>, endpoint: Endpoint) {
    let handshakes = Arc::new(Semaphore::new(limits::HANDSHAKES));
    let unwelcome = Arc::new(Semaphore::new(limits::UNWELCOME_CONNECTIONS));
    let mut admission = Admission::default();
    let mut connections = JoinSet::new();
    let mut stopping = shared.stopping.clone();
    loop {
        let stop = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let incoming = tokio::select! {
            biased;
            () = stop => break,
            incoming = endpoint.accept() => incoming,
        };
        let Some(incoming) = incoming else { break };
        while connections.try_join_next().is_some() {}
        let under_way = limits::HANDSHAKES - handshakes.available_permits();
        let (address, validated) = (
            incoming.remote_address().ip(),
            incoming.remote_address_validated(),
        );
        if admission.judge(address, validated, under_way, Instant::now()) == Verdict::Retry {
            // An error means that it is validated or gone: neither needs an answer.
            let _ = incoming.retry();
            continue;
        }
        let permits = (
            Arc::clone(&handshakes).try_acquire_owned(),
            Arc::clone(&unwelcome).try_acquire_owned(),
        );
        let (Ok(handshake), Ok(unwelcome)) = permits else {
            // Full: silence costs less than an answer, and the client tries again by itself.
            debug!(%address, "too many handshakes");
            incoming.ignore();
            continue;
        };
        let antechamber = Antechamber {
            handshake,
            unwelcome,
        };
        connections.spawn(connection::serve(
            Arc::clone(&shared),
            incoming,
            antechamber,
        ));
    }
    drop(shared);
    while connections.join_next().await.is_some() {}
}
