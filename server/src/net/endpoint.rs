//! The door: admission of new connections.

use std::sync::Arc;

use quinn::{Endpoint, Incoming};
use tokio::{task::JoinSet, time::Instant};
use tracing::debug;

use super::{
    Shared,
    admission::{Admission, Verdict, range},
    connection::{self, Antechamber},
    crowd::Crowd,
    queue::Queue,
};
use crate::{limits, metrics::Handshake};

/// Accepts connections until the server stops, then waits for the last one to end.
pub(crate) async fn accept_loop(shared: Arc<Shared>, endpoint: Endpoint) {
    let handshakes = Crowd::new(limits::HANDSHAKES);
    let unwelcome = Crowd::new(limits::UNWELCOME_CONNECTIONS);
    let mut admission = Admission::default();
    let mut connections = JoinSet::new();
    let stopping = shared.stopping.clone();
    let mut queue = Queue::new(limits::QUEUE);
    loop {
        let incoming = tokio::select! {
            biased;
            () = stopping.raised() => break,
            () = handshakes.somebody_left(), if !queue.is_empty() => None,
            () = unwelcome.somebody_left(), if !queue.is_empty() => None,
            incoming = endpoint.accept() => match incoming {
                Some(incoming) => Some(incoming),
                None => break,
            },
        };
        while connections.try_join_next().is_some() {}
        let now = Instant::now();
        if let Some(incoming) = incoming {
            let range = range(incoming.remote_address().ip());
            let validated = incoming.remote_address_validated();
            match admission.judge(range, validated, handshakes.len(), now) {
                Verdict::Retry => {
                    shared.metrics.handshake(Handshake::Retry);
                    // An error means that it is validated or gone: neither needs an answer.
                    let _ = incoming.retry();
                }
                Verdict::Accept => {
                    if let Err(incoming) = queue.push(incoming, range, now) {
                        ignore(&shared, incoming);
                    }
                }
            }
        }
        while let Some(incoming) = queue.expire(now) {
            ignore(&shared, incoming);
        }
        // Both or none: to give one back would ring for nothing, without end.
        let enter = |range| match handshakes.has_place(range) && unwelcome.has_place(range) {
            true => handshakes.enter(range).zip(unwelcome.enter(range)),
            false => None,
        };
        // Looked at before the queue is: it may be long, and to look through it for each packet, while
        // nobody can be let in, would cost more than the handshakes.
        while !handshakes.is_full() && !unwelcome.is_full() {
            let Some((incoming, (handshake, unwelcome))) = queue.admit(enter) else { break };
            let antechamber = Antechamber { handshake, unwelcome };
            // An error means that it was malformed, and is answered.
            if let Ok(connecting) = incoming.accept() {
                connections.spawn(connection::serve(Arc::clone(&shared), connecting, antechamber));
            }
        }
    }
    drop(shared);
    while connections.join_next().await.is_some() {}
}

/// Full: silence costs less than an answer, and the client tries again by itself.
fn ignore(shared: &Shared, incoming: Incoming) {
    shared.metrics.handshake(Handshake::Ignored);
    debug!(address = %incoming.remote_address().ip(), "too many handshakes");
    incoming.ignore();
}
