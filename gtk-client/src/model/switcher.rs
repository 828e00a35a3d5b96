//! Where one can go, found by the beginnings of words. Pure.

use std::cmp::Reverse;

use gtk::glib::{self, NormalizeMode};
use tertulia_client::proto::Timestamp;

/// Places shown at most.
pub(crate) const PLACES: usize = 50;

/// A room of one's own, or a person with whom one has none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// What else it is found by.
    pub(crate) also: String,
    pub(crate) unread: u32,
    pub(crate) mentions: u32,
    /// When something was last said there.
    pub(crate) newest: Timestamp,
    pub(crate) archived: bool,
    /// It is in sight already.
    pub(crate) current: bool,
    pub(crate) is_room: bool,
}

/// The numbers of those places in which each word of `query` begins a word, the likeliest first:
/// where one is named, where something is unread, what begins as the query does, what is liveliest.
pub(crate) fn found(places: &[Place], query: &str) -> Vec<usize> {
    let query = folded(query);
    let first = words(&query).next();
    let mut found: Vec<_> = places
        .iter()
        .enumerate()
        .filter_map(|(at, place)| {
            let (name, also) = (folded(&place.name), folded(&place.also));
            if !has_words(&query, &name, &also) {
                return None;
            }
            let begins =
                first.is_some_and(|word| words(&name).next().is_some_and(|w| w.starts_with(word)));
            let order = (
                place.current,
                place.archived,
                place.mentions == 0,
                place.unread == 0,
                !begins,
                !place.is_room,
                Reverse(place.newest),
            );
            Some((order, name, at))
        })
        .collect();
    found.sort();
    found.truncate(PLACES);
    found.into_iter().map(|(_, _, at)| at).collect()
}

/// Whether each word of `query` begins a word of one of these; all of them [`folded`].
pub(super) fn has_words(query: &str, name: &str, also: &str) -> bool {
    words(query).all(|word| words(name).chain(words(also)).any(|w| w.starts_with(word)))
}

/// Without accents and capitals: who types `maria` means `María`.
pub(crate) fn folded(text: &str) -> String {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    let apart = glib::normalize(text, NormalizeMode::All);
    apart.chars().filter(|c| !is_accent(c)).flat_map(char::to_lowercase).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> Place {
        Place { name: name.to_owned(), is_room: true, ..Place::default() }
    }

    fn names(places: &[Place], query: &str) -> Vec<String> {
        found(places, query).into_iter().map(|at| places[at].name.clone()).collect()
    }

    #[test]
    fn beginnings_of_words_are_found() {
        let places = [room("#release-team"), room("#garden"), room("#team"), room("Ana María")];
        assert_eq!(names(&places, "team"), ["#team", "#release-team"]);
        assert_eq!(names(&places, "rel"), ["#release-team"]);
        assert_eq!(names(&places, "te re"), ["#release-team"], "in any order");
        assert_eq!(names(&places, "arden"), [""; 0], "not in the middle");
        assert_eq!(names(&places, "#gar"), ["#garden"]);
    }

    #[test]
    fn accents_and_capitals_are_forgiven() {
        let places = [room("Ana María"), room("#Música")];
        assert_eq!(names(&places, "maria"), ["Ana María"]);
        assert_eq!(names(&places, "MÚS"), ["#Música"]);
        assert_eq!(names(&places, "musica"), ["#Música"]);
    }

    #[test]
    fn a_person_is_found_by_handle_too() {
        let places = [Place { also: "@old.name".to_owned(), ..room("Beto") }];
        assert_eq!(names(&places, "@old"), ["Beto"]);
        assert_eq!(names(&places, "name be"), ["Beto"]);
    }

    #[test]
    fn with_nothing_typed_all_are_there_and_what_is_unread_comes_first() {
        let places = [
            Place { current: true, newest: Timestamp(99), ..room("here") },
            Place { archived: true, newest: Timestamp(98), ..room("old") },
            Place { newest: Timestamp(5), ..room("quiet") },
            Place { newest: Timestamp(9), ..room("lively") },
            Place { unread: 3, ..room("unread") },
            Place { unread: 1, mentions: 1, ..room("named") },
            Place { is_room: false, ..room("somebody") },
        ];
        let all = ["named", "unread", "lively", "quiet", "somebody", "old", "here"];
        assert_eq!(names(&places, " "), all);
    }

    #[test]
    fn what_begins_as_typed_comes_before_what_only_has_such_a_word() {
        let places = [Place { newest: Timestamp(9), ..room("old garden") }, room("garden")];
        assert_eq!(names(&places, "gar"), ["garden", "old garden"]);
    }

    #[test]
    fn no_more_are_shown_than_one_can_look_through() {
        let places: Vec<_> = (0..600).map(|n| room(&format!("room {n}"))).collect();
        assert_eq!(found(&places, "room").len(), PLACES);
    }
}
