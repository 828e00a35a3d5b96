//! Who is connected: soft state, counted by account, told in batches.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tertulia_proto::{AccountId, Author, Person, Presence, limits as wire};
use tokio::sync::Notify;

use super::{Bell, ConnectionId};
use crate::{
    limits,
    state::{AccountRow, DeviceKey},
};

/// Everyone connected.
#[derive(Debug, Default)]
pub(super) struct Online {
    accounts: BTreeMap<AccountId, Present>,
    /// How many of them are online: counted along, since at a crowd's return each one asks.
    online: usize,
    /// Made when asked for, dropped at each change: many readers share one.
    roll: Option<Arc<Roll>>,
}

#[derive(Debug)]
struct Present {
    person: Person,
    connections: Vec<Connected>,
}

/// One connection of an account.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) id: ConnectionId,
    pub(super) device: DeviceKey,
    pub(super) bell: Arc<Bell>,
    pub(super) replaced: Arc<Notify>,
    /// Nothing came from it for long: it stays, since it may come back, but nobody is there.
    pub(super) silent: bool,
}

impl Present {
    fn is_online(&self) -> bool {
        self.connections.iter().any(|connected| !connected.silent)
    }
}

/// A picture of who is connected.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Roll {
    online: u32,
    /// Empty where too many are connected.
    people: BTreeMap<AccountId, Person>,
}

impl Roll {
    /// How long one who was told this is not told of what changed.
    pub(crate) fn interval(&self) -> Duration {
        let all = Duration::from_secs(1) * self.online / limits::PRESENCE_A_SECOND;
        all.max(limits::PRESENCE_INTERVAL)
    }
}

impl Online {
    /// Adds a connection; whether who is online changed.
    pub(super) fn join(&mut self, account: &AccountRow, connected: Connected) -> bool {
        self.changing(account.id, |accounts| {
            let fresh = || Present { person: account.person(true), connections: Vec::new() };
            let present = accounts.entry(account.id).or_insert_with(fresh);
            present.connections.push(connected);
        })
    }

    /// Removes a connection; whether who is online changed.
    pub(super) fn leave(&mut self, account: AccountId, id: ConnectionId) -> bool {
        self.changing(account, |accounts| {
            let Some(present) = accounts.get_mut(&account) else {
                return;
            };
            present.connections.retain(|connected| connected.id != id);
            if present.connections.is_empty() {
                accounts.remove(&account);
            }
        })
    }

    /// Notes whether a connection's path is silent; whether who is online changed.
    pub(super) fn set_silent(
        &mut self,
        account: AccountId,
        id: ConnectionId,
        silent: bool,
    ) -> bool {
        self.changing(account, |accounts| {
            let present = accounts.get_mut(&account);
            let mut connections = present.into_iter().flat_map(|p| &mut p.connections);
            if let Some(connected) = connections.find(|connected| connected.id == id) {
                connected.silent = silent;
            }
        })
    }

    /// Makes a change to an account's connections; whether it is online now and was not, or the
    /// other way round.
    fn changing(
        &mut self,
        account: AccountId,
        change: impl FnOnce(&mut BTreeMap<AccountId, Present>),
    ) -> bool {
        let before = self.contains(account);
        change(&mut self.accounts);
        let after = self.contains(account);
        match (before, after) {
            (false, true) => self.online += 1,
            (true, false) => self.online -= 1,
            _ => return false,
        }
        self.roll = None;
        true
    }

    /// The oldest connections of a device that has more than `limit`.
    pub(super) fn over_limit(
        &self,
        account: AccountId,
        device: DeviceKey,
        limit: usize,
    ) -> impl Iterator<Item = &Arc<Notify>> {
        let all = self.accounts.get(&account).map_or(&[][..], |present| &present.connections);
        let own = move || all.iter().filter(move |connected| connected.device == device);
        let over = own().count().saturating_sub(limit);
        own().take(over).map(|connected| &connected.replaced)
    }

    /// Takes a new display name over; whether the account is connected.
    pub(super) fn rename(&mut self, author: &Author) -> bool {
        let Some(present) = self.accounts.get_mut(&author.account) else {
            return false;
        };
        present.person.display = author.display.clone();
        self.roll = None;
        true
    }

