//! A congestion window that leaves room for a chat.

use std::{any::Any, sync::Arc, time::Instant};

use quinn::congestion::{BbrConfig, Controller, ControllerFactory, CubicConfig};
use quinn_proto::RttEstimator;

use crate::gentle::GentleConfig;

/// The initial window of RFC 6928, ten full packets: what any new connection may send at once.
const FLOOR: u64 = 16 << 10;

/// What the window goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Congestion {
    /// Delay: a file leaves the queue before a slow link to the chat beside it.
    #[default]
    Gentle,
    /// Loss (RFC 9438); to measure what the other is worth.
    Cubic,
    /// Bandwidth, as quinn has it; likewise.
    Bbr,
}

/// Makes controllers whose window never falls below ten packets.
///
/// Loss that is no congestion takes CUBIC down to two packets, and a queue that others keep full
/// takes one down that goes by delay. quinn sends only while a whole packet more would fit, so one
/// small message in flight would block all others then.
#[derive(Debug, Clone, Copy, Default)]
pub struct WindowFloor(pub Congestion);

impl ControllerFactory for WindowFloor {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Floored(match self.0 {
            Congestion::Gentle => Arc::new(GentleConfig).build(now, current_mtu),
            Congestion::Cubic => Arc::new(CubicConfig::default()).build(now, current_mtu),
            Congestion::Bbr => Arc::new(BbrConfig::default()).build(now, current_mtu),
        }))
    }
}

struct Floored(Box<dyn Controller>);

impl Controller for Floored {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.0.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        self.0.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.0.on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.0.on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.0.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.0.window().max(FLOOR)
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self(self.0.clone_box()))
    }

    fn initial_window(&self) -> u64 {
        self.0.initial_window().max(FLOOR)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self.0.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn however_much_is_lost_the_window_holds_ten_packets() {
        let now = Instant::now();
        let mut bare = Arc::new(CubicConfig::default()).build(now, 1200);
        bare.on_congestion_event(now, now, true, 1200);
        assert!(bare.window() <= 2 * 1200);
        for congestion in [Congestion::Gentle, Congestion::Cubic, Congestion::Bbr] {
            let mut floored = Arc::new(WindowFloor(congestion)).build(now, 1200);
            floored.on_congestion_event(now, now, true, 1200);
            assert!(floored.window() >= FLOOR, "{congestion:?}");
            assert!(floored.clone_box().window() >= FLOOR, "{congestion:?}");
        }
    }
}
