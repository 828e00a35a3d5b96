//! A congestion window that leaves room for a chat.

use std::{any::Any, sync::Arc, time::Instant};

use quinn::congestion::{Controller, ControllerFactory, CubicConfig};
use quinn_proto::RttEstimator;

/// The initial window of RFC 6928, ten full packets: what any new connection may send at once.
const FLOOR: u64 = 16 << 10;

/// Makes CUBIC controllers (RFC 9438) whose window never falls below ten packets.
///
/// Loss that is no congestion takes CUBIC down to two packets. quinn sends only while a whole
/// packet more would fit, so one small message in flight would block all others then.
#[derive(Debug, Clone, Default)]
pub struct WindowFloor(Arc<CubicConfig>);

impl ControllerFactory for WindowFloor {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(Floored(Arc::clone(&self.0).build(now, current_mtu)))
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
        let mut floored = Arc::new(WindowFloor::default()).build(now, 1200);
        let mut bare = Arc::new(CubicConfig::default()).build(now, 1200);
        for controller in [&mut floored, &mut bare] {
            controller.on_congestion_event(now, now, true, 1200);
        }
        assert!(bare.window() <= 2 * 1200);
        assert_eq!(floored.window(), FLOOR);
        assert_eq!(floored.clone_box().window(), FLOOR);
    }
}
