//! Who speaks through a proxy: a bounded table by address.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

/// Names a client of a table for as long as it is in it; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClientId(u64);

#[derive(Debug)]
struct Entry<T> {
    address: SocketAddr,
    heard_at: Duration,
    value: T,
}

/// What is known of each client address. A new address takes the place of the one that was silent
/// for longest where there is no room: live clients are never silent for long.
#[derive(Debug)]
pub(super) struct Clients<T> {
    by_address: BTreeMap<SocketAddr, ClientId>,
    entries: BTreeMap<ClientId, Entry<T>>,
    next_id: u64,
    most: usize,
    idle_after: Duration,
}

impl<T> Clients<T> {
    /// At most so many (at least 1), and none that was silent for so long.
    pub(super) fn new(most: usize, idle_after: Duration) -> Self {
        let (by_address, entries) = (BTreeMap::new(), BTreeMap::new());
        Self { by_address, entries, next_id: 0, most, idle_after }
    }

    /// The client of that address, if it is known; it was heard at `now`.
    pub(super) fn heard(&mut self, address: SocketAddr, now: Duration) -> Option<ClientId> {
        let id = *self.by_address.get(&address)?;
        self.entries.get_mut(&id)?.heard_at = now;
        Some(id)
    }

    /// A new address, heard at `now`. What had to go for it, or was there under it, is returned.
    pub(super) fn insert(
        &mut self,
        address: SocketAddr,
        now: Duration,
        value: T,
    ) -> (ClientId, Option<T>) {
        let known = self.by_address.get(&address).copied();
        let leaving = known.or_else(|| match self.entries.len() < self.most {
            true => None,
            false => self.entries.iter().min_by_key(|(_, entry)| entry.heard_at).map(|(id, _)| *id),
        });
        let left = leaving.and_then(|id| self.remove(id));
        let id = ClientId(self.next_id);
        self.next_id += 1;
        self.by_address.insert(address, id);
        self.entries.insert(id, Entry { address, heard_at: now, value });
        (id, left)
    }

    /// Takes out one that has been silent for too long by `now`.
    pub(super) fn expire(&mut self, now: Duration) -> Option<T> {
        let idle_after = self.idle_after;
        let is_idle = |entry: &Entry<T>| now.saturating_sub(entry.heard_at) >= idle_after;
        let id = self.entries.iter().find(|(_, entry)| is_idle(entry)).map(|(id, _)| *id)?;
        self.remove(id)
    }

    /// A client and its address.
    pub(super) fn client(&mut self, id: ClientId) -> Option<(SocketAddr, &mut T)> {
        self.entries.get_mut(&id).map(|entry| (entry.address, &mut entry.value))
    }

    /// Each client.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ClientId, &mut T)> {
        self.entries.iter_mut().map(|(id, entry)| (*id, &mut entry.value))
    }

    /// Each client.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn remove(&mut self, id: ClientId) -> Option<T> {
        let entry = self.entries.remove(&id)?;
        self.by_address.remove(&entry.address);
        Some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn address(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    #[test]
    fn a_client_is_known_by_its_address() {
        let mut clients = Clients::new(9, s(60));
        assert_eq!(clients.heard(address(1), s(0)), None);
        let (id, left) = clients.insert(address(1), s(0), "a");
        assert_eq!((clients.heard(address(1), s(1)), left), (Some(id), None));
        assert_eq!(clients.heard(address(2), s(1)), None);
        assert_eq!(clients.client(id), Some((address(1), &mut "a")));
        let (again, left) = clients.insert(address(1), s(1), "b");
        assert_eq!((left, clients.len(), clients.client(id)), (Some("a"), 1, None));
        assert_ne!(again, id);
    }

    #[test]
    fn without_room_the_one_that_was_silent_for_longest_goes() {
        let mut clients = Clients::new(2, s(60));
        let (first, _) = clients.insert(address(1), s(0), 1);
        let (second, _) = clients.insert(address(2), s(1), 2);
        clients.heard(address(1), s(2));
        let (_, left) = clients.insert(address(3), s(3), 3);
        assert_eq!((left, clients.len()), (Some(2), 2));
        assert!(clients.client(first).is_some() && clients.client(second).is_none());
    }

    #[test]
    fn the_silent_expire() {
        let mut clients = Clients::new(9, s(60));
        clients.insert(address(1), s(0), 1);
        clients.insert(address(2), s(0), 2);
        clients.heard(address(1), s(1));
        assert_eq!(clients.expire(s(59)), None);
        assert_eq!((clients.expire(s(60)), clients.expire(s(60))), (Some(2), None));
        assert_eq!((clients.expire(s(61)), clients.len()), (Some(1), 0));
    }
}
