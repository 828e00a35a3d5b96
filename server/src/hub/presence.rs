//! Who is connected: soft state, counted by account, told in batches.

use std::{collections::BTreeMap, sync::Arc};

use tertulia_proto::{AccountId, Person, Presence, limits as wire};
use tokio::sync::Notify;

use super::{Bell, ConnectionId};
use crate::state::{AccountRow, DeviceKey};

/// Everyone connected.
#[derive(Debug, Default)]
pub(super) struct Online {
    accounts: BTreeMap<AccountId, Present>,
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
}

/// A picture of who is connected.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Roll {
    online: u32,
    /// Empty where too many are connected.
    people: BTreeMap<AccountId, Person>,
}

impl Online {
    /// Adds a connection; whether the account was not there before.
    pub(super) fn join(&mut self, account: &AccountRow, connected: Connected) -> bool {
        let mut is_new = false;
        let present = self.accounts.entry(account.id).or_insert_with(|| {
            is_new = true;
            Present {
                person: account.person(true),
                connections: Vec::new(),
            }
        });
        present.connections.push(connected);
        if is_new {
            self.roll = None;
        }
        is_new
    }

    /// Removes a connection; whether it was the account's last.
    pub(super) fn leave(&mut self, account: AccountId, id: ConnectionId) -> bool {
        let Some(present) = self.accounts.get_mut(&account) else {
            return false;
        };
        present.connections.retain(|connected| connected.id != id);
        let is_gone = present.connections.is_empty();
        if is_gone {
            self.accounts.remove(&account);
            self.roll = None;
        }
        is_gone
    }

    /// The oldest connection of a device that has more than `limit`.
    pub(super) fn over_limit(
        &self,
        account: AccountId,
        device: &DeviceKey,
        limit: usize,
    ) -> Option<&Arc<Notify>> {
        let all = &self.accounts.get(&account)?.connections;
        let mut own = all.iter().filter(|connected| connected.device == *device);
        let oldest = own.next()?;
        (own.count() + 1 > limit).then_some(&oldest.replaced)
    }

    /// Takes a new display name over; whether the account is connected.
    pub(super) fn rename(&mut self, account: &AccountRow) -> bool {
        let Some(present) = self.accounts.get_mut(&account.id) else {
            return false;
        };
        present.person = account.person(true);
        self.roll = None;
        true
    }

    pub(super) fn bells(&self, account: AccountId) -> impl Iterator<Item = &Arc<Bell>> {
        let present = self.accounts.get(&account);
        present
            .into_iter()
            .flat_map(|present| &present.connections)
            .map(|c| &c.bell)
    }

    pub(super) fn contains(&self, account: AccountId) -> bool {
        self.accounts.contains_key(&account)
    }

    pub(super) fn people_after(&self, after: AccountId, limit: usize) -> Vec<Person> {
        let from = AccountId(after.0.saturating_add(1));
        self.accounts
            .range(from..)
            .take(limit)
            .map(|(_, p)| p.person.clone())
            .collect()
    }

    pub(super) fn roll(&mut self) -> Arc<Roll> {
        let accounts = &self.accounts;
        let roll = self.roll.get_or_insert_with(|| {
            let online = accounts.len() as u32;
            let shown = accounts.len() <= wire::PRESENCE_PEOPLE;
            let people = accounts.iter().filter(|_| shown);
            let people = people
                .map(|(id, present)| (*id, present.person.clone()))
                .collect();
            Arc::new(Roll { online, people })
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
            return Some(Presence {
                complete: true,
                online,
                people,
            });
        };
        let came = now
            .people
            .iter()
            .filter(|(id, p)| before.people.get(id) != Some(p));
        let gone = before
            .people
            .iter()
            .filter(|(id, _)| !now.people.contains_key(id));
        let mut people: Vec<Person> = came.map(|(_, person)| person.clone()).collect();
        people.extend(gone.map(|(_, person)| Person {
            online: false,
            ..person.clone()
        }));
        (!people.is_empty()).then_some(Presence {
            complete: false,
            online,
            people,
        })
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{DisplayName, Role};

    use super::*;

    fn account(id: u64) -> AccountRow {
        let display = DisplayName::new(&format!("Person {id}")).unwrap();
        let handle = display.handle().unwrap();
        AccountRow {
            id: AccountId(id),
            handle,
            display,
            role: Role::Member,
        }
    }

    fn connected(id: u64) -> Connected {
        Connected {
            id: ConnectionId(id),
            device: [0; 32],
            bell: Arc::default(),
            replaced: Arc::default(),
        }
    }

    fn told(presence: &Presence) -> Vec<(u64, bool)> {
        presence
            .people
            .iter()
            .map(|person| (person.account.0, person.online))
            .collect()
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
    fn above_the_limit_only_the_number_is_told_and_below_it_all_again() {
        let mut online = Online::default();
        let mut tracker = PresenceTracker::default();
        let limit = wire::PRESENCE_PEOPLE as u64;
        for id in 1..=limit {
            online.join(&account(id), connected(id));
        }
        assert_eq!(
            tracker.tell(online.roll()).unwrap().people.len(),
            wire::PRESENCE_PEOPLE
        );
        online.join(&account(limit + 1), connected(limit + 1));
        let counted = tracker.tell(online.roll()).unwrap();
        assert_eq!((counted.complete, counted.people.len()), (true, 0));
        assert_eq!(u64::from(counted.online), limit + 1);
        online.leave(AccountId(1), ConnectionId(1));
        let whole = tracker.tell(online.roll()).unwrap();
        assert_eq!(
            (whole.complete, whole.people.len()),
            (true, wire::PRESENCE_PEOPLE)
        );
    }

    #[test]
    fn the_oldest_connection_of_a_device_gives_way() {
        let mut online = Online::default();
        for id in 1..=3 {
            online.join(&account(1), connected(id));
        }
        assert!(online.over_limit(AccountId(1), &[0; 32], 3).is_none());
        assert!(online.over_limit(AccountId(1), &[0; 32], 2).is_some());
        assert!(online.over_limit(AccountId(1), &[9; 32], 0).is_none());
    }
}
