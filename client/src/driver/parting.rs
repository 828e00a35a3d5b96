//! A connection that falls silent, is heard again, or ends.

use tertulia_proto::close::CloseCode;

use super::Driver;
use crate::{
    core::{liveness::Liveness, session::End},
    model::Trouble,
};

impl Driver {
    /// Nothing is heard of the server. Where both ends go on by themselves when there is a way
    /// again the connection is kept, and another one tried beside it: whichever is first.
    pub(super) fn fell_silent(&mut self, is_doubted: bool) {
        if self.session.is_kept() {
            return;
        }
        let has_copies = self.connection.as_ref().is_some_and(|c| c.copies().is_some());
        if has_copies && self.leaves_by.is_none() {
            tracing::info!("nothing is heard of the server");
            self.session.fell_silent();
            // What is in the way may be a router that has forgotten the old port.
            self.dialer.move_on();
            self.shared.set_path(None);
            return;
        }
        self.disconnect(CloseCode::TIMEOUT, End::retry(Trouble::Lost("no answer".into())));
        if is_doubted {
            // That is what the doubt was for.
            self.session.wake();
        }
    }

    /// Something came on the connection that stands.
    pub(super) fn heard(&mut self) {
        if self.session.is_kept() {
            tracing::info!("the server is heard again");
            self.session.heard_again();
            self.attempt = None;
            self.liveness = Liveness::new(self.now());
            self.show_path();
        }
    }

    pub(super) fn show_path(&self) {
        let path = self.connection.as_ref();
        let path = path.map(|connected| (connected.quic.clone(), connected.copies().cloned()));
        self.shared.set_path(path);
    }

    /// Gives a standing connection up.
    pub(super) fn disconnect(&mut self, code: CloseCode, end: End) {
        if let Some(connection) = self.connection.take() {
            connection.abandon(code);
            self.disconnected(end);
        }
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self, end: End) {
        tracing::info!(trouble = ?end.trouble, stops = end.stops, "disconnected");
        self.connection = None;
        match self.session.is_kept() {
            true => self.session.gave_up(),
            false => {
                let (now, random, haste) = (self.now(), self.random(), self.haste());
                self.session.ended(end, now, random, haste);
            }
        }
        self.lost_connection();
    }

    pub(super) fn lost_connection(&mut self) {
        self.leaves_by = None;
        self.knocking.lost_at = self.now();
        self.refill_at = None;
        self.shared.set_path(None);
        self.lines.set(None);
        self.fail_requests();
        if self.presence.current {
            self.presence.current = false;
            self.publish_presence();
        }
        self.publish_connection();
    }
}
