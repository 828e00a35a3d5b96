//! The door: admission of new connections.

use std::sync::Arc;

use quinn::Endpoint;
use tokio::{task::JoinSet, time::Instant};
use tracing::debug;

use super::{
    Shared,
    admission::{Admission, Verdict, range},
    connection::{self, Antechamber},
    crowd::Crowd,
};
use crate::{limits, metrics::Handshake};

/// Accepts connections until the server stops, then waits for the last one to end.
pub(crate) async fn accept_loop(shared: Arc<Shared>, endpoint: Endpoint) {
    let handshakes = Crowd::new(limits::HANDSHAKES);
    let unwelcome = Crowd::new(limits::UNWELCOME_CONNECTIONS);
    let mut admission = Admission::default();
    let mut connections = JoinSet::new();
    let stopping = shared.stopping.clone();
    loop {
        let incoming = tokio::select! {
            biased;
            () = stopping.raised() => break,
            incoming = endpoint.accept() => incoming,
        };
        let Some(incoming) = incoming else { break };
        while connections.try_join_next().is_some() {}
        let address = incoming.remote_address().ip();
        let validated = incoming.remote_address_validated();
        let verdict = admission.judge(address, validated, handshakes.len(), Instant::now());
        if verdict == Verdict::Retry {
            shared.metrics.handshake(Handshake::Retry);
            // An error means that it is validated or gone: neither needs an answer.
            let _ = incoming.retry();
            continue;
        }
        let places = handshakes.enter(range(address)).zip(unwelcome.enter(range(address)));
        let Some((handshake, unwelcome)) = places else {
            // Full: silence costs less than an answer, and the client tries again by itself.
            shared.metrics.handshake(Handshake::Ignored);
            debug!(%address, "too many handshakes");
            incoming.ignore();
            continue;
        };
        let antechamber = Antechamber { handshake, unwelcome };
        connections.spawn(connection::serve(Arc::clone(&shared), incoming, antechamber));
    }
    drop(shared);
    while connections.join_next().await.is_some() {}
}
