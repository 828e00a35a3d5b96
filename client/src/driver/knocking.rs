//! While there is no connection: asking whether there is a way again ([`tertulia_quic::Knocks`]).

use std::{net::SocketAddr, time::Duration};

use super::Driver;

/// How often it is asked while a message waits.
const WAITS: Duration = Duration::from_secs(1);
/// How often, while nothing does.
const IDLE: Duration = Duration::from_secs(2);
/// How often, once that lasts for ten minutes.
const RARELY: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(600);

/// Whom to ask, and when.
#[derive(Debug, Default)]
pub(super) struct Knocking {
    /// To which the last connection was.
    pub(super) server: Option<SocketAddr>,
    /// When it ended.
    pub(super) lost_at: Duration,
    knocked_at: Duration,
}

impl Driver {
    /// Asks, if it is time.
    pub(super) fn knock(&mut self, now: Duration) {
        if self.knock_at().is_some_and(|at| at <= now)
            && let Some(server) = self.knocking.server
        {
            self.knocking.knocked_at = now;
            self.dialer.knocks.knock(server);
        }
    }

    /// When it is to be asked.
    pub(super) fn knock_at(&self) -> Option<Duration> {
        let server = self.knocking.server?;
        let is_asked = self.connection.is_none()
            && self.session.is_unheard()
            && self.dialer.knocks.knows(server);
        let pause = match self.knocking.knocked_at.saturating_sub(self.knocking.lost_at) {
            _ if self.desk.pending() > 0 => WAITS,
            lasts if lasts < LONG => IDLE,
            _ => RARELY,
        };
        is_asked.then(|| self.knocking.knocked_at + pause)
    }
}