    /// A connected account as it is called now.
    pub(super) fn author(&self, account: AccountId) -> Option<Author> {
        let Person { account, handle, display, .. } = self.accounts.get(&account)?.person.clone();
        Some(Author { account, handle, display })
    }

    pub(super) fn bells(&self, account: AccountId) -> impl Iterator<Item = &Arc<Bell>> {
        let present = self.accounts.get(&account);
        present.into_iter().flat_map(|present| &present.connections).map(|c| &c.bell)
    }

    pub(super) fn contains(&self, account: AccountId) -> bool {
        self.accounts.get(&account).is_some_and(Present::is_online)
    }

    /// Connections, and accounts that are online.
    pub(super) fn counts(&self) -> (u64, u64) {
        let connections = self.accounts.values().map(|present| present.connections.len() as u64);
        (connections.sum(), self.online as u64)
    }

    pub(super) fn people_after(&self, after: AccountId, limit: usize) -> Vec<Person> {
        let from = AccountId(after.0.saturating_add(1));
        let online = self.accounts.range(from..).filter(|(_, p)| p.is_online());
        online.take(limit).map(|(_, p)| p.person.clone()).collect()
    }

    pub(super) fn roll(&mut self) -> Arc<Roll> {
        let (accounts, count) = (&self.accounts, self.online);
        let roll = self.roll.get_or_insert_with(|| {
            let shown = if count <= wire::PRESENCE_PEOPLE { count } else { 0 };
            let online = accounts.iter().filter(|(_, present)| present.is_online());
            let people = online.take(shown).map(|(id, present)| (*id, present.person.clone()));
            Arc::new(Roll { online: count as u32, people: people.collect() })
        });
        Arc::clone(roll)
    }
}

/// What one connection was told, and so what to tell it next.
#[derive(Debug, Default)]
pub(crate) struct PresenceTracker {
    told: Option<Arc<Roll>>,
}

