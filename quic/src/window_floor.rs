//! A congestion window that leaves room for a chat.

use std::{
    any::Any,
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quinn::{
    Connection,
    congestion::{BbrConfig, Controller, ControllerFactory, CubicConfig},
};
use quinn_proto::RttEstimator;

use crate::gentle::GentleConfig;

/// The initial window of RFC 6928, ten full packets: what any new connection may send at once.
const FLOOR: u64 = 16 << 10;

/// After a silence the smoothed round trip is that of what waited it out, and falls by an eighth with
/// each answer. quinn paces a window over it, and would take seconds for a few packets; so where it
/// is so long, and a packet came back so much sooner, the floor is that many times as high: as fast
/// as the path answers now.
const LONG: Duration = Duration::from_secs(1);
const SOONER: std::ops::RangeInclusive<u64> = 8..=16;

/// Acknowledged packets that are kept, at most: the newest.
const ACKNOWLEDGED: usize = 128;

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
        let inner = match self.0 {
            Congestion::Gentle => Arc::new(GentleConfig).build(now, current_mtu),
            Congestion::Cubic => Arc::new(CubicConfig::default()).build(now, current_mtu),
            Congestion::Bbr => Arc::new(BbrConfig::default()).build(now, current_mtu),
        };
        Box::new(Floored { inner, floor: FLOOR, shared: Arc::default() })
    }
}

/// Lets so many bytes more be in flight on the connection's path; 0: as the controller says.
///
/// What was sent into a silence stays in flight until something is heard, and would keep probes
/// back. Where the path becomes another one the headroom is gone.
pub(crate) fn set_headroom(connection: &Connection, bytes: u64) {
    let controller = connection.congestion_state().into_any();
    if let Ok(floored) = controller.downcast::<Floored>() {
        floored.shared.headroom.store(bytes, Ordering::Relaxed);
    }
}

/// The packets that were acknowledged since this was asked last, by when they were sent and their
/// size: the newest, from the first call on.
pub(crate) fn acknowledged(connection: &Connection) -> Vec<(Instant, u64)> {
    let controller = connection.congestion_state().into_any();
    let Ok(floored) = controller.downcast::<Floored>() else { return Vec::new() };
    floored.shared.is_asked.store(true, Ordering::Relaxed);
    floored.shared.acknowledged().drain(..).collect()
}

/// It is asked no more.
pub(crate) fn forget_acknowledged(connection: &Connection) {
    let controller = connection.congestion_state().into_any();
    if let Ok(floored) = controller.downcast::<Floored>() {
        floored.shared.is_asked.store(false, Ordering::Relaxed);
        *floored.shared.acknowledged() = VecDeque::new();
    }
}

/// The floor where the smoothed round trip is that, and the last packet took so long.
fn floor(smoothed: Duration, last: Duration) -> u64 {
    let sooner = (smoothed.as_millis() / last.as_millis().max(1)) as u64;
    match smoothed >= LONG && sooner >= *SOONER.start() {
        true => FLOOR * sooner.min(*SOONER.end()),
        false => FLOOR,
    }
}

struct Floored {
    inner: Box<dyn Controller>,
    /// In bytes.
    floor: u64,
    /// Shared with clones: that is what quinn hands out.
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    headroom: AtomicU64,
    is_asked: AtomicBool,
    acknowledged: Mutex<VecDeque<(Instant, u64)>>,
}

impl Shared {
    fn acknowledged(&self) -> MutexGuard<'_, VecDeque<(Instant, u64)>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Controller for Floored {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.inner.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(
        &mut self,
        now: Instant,
        sent: Instant,
        bytes: u64,
        app_limited: bool,
        rtt: &RttEstimator,
    ) {
        if self.shared.is_asked.load(Ordering::Relaxed) {
            let mut acknowledged = self.shared.acknowledged();
            if acknowledged.len() == ACKNOWLEDGED {
                acknowledged.pop_front();
            }
            acknowledged.push_back((sent, bytes));
        }
        self.floor = floor(rtt.get(), now.saturating_duration_since(sent));
        self.inner.on_ack(now, sent, bytes, app_limited, rtt);
    }

    fn on_end_acks(
        &mut self,
        now: Instant,
        in_flight: u64,
        app_limited: bool,
        largest_packet_num_acked: Option<u64>,
    ) {
        self.inner.on_end_acks(now, in_flight, app_limited, largest_packet_num_acked);
    }

    fn on_congestion_event(
        &mut self,
        now: Instant,
        sent: Instant,
        is_persistent_congestion: bool,
        lost_bytes: u64,
    ) {
        self.inner.on_congestion_event(now, sent, is_persistent_congestion, lost_bytes);
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.inner.on_mtu_update(new_mtu);
    }

    fn window(&self) -> u64 {
        self.inner.window().max(self.floor) + self.shared.headroom.load(Ordering::Relaxed)
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        let (inner, shared) = (self.inner.clone_box(), Arc::clone(&self.shared));
        Box::new(Self { inner, floor: self.floor, shared })
    }

    fn initial_window(&self) -> u64 {
        self.inner.initial_window().max(FLOOR)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_higher_only_while_the_round_trip_is_one_of_before() {
        let floor = |smoothed, last| {
            floor(Duration::from_millis(smoothed), Duration::from_millis(last)) / FLOOR
        };
        assert_eq!([floor(60, 1), floor(900, 1), floor(600, 600), floor(3_000, 900)], [1; 4]);
        assert_eq!([floor(3_300, 25), floor(1_000, 100), floor(2_000, 0)], [16, 10, 16]);
    }

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
