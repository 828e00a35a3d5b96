//! What a proxy is to do, and the switch that it heeds meanwhile.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::time::Duration;

use super::super::Profile;

/// What a proxy is to do.
#[derive(Debug, Clone, Copy)]
pub struct ProxyConfig {
    /// Where clients come to; port 0 is any free one.
    pub listen: SocketAddr,
    /// The server.
    pub to: SocketAddr,
    /// What the link does. Each client has one of its own.
    pub profile: Profile,
    /// Chance of the links: the same seed, the same chance.
    pub seed: u64,
    /// Every client has a new address at the server each time so long has passed, as behind a
    /// router that forgets.
    pub rebind_every: Option<Duration>,
}

/// Cuts the links of a proxy at work, all of them.
#[derive(Debug, Clone, Default)]
pub struct Switch(Arc<AtomicBool>);

impl Switch {
    /// From now on nothing gets through (`true`), or what should.
    pub fn set_cut(&self, is_cut: bool) {
        self.0.store(is_cut, Ordering::Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
