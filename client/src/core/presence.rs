//! Who is connected, from what the server tells about it.

use tertulia_proto::{Presence, limits};

use crate::model::PresenceView;

impl PresenceView {
    /// Takes one notice in.
    pub(crate) fn apply(&mut self, notice: Presence) {
        if notice.complete {
            self.people.clear();
        }
        for person in notice.people {
            let place = self.people.binary_search_by_key(&person.account, |known| known.account);
            match (place, person.online) {
                (Ok(i), true) => self.people[i] = person,
                (Ok(i), false) => drop(self.people.remove(i)),
                (Err(i), true) => self.people.insert(i, person),
                (Err(_), false) => {}
            }
        }
        if notice.online as usize > limits::PRESENCE_PEOPLE {
            self.people.clear();
        }
        // What a server says beyond its own bound is not kept.
        self.people.truncate(limits::PRESENCE_PEOPLE);
        self.online = notice.online;
        self.current = true;
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{AccountId, DisplayName, Handle, Person, Role};

    use super::*;

    fn person(account: u64, online: bool) -> Person {
        Person {
            account: AccountId(account),
            handle: Handle::new(&format!("person-{account}")).unwrap(),
            display: DisplayName::new(&format!("Person {account}")).unwrap(),
            role: Role::Member,
            online,
        }
    }

    fn notice(complete: bool, online: u32, people: Vec<Person>) -> Presence {
        Presence { complete, online, people }
    }

    fn accounts(view: &PresenceView) -> Vec<u64> {
        view.people.iter().map(|person| person.account.0).collect()
    }

    #[test]
    fn changes_come_and_go_and_a_complete_notice_replaces() {
        let mut view = PresenceView::default();
        view.apply(notice(true, 2, vec![person(1, true), person(3, true)]));
        view.apply(notice(false, 2, vec![person(2, true), person(1, false)]));
        view.apply(notice(false, 2, vec![person(9, false), person(2, true)]));
        assert_eq!(accounts(&view), [2, 3]);
        view.apply(notice(true, 1, vec![person(7, true)]));
        assert_eq!((accounts(&view), view.online, view.current), (vec![7], 1, true));
    }

    #[test]
    fn above_the_bound_only_the_number_is_known() {
        let mut view = PresenceView::default();
        view.apply(notice(true, 1, vec![person(1, true)]));
        view.apply(notice(false, 201, vec![]));
        assert_eq!((accounts(&view), view.online), (vec![], 201));
        view.apply(notice(false, 3, (1..=300).map(|n| person(n, true)).collect()));
        assert_eq!(view.people.len(), limits::PRESENCE_PEOPLE);
    }
}
