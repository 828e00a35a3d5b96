//! Who could be let into a room: those one knows of on the server. Pure.

use std::collections::BTreeMap;

use tertulia_client::proto::{DisplayName, Handle};

use super::switcher::{folded, has_words};

/// Newcomers shown at most.
pub(crate) const NEWCOMERS: usize = 50;

/// Somebody one knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newcomer {
    pub(crate) handle: Handle,
    pub(crate) display: DisplayName,
    /// Connected now, as far as one knows.
    pub(crate) here: bool,
}

/// Those of `known` that are no members and in whose names each word of `query` begins a word: who
/// is here first, nobody twice.
pub(crate) fn newcomers(
    known: Vec<Newcomer>,
    is_member: impl Fn(&Handle) -> bool,
    query: &str,
) -> Vec<Newcomer> {
    let query = folded(query);
    let fits = |person: &Newcomer| {
        has_words(&query, &folded(person.display.as_str()), &folded(person.handle.as_str()))
    };
    let mut found = BTreeMap::<Handle, Newcomer>::new();
    for person in known.into_iter().filter(|person| !is_member(&person.handle) && fits(person)) {
        let here = person.here;
        found.entry(person.handle.clone()).or_insert(person).here |= here;
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_cached_key(|person| (!person.here, folded(person.display.as_str())));
    found.truncate(NEWCOMERS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, here: bool) -> Newcomer {
        let display = DisplayName::new(name).unwrap();
        Newcomer { handle: display.handle().unwrap(), display, here }
    }

    fn names(found: &[Newcomer]) -> Vec<&str> {
        found.iter().map(|person| person.display.as_str()).collect()
    }

    #[test]
    fn those_here_come_first_and_nobody_twice() {
        let all = vec![
            known("Zoë", true),
            known("Ana María", false),
            known("beto", true),
            known("beto", false),
        ];
        let found = newcomers(all, |_| false, "");
        assert_eq!(names(&found), ["beto", "Zoë", "Ana María"]);
        assert!(found[0].here, "known to be here from one of both");
    }

    #[test]
    fn members_are_no_newcomers() {
        let beto = known("Beto", true);
        let all = vec![beto.clone(), known("Caro", true)];
        assert_eq!(names(&newcomers(all, |handle| *handle == beto.handle, "")), ["Caro"]);
    }

    #[test]
    fn they_are_found_by_any_of_their_names() {
        let all = vec![known("Ana María", false), known("Mara", false), known("Beto", true)];
        assert_eq!(names(&newcomers(all.clone(), |_| false, "mar")), ["Ana María", "Mara"]);
        assert_eq!(names(&newcomers(all.clone(), |_| false, "@ana")), ["Ana María"]);
        assert_eq!(names(&newcomers(all, |_| false, "eto")), [""; 0]);
    }

    #[test]
    fn no_more_are_shown_than_one_can_look_through() {
        let many = (0..99).map(|n| known(&format!("ana{n}"), false)).collect();
        assert_eq!(newcomers(many, |_| false, "ana").len(), NEWCOMERS);
    }
}
