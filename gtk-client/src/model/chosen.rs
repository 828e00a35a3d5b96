//! Several messages chosen together, and what is copied of them. Pure.

use std::{collections::BTreeSet, rc::Rc};

use tertulia_client::{
    Content, Item,
    proto::{MessageId, Timestamp},
};

use super::Day;

/// Which messages of a room are chosen. No more than are loaded.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    ids: BTreeSet<MessageId>,
    /// The one that was chosen by itself last: ranges begin there.
    anchor: Option<MessageId>,
}

impl Chosen {
    /// Chooses a message, or no longer.
    pub(crate) fn toggle(&mut self, id: MessageId) {
        if !self.ids.remove(&id) {
            self.ids.insert(id);
        }
        self.anchor = Some(id);
    }

    /// Chooses all from the last one to this one, in the order of `items`.
    pub(crate) fn extend<'a>(&mut self, id: MessageId, items: impl Iterator<Item = &'a Rc<Item>>) {
        let ids: Vec<_> = items.filter(|item| is_text(item)).filter_map(|i| i.message_id).collect();
        let place = |wanted| ids.iter().position(|id| *id == wanted);
        let (Some(from), Some(to)) = (self.anchor.and_then(place), place(id)) else {
            return self.toggle(id);
        };
        self.ids.extend(&ids[from.min(to)..=from.max(to)]);
    }

    /// Chooses all that are loaded.
    pub(crate) fn all<'a>(&mut self, items: impl Iterator<Item = &'a Rc<Item>>) {
        self.ids = items.filter(|item| is_text(item)).filter_map(|item| item.message_id).collect();
    }

    /// A message is no more.
    pub(crate) fn keep(&mut self, is_there: impl Fn(MessageId) -> bool) {
        self.ids.retain(|id| is_there(*id));
    }

    /// Whether this one is chosen.
    pub(crate) fn has(&self, id: MessageId) -> bool {
        self.ids.contains(&id)
    }

    /// How many are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// Whether there is something to copy.
pub(crate) fn is_text(item: &Item) -> bool {
    matches!(item.content, Content::Text(_))
}

/// These messages as text, one a line: date, time, name, text. One alone is its text.
pub(crate) fn copied(
    items: &[Rc<Item>],
    clock: impl Fn(Timestamp) -> String,
    day_of: impl Fn(Timestamp) -> Day,
) -> String {
    let said = items.iter().filter_map(|item| match &item.content {
        Content::Text(text) => Some((item, text.as_str())),
        _ => None,
    });
    let said: Vec<_> = said.collect();
    if let [(_, text)] = said[..] {
        return text.to_owned();
    }
    let line = |(item, text): (&Rc<Item>, &str)| {
        let Day { year, month, day } = day_of(item.time);
        let (clock, name) = (clock(item.time), &item.author.display);
        format!("{year:04}-{month:02}-{day:02} {clock} {name}: {text}")
    };
    said.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{joined_item, text_item};

    fn conversation() -> Vec<Rc<Item>> {
        let mut items = vec![
            text_item(1, "Ana", "one"),
            joined_item(2, "Beto"),
            text_item(3, "Beto", "two\nlines"),
            text_item(4, "Ana", "three"),
        ];
        items[3].time = Timestamp(90_000_000);
        items.into_iter().map(Rc::new).collect()
    }

    fn id(items: &[Rc<Item>], at: usize) -> MessageId {
        items[at].message_id.unwrap()
    }

    fn text(items: &[Rc<Item>]) -> String {
        let day = |time: Timestamp| Day { year: 1970, month: 1, day: (time.0 / 86_400_000) as i32 };
        copied(items, |time| format!("{}s", time.0 / 1_000), day)
    }

    #[test]
    fn one_by_one_and_from_one_to_another() {
        let items = conversation();
        let mut chosen = Chosen::default();
        chosen.toggle(id(&items, 3));
        chosen.extend(id(&items, 0), items.iter());
        assert_eq!(chosen.len(), 3, "what happened in between is no message");
        chosen.toggle(id(&items, 2));
        assert!(!chosen.has(id(&items, 2)) && chosen.has(id(&items, 0)));
        chosen.all(items.iter());
        assert_eq!(chosen.len(), 3);
        chosen.keep(|there| there == id(&items, 0));
        assert_eq!(chosen.len(), 1);
    }

    #[test]
    fn a_range_without_a_beginning_is_one_message() {
        let items = conversation();
        let mut chosen = Chosen::default();
        chosen.extend(id(&items, 2), items.iter());
        assert_eq!((chosen.len(), chosen.has(id(&items, 2))), (1, true));
    }

    #[test]
    fn messages_are_copied_as_lines_and_one_alone_as_its_text() {
        let items = conversation();
        assert_eq!(
            text(&items),
            "1970-01-00 1s Ana: one\n1970-01-00 1s Beto: two\nlines\n1970-01-01 90000s Ana: three"
        );
        assert_eq!(text(&items[2..3]), "two\nlines");
        assert_eq!(text(&items[1..2]), "");
    }
}
