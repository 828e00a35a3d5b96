//! What handles may read at any time.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tertulia_proto::{Refusal, RoomId, limits};
use tertulia_quic::Copies;
use tokio::sync::watch;

use crate::{
    core::drafts::Drafts,
    glimpse::key_of,
    model::{Account, Connection, PresenceView, RoomView, Snapshot, Status, Trouble},
};

/// The state as of now; written by the driver only.
#[derive(Debug)]
pub(crate) struct Shared {
    connection: watch::Receiver<Connection>,
    rest: Mutex<Rest>,
    /// Written by handles too.
    drafts: Mutex<Drafts>,
}

#[derive(Debug, Default)]
struct Rest {
    account: Option<Account>,
    rooms: BTreeMap<RoomId, RoomView>,
    presence: PresenceView,
    queued: usize,
    held_by: Option<Refusal>,
    path: Option<(quinn::Connection, Option<Arc<Copies>>)>,
    trouble: Option<Trouble>,
}

impl Shared {
    pub(super) fn new(
        connection: watch::Receiver<Connection>,
        account: Option<Account>,
        drafts: Drafts,
    ) -> Self {
        let rest = Mutex::new(Rest { account, ..Rest::default() });
        Self { connection, rest, drafts: Mutex::new(drafts) }
    }

    /// Everything to show.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let rest = self.rest();
        Snapshot {
            connection: self.connection.borrow().clone(),
            account: rest.account.clone(),
            rooms: rest.rooms.values().cloned().collect(),
            presence: rest.presence.clone(),
            queued: rest.queued,
            held_by: rest.held_by,
        }
    }

    /// Figures of the connection.
    pub(crate) fn status(&self) -> Status {
        let rest = self.rest();
        let quic = rest.path.as_ref().map(|(quic, _)| quic);
        let path = quic.map(|quic| quic.stats().path);
        Status {
            connected: quic.is_some(),
            server: rest.account.as_ref().map(|account| account.server.clone()),
            address: quic.map(|quic| canonical(quic.remote_address())),
            key: quic.and_then(|quic| key_of(quic).ok()),
            rtt: path.map(|path| path.rtt),
            loss_pct: path
                .filter(|path| path.sent_packets > 0)
                .map(|path| 100.0 * path.lost_packets as f64 / path.sent_packets as f64),
            copies: rest
                .path
                .as_ref()
                .and_then(|(_, copies)| copies.as_ref())
                .map_or(0, |copies| copies.per_frame()),
            queued: rest.queued,
        }
    }

    /// Who one is.
    pub(crate) fn account(&self) -> Option<Account> {
        self.rest().account.clone()
    }

    /// Why the newest attempt failed, or the newest connection ended.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.rest().trouble.clone()
    }

    /// Follows the way to the server.
    pub(crate) fn watch(&self) -> watch::Receiver<Connection> {
        self.connection.clone()
    }

    /// What was typed and not sent.
    pub(crate) fn with_drafts<T>(&self, act: impl FnOnce(&mut Drafts) -> T) -> T {
        // What is done with the lock held panics nowhere.
        act(&mut self.drafts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_trouble(&self, trouble: &Trouble) {
        self.rest().trouble = Some(trouble.clone());
    }

    pub(super) fn set_path(&self, path: Option<(quinn::Connection, Option<Arc<Copies>>)>) {
        self.rest().path = path;
    }

    /// `false`: it was so already.
    pub(super) fn set_account(&self, account: Option<&Account>) -> bool {
        let mut rest = self.rest();
        let differs = rest.account.as_ref() != account;
        rest.account = account.cloned();
        differs
    }

    pub(super) fn set_room(&self, view: &RoomView) {
        let mut rest = self.rest();
        if rest.rooms.len() < limits::ROOMS_PER_ACCOUNT
            || rest.rooms.contains_key(&view.listing.room)
        {
            rest.rooms.insert(view.listing.room, view.clone());
        }
    }

    pub(super) fn remove_room(&self, room: RoomId) {
        self.rest().rooms.remove(&room);
    }

    pub(super) fn set_presence(&self, presence: &PresenceView) {
        self.rest().presence.clone_from(presence);
    }

    pub(super) fn set_queued(&self, queued: usize) {
        self.rest().queued = queued;
    }

    /// `false`: it was so already.
    pub(super) fn set_held_by(&self, held_by: Option<Refusal>) -> bool {
        std::mem::replace(&mut self.rest().held_by, held_by) != held_by
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        // Nothing in this module panics while it holds the lock.
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One socket speaks both families; what it says of IPv4 is IPv4 all the same.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
