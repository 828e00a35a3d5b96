//! The way of events to whoever shows them: bounded, and honest about what it dropped.

use crate::model::ClientEvent;

/// Events that wait for a reader.
const EVENTS: usize = 1_024;

/// The sending end.
#[derive(Debug)]
pub(super) struct Outlet {
    tx: async_channel::Sender<ClientEvent>,
    missed: u64,
}

impl Outlet {
    /// Both ends.
    pub(super) fn new() -> (Self, async_channel::Receiver<ClientEvent>) {
        let (tx, rx) = async_channel::bounded(EVENTS);
        (Self { tx, missed: 0 }, rx)
    }

    /// Whether anybody will ever read: if not, nothing need be made for it.
    pub(super) fn is_heard(&self) -> bool {
        !self.tx.is_closed()
    }

    /// Sends an event, or counts it as missed. Nobody listening is no loss.
    pub(super) fn emit(&mut self, event: ClientEvent) {
        if self.missed > 0 {
            let lagged = ClientEvent::Lagged { missed: self.missed };
            if self.tx.try_send(lagged).is_ok() {
                self.missed = 0;
            }
        }
        if self.missed > 0 || matches!(self.tx.try_send(event), Err(e) if e.is_full()) {
            self.missed += 1;
        }
    }

    /// Whether events were dropped and the reader was not told yet.
    pub(super) fn is_lagging(&self) -> bool {
        self.missed > 0
    }

    /// Tells the reader as soon as there is room. Cancel safe.
    pub(super) async fn catch_up(&mut self) {
        let lagged = ClientEvent::Lagged { missed: self.missed };
        // With no reader left there is nobody to tell.
        let _ = self.tx.send(lagged).await;
        self.missed = 0;
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::RoomId;

    use super::*;

    #[tokio::test]
    async fn a_slow_reader_gets_what_fits_and_then_a_count() {
        let (mut outlet, rx) = Outlet::new();
        for n in 0..EVENTS as u64 + 3 {
            outlet.emit(ClientEvent::RoomGone(RoomId(n)));
        }
        assert!(outlet.is_lagging());
        assert_eq!(rx.recv().await.unwrap(), ClientEvent::RoomGone(RoomId(0)));
        outlet.emit(ClientEvent::RoomGone(RoomId(9)));
        for n in 1..EVENTS as u64 {
            assert_eq!(rx.recv().await.unwrap(), ClientEvent::RoomGone(RoomId(n)));
        }
        assert_eq!(rx.recv().await.unwrap(), ClientEvent::Lagged { missed: 3 });
        outlet.catch_up().await;
        assert_eq!(rx.recv().await.unwrap(), ClientEvent::Lagged { missed: 1 });
        assert!(!outlet.is_lagging());
    }

    #[test]
    fn nobody_listening_is_no_loss() {
        let (mut outlet, rx) = Outlet::new();
        assert!(outlet.is_heard());
        drop(rx);
        assert!(!outlet.is_heard());
        outlet.emit(ClientEvent::RoomGone(RoomId(1)));
        assert!(!outlet.is_lagging());
    }
}
