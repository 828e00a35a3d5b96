//! What a run did, as one number: two runs of a seed that differ in anything have two digests.
//!
//! In it: the virtual time, link, direction, ordinal, size and fate of every packet, and what
//! happens to people, machines and messages. Not in it: the packets' bytes. TLS draws its keys and
//! quinn its connection ids from the system, and neither takes a seed from outside; but their sizes
//! are constant (all certificates here are Ed25519, whose signatures have one length), so nothing
//! that follows depends on them.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};

use crate::link::{Cause, Fate};

use super::clock::Clock;

/// Set, every line of a run is written to stderr.
pub const SHOW: &str = "SIM_TRACE";

/// The record of one run.
#[derive(Debug)]
pub struct Trace {
    clock: Clock,
    shows: bool,
    digest: Mutex<Sha256>,
}

impl Trace {
    /// An empty record.
    pub fn new(clock: Clock) -> Self {
        let shows = std::env::var_os(SHOW).is_some();
        Self { clock, shows, digest: Mutex::default() }
    }

    /// Something happened to a person, a machine or a message.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let at = self.clock.now().as_millis();
        let line = format!("{at} {what}\n");
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(&line);
        if self.shows {
            eprint!("{line}");
        }
    }

    /// The fate of the `ordinal`th packet of a direction of a link.
    pub fn packet(&self, link: usize, way: &str, ordinal: u64, bytes: usize, fate: Fate) {
        let since = |at: Duration| at.as_micros() as u64;
        let (kind, first, second) = match fate {
            Fate::Arrives(at) => (0, since(at), 0),
            Fate::Twice(at, again) => (1, since(at), since(again)),
            Fate::Dropped(Cause::Full) => (2, 0, 0),
            Fate::Dropped(Cause::Down) => (3, 0, 0),
            Fate::Dropped(Cause::Lost) => (4, 0, 0),
        };
        let now = since(self.clock.now());
        let mut digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        digest.update(way);
        for number in [now, link as u64, ordinal, bytes as u64, kind, first, second] {
            digest.update(number.to_le_bytes());
        }
        if self.shows {
            eprintln!("{} {way} {link}:{ordinal} {bytes} bytes {fate:?}", now / 1_000);
        }
    }

    /// The record as a number.
    pub fn digest(&self) -> u64 {
        let digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut first = [0; 8];
        first.copy_from_slice(&digest.finalize()[..8]);
        u64::from_be_bytes(first)
    }
}
