//! What a link does to packets.

use std::time::Duration;

use super::{Loss, Outage, Rate};

/// One direction of a link. The default does nothing to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conditions {
    /// A packet is under way for so long.
    pub delay: Duration,
    /// And for up to so much longer, evenly spread. The order stays as it was.
    pub jitter: Duration,
    /// Which packets are lost.
    pub loss: Loss,
    /// How much fits through.
    pub rate: Option<Rate>,
    /// The share of packets that are overtaken by those behind them.
    pub overtaken: f64,
    /// They come so much later.
    pub overtaken_by: Duration,
    /// The share of packets that arrive twice.
    pub twice: f64,
    /// When nothing gets through at all.
    pub outage: Option<Outage>,
}

/// Both directions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Profile {
    /// From a client to the server.
    pub up: Conditions,
    /// From the server to a client.
    pub down: Conditions,
}

impl Profile {
    /// The same both ways.
    pub fn symmetric(conditions: Conditions) -> Self {
        Self { up: conditions, down: conditions }
    }

    /// The same link, whose outages come so much later.
    #[must_use]
    pub fn shifted(mut self, by: Duration) -> Self {
        for outage in [&mut self.up.outage, &mut self.down.outage].into_iter().flatten() {
            outage.first_at += by;
        }
        self
    }
}
