//! The signals that ask the process to end.

use std::{
    future::{self, Future},
    process,
};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::{self, Duration},
};

use crate::failure::Failure;

/// How long an orderly end may take.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// Listens from now on. What is returned ends with the number of the signal, so that the process
/// ends in order and others see one leave at once. Where that takes too long, or a second signal
/// comes, the process ends as it is: whoever waits may be kept by a pipe that nobody reads.
pub(crate) fn asked() -> Result<impl Future<Output = u8>, Failure> {
    let mut signals = Signals::listen()
        .map_err(|error| Failure::failed(format!("no signals can be had: {error}")))?;
    let (first_tx, first) = oneshot::channel();
    tokio::spawn(async move {
        let number = signals.next().await;
        // The main task may be about to end by itself.
        let _ = first_tx.send(number);
        tokio::select! {
            biased;
            _ = signals.next() => {}
            () = time::sleep(GRACE) => {}
        }
        process::exit(128 + i32::from(number));
    });
    Ok(async move {
        match first.await {
            Ok(number) => number,
            // The runtime ends.
            Err(_) => future::pending().await,
        }
    })
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The number of the next one.
    async fn next(&mut self) -> u8 {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            _ = self.hangup.recv() => 1,
        }
    }
}
