//! What went out and was not answered: the server may have it, or may get it yet.

use std::collections::BTreeMap;

use super::RowId;

/// Rows that went out without a refusal of each time that they did.
#[derive(Debug, Default)]
pub(super) struct Sendings(BTreeMap<RowId, Sending>);

#[derive(Debug, Default)]
struct Sending {
    /// How often on this connection: each is answered, in order.
    unanswered: usize,
    /// Whether one was on a connection that ended, or by another process: the server may read that
    /// whenever it comes.
    is_one_lost: bool,
}

impl Sendings {
    /// The row goes out.
    pub(super) fn begin(&mut self, id: RowId) {
        self.0.entry(id).or_default().unanswered += 1;
    }

    /// Another process may have sent the row.
    pub(super) fn inherit(&mut self, id: RowId) {
        self.0.entry(id).or_default().is_one_lost = true;
    }

    /// One time is answered. Whether it is the last: while a row is on its way again, answers to the
    /// time before still come.
    pub(super) fn answer(&mut self, id: RowId) -> bool {
        self.0.get_mut(&id).is_none_or(|sending| {
            sending.unanswered = sending.unanswered.saturating_sub(1);
            sending.unanswered == 0
        })
    }

    /// The connection is gone, and with it the answers.
    pub(super) fn disconnected(&mut self) {
        for sending in self.0.values_mut() {
            sending.is_one_lost |= sending.unanswered > 0;
            sending.unanswered = 0;
        }
    }

    /// Whether the row may come to the server by a way that is never answered.
    pub(super) fn is_one_lost(&self, id: RowId) -> bool {
        self.0.get(&id).is_some_and(|sending| sending.is_one_lost)
    }

    /// The row is done with, or was refused.
    pub(super) fn end(&mut self, id: RowId) {
        self.0.remove(&id);
    }

    /// Whether the server may have the row.
    pub(super) fn contains(&self, id: RowId) -> bool {
        self.0.contains_key(&id)
    }
}