impl PresenceTracker {
    /// The frame that leads from what was told to `now`; `None` where nothing changed.
    pub(crate) fn tell(&mut self, now: Arc<Roll>) -> Option<Presence> {
        let before = self.told.replace(Arc::clone(&now));
        let online = now.online;
        // Coming from or going to a picture without people, only a whole one makes sense.
        let whole = |roll: &Roll| roll.people.len() == roll.online as usize;
        let Some(before) = before.filter(|before| whole(before) && whole(&now)) else {
            let people = now.people.values().cloned().collect();
            return Some(Presence { complete: true, online, people });
        };
        let came = now.people.iter().filter(|(id, p)| before.people.get(id) != Some(p));
        let gone = before.people.iter().filter(|(id, _)| !now.people.contains_key(id));
        let mut people: Vec<Person> = came.map(|(_, person)| person.clone()).collect();
        people.extend(gone.map(|(_, person)| Person { online: false, ..person.clone() }));
        if people.len() > wire::PRESENCE_PEOPLE {
            let people = now.people.values().cloned().collect();
            return Some(Presence { complete: true, online, people });
        }
        (!people.is_empty()).then_some(Presence { complete: false, online, people })
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{DisplayName, Role};

    use super::*;

    fn account(id: u64) -> AccountRow {
        let display = DisplayName::new(&format!("Person {id}")).unwrap();
        let handle = display.handle().unwrap();
        AccountRow { id: AccountId(id), handle, display, role: Role::Member }
    }

    fn connected(id: u64) -> Connected {
        Connected {
            id: ConnectionId(id),
            device: [0; 32],
            bell: Arc::default(),
            replaced: Arc::default(),
            silent: false,
        }
    }

    fn told(presence: &Presence) -> Vec<(u64, bool)> {
        presence.people.iter().map(|person| (person.account.0, person.online)).collect()
    }

    #[test]
    fn an_account_is_online_from_its_first_to_its_last_connection() {
        let mut online = Online::default();
        let mut tracker = PresenceTracker::default();
        assert!(online.join(&account(1), connected(1)));
        let first = tracker.tell(online.roll()).unwrap();
        assert!(first.complete);
        assert_eq!(told(&first), [(1, true)]);

        assert!(!online.join(&account(1), connected(2)));
        assert_eq!(tracker.tell(online.roll()), None);
        online.join(&account(2), connected(3));
        assert!(!online.leave(AccountId(1), ConnectionId(1)));
        assert!(online.leave(AccountId(1), ConnectionId(2)));
        let change = tracker.tell(online.roll()).unwrap();
        assert!(!change.complete);
        assert_eq!(told(&change), [(2, true), (1, false)]);
        assert_eq!(change.online, 1);
    }

    #[test]
    fn one_whose_path_is_silent_is_not_there_until_heard_again() {
        let mut online = Online::default();
        online.join(&account(1), connected(1));
        online.join(&account(1), connected(2));
        assert!(!online.set_silent(AccountId(1), ConnectionId(1), true));
        assert!(online.set_silent(AccountId(1), ConnectionId(2), true));
        assert_eq!(online.roll().online, 0);
        assert!(online.people_after(AccountId(0), 9).is_empty());
        assert!(online.set_silent(AccountId(1), ConnectionId(1), false));
        assert_eq!(online.roll().online, 1);
        assert!(!online.leave(AccountId(1), ConnectionId(2)), "silent already");
        assert!(!online.set_silent(AccountId(1), ConnectionId(2), false), "gone");
    }

    #[test]
    fn above_the_limit_only_the_number_is_told_and_below_it_all_again() {
        let mut online = Online::default();
        let mut tracker = PresenceTracker::default();
        let limit = wire::PRESENCE_PEOPLE as u64;
        for id in 1..=limit {
            online.join(&account(id), connected(id));
        }
        assert_eq!(tracker.tell(online.roll()).unwrap().people.len(), wire::PRESENCE_PEOPLE);
        online.join(&account(limit + 1), connected(limit + 1));
        let counted = tracker.tell(online.roll()).unwrap();
        assert_eq!((counted.complete, counted.people.len()), (true, 0));
        assert_eq!(u64::from(counted.online), limit + 1);
        online.leave(AccountId(1), ConnectionId(1));
        let whole = tracker.tell(online.roll()).unwrap();
        assert_eq!((whole.complete, whole.people.len()), (true, wire::PRESENCE_PEOPLE));
    }

    #[test]
    fn a_few_hear_within_a_second_and_a_crowd_costs_no_more_the_larger_it_is() {
        let roll = |online| Roll { online, people: BTreeMap::new() };
        assert_eq!(roll(1).interval(), limits::PRESENCE_INTERVAL);
        assert_eq!(roll(wire::PRESENCE_PEOPLE as u32).interval(), limits::PRESENCE_INTERVAL);
        for online in [1_000, 10_000, 100_000] {
            let frames_a_second = f64::from(online) / roll(online).interval().as_secs_f64();
            assert!(frames_a_second <= f64::from(limits::PRESENCE_A_SECOND), "{online}");
        }
    }

    #[test]
    fn a_change_larger_than_the_picture_is_told_as_the_picture() {
        let mut online = Online::default();
        let mut tracker = PresenceTracker::default();
        let half = wire::PRESENCE_PEOPLE as u64 * 3 / 4;
        for id in 1..=half {
            online.join(&account(id), connected(id));
        }
        tracker.tell(online.roll());
        for id in 1..=half {
            online.leave(AccountId(id), ConnectionId(id));
            online.join(&account(1_000 + id), connected(1_000 + id));
        }
        let told = tracker.tell(online.roll()).unwrap();
        assert!(told.complete && told.people.len() as u64 == half);
    }

    #[test]
    fn the_oldest_connection_of_a_device_gives_way() {
        let mut online = Online::default();
        for id in 1..=3 {
            online.join(&account(1), connected(id));
        }
        let over = |device, limit| online.over_limit(AccountId(1), [device; 32], limit).count();
        assert_eq!((over(0, 3), over(0, 2), over(0, 1), over(9, 0)), (0, 1, 2, 0));
    }
}
