//! Who is told of what on the desktop, and in which words. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tertulia_client::{
    Content, Item,
    proto::{RoomId, RoomKind, Seq, Timestamp, limits, mentions},
};

use super::timeline::Reader;
use crate::{
    bridge::TimelineChange,
    i18n::{fill, tr},
};

/// Characters of a message that a notification shows.
const SHOWN_CHARS: usize = 200;

/// Of which messages of a room one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    All,
    /// Those that name one.
    Mentions,
    None,
}

impl Level {
    /// Where nobody chose.
    pub(crate) fn usual(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Direct => Self::All,
            RoomKind::Public | RoomKind::Private => Self::Mentions,
        }
    }

    /// The level of a [`Self::word`].
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::All, Self::Mentions, Self::None].into_iter().find(|level| level.word() == word)
    }

    /// As menus call it, and the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }

    /// How many of a room's unread messages one is told of.
    pub(crate) fn counted(self, unread: u32, mentions: u32) -> u32 {
        match self {
            Self::All => unread,
            Self::Mentions => mentions,
            Self::None => 0,
        }
    }
}

/// What a person wishes about being told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wishes {
    pub(crate) do_not_disturb: bool,
    /// Notifications make no sound.
    pub(crate) silent: bool,
    /// Closing the window does not end the program.
    pub(crate) keep_running: bool,
    /// Where it differs from what is usual.
    rooms: BTreeMap<u64, Level>,
}

impl Wishes {
    /// The level of a room.
    pub(crate) fn level(&self, room: RoomId, kind: RoomKind) -> Level {
        self.rooms.get(&room.0).copied().unwrap_or_else(|| Level::usual(kind))
    }

    /// Chooses the level of a room. As many rooms as one can be in are remembered.
    pub(crate) fn set_level(&mut self, room: RoomId, kind: RoomKind, level: Level) {
        if level == Level::usual(kind) {
            self.rooms.remove(&room.0);
            return;
        }
        self.rooms.insert(room.0, level);
        if self.rooms.len() > limits::ROOMS_PER_ACCOUNT {
            // The oldest room; it is the likeliest to be left.
            self.rooms.pop_first();
        }
    }
}

/// What somebody knows of a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// Up to where they were told on the desktop, here and since the start.
    pub(crate) told: Seq,
    /// Up to where they have read, anywhere.
    pub(crate) read: Seq,
    /// What was before that is no news any more.
    pub(crate) since: Timestamp,
}

impl Known {
    /// Who is let in counts as having read that they are: it is their first event of the room.
    fn lacks_entry(self, item: &Item) -> bool {
        item.time >= self.since && item.seq.is_some_and(|seq| seq >= self.read && seq > self.told)
    }
}

/// What others said in a room since one was last told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arrival {
    pub(crate) newest: Item,
    /// The newest one that names the reader.
    pub(crate) naming: Option<Item>,
}

impl Arrival {
    /// What of these changes is worth telling: messages of others after what was told or read, and
    /// that one of them let the reader in.
    pub(crate) fn of(
        changes: &[TimelineChange],
        known: Known,
        reader: Option<&Reader>,
    ) -> Option<Self> {
        let items = changes.iter().flat_map(|change| match change {
            TimelineChange::Items(items) => &items[..],
            TimelineChange::Gone(_) => &[],
        });
        let (mut newest, mut naming) = (None, None);
        for item in items {
            if is_let_in(item, reader) && known.lacks_entry(item) {
                (newest, naming) = (newer(newest, item), newer(naming, item));
            }
            if item.mine || item.seq.is_none_or(|seq| seq <= known.told.max(known.read)) {
                continue;
            }
            let Content::Text(text) = &item.content else { continue };
            newest = newer(newest, item);
            let handle = reader.map(|reader| &reader.handle);
            // Most messages name nobody, and looking for names takes longer than for the sign.
            if text.as_str().contains('@')
                && handle.is_some_and(|handle| mentions(text.as_str()).contains(handle))
            {
                naming = newer(naming, item);
            }
        }
        Some(Self { newest: newest?.clone(), naming: naming.cloned() })
    }

    /// What is told of it; `None`: nothing.
    pub(crate) fn wanted(self, level: Level) -> Option<Item> {
        match level {
            Level::All => Some(self.newest),
            Level::Mentions => self.naming,
            Level::None => None,
        }
    }
}

/// Whether somebody makes the reader a member.
fn is_let_in(item: &Item, reader: Option<&Reader>) -> bool {
    let Content::Added(member) = &item.content else { return false };
    !item.mine && reader.is_some_and(|reader| reader.account == member.account)
}

fn newer<'a>(before: Option<&'a Item>, item: &'a Item) -> Option<&'a Item> {
    before.filter(|before| before.seq > item.seq).or(Some(item))
}

/// The headline and the text of a notification; `None`: there is nothing to say.
pub(crate) fn words(room: &str, kind: RoomKind, item: &Item) -> Option<(String, String)> {
    let author = item.author.display.as_str();
    let text = match &item.content {
        Content::Text(text) => text.as_str().to_owned(),
        // Nobody else's is worth telling.
        Content::Added(_) => fill(tr("{name} added you"), &[("name", author)]),
        _ => return None,
    };
    let title = match kind {
        RoomKind::Direct => author.to_owned(),
        RoomKind::Public | RoomKind::Private => {
            fill(tr("{name} in {room}"), &[("name", author), ("room", room)])
        }
    };
    Some((title, in_short(&text)))
}

/// The beginning of a text in one line, without what a desktop might act upon.
fn in_short(text: &str) -> String {
    // Anything longer is cut off anyway; this much leaves room for what is squeezed out.
    let beginning: String = text.chars().take(4 * SHOWN_CHARS).collect();
    let line = beginning.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown = line.chars().filter(|c| !c.is_control());
    let short: String = shown.by_ref().take(SHOWN_CHARS).collect();
    if shown.next().is_some() || text.chars().nth(4 * SHOWN_CHARS).is_some() {
        format!("{short}…")
    } else {
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{author, joined_item, my_item, text_item};

    fn reader(name: &str) -> Reader {
        let author = author(name);
        Reader { account: author.account, handle: author.handle }
    }

    fn arrival(items: Vec<Item>, told: u64) -> Option<Arrival> {
        let known = Known { told: Seq(0), read: Seq(told), since: Timestamp(0) };
        Arrival::of(&[TimelineChange::Items(items)], known, Some(&reader("Beto")))
    }

    fn seq(item: Option<Item>) -> Option<u64> {
        item.and_then(|item| item.seq).map(|seq| seq.0)
    }

    #[test]
    fn one_is_told_of_what_others_said_since() {
        assert_eq!(arrival(vec![my_item(1, 1, "x"), joined_item(2, "Ana")], 0), None);
        assert_eq!(arrival(vec![text_item(3, "Ana", "old")], 3), None);
        let news = vec![text_item(5, "Ana", "b"), text_item(4, "Ana", "a")];
        assert_eq!(seq(arrival(news, 3).unwrap().wanted(Level::All)), Some(5));
    }

    #[test]
    fn one_is_told_of_being_let_in_and_not_of_others() {
        let added = |seq, whom| Item {
            content: Content::Added(author(whom)),
            ..text_item(seq, "Ana", "x")
        };
        assert_eq!(arrival(vec![added(1, "Caro")], 0), None);
        let news = arrival(vec![added(1, "Caro"), added(2, "Beto")], 2).unwrap();
        let item = news.wanted(Level::Mentions).unwrap();
        assert_eq!(item.seq, Some(Seq(2)));
        let again = [TimelineChange::Items(vec![added(2, "Beto")])];
        let told = Known { told: Seq(2), read: Seq(2), since: Timestamp(0) };
        let long_ago = Known { told: Seq(0), read: Seq(2), since: Timestamp(u64::MAX) };
        for known in [told, long_ago] {
            assert_eq!(Arrival::of(&again, known, Some(&reader("Beto"))), None);
        }
        let (title, text) = words("#kitchen", RoomKind::Private, &item).unwrap();
        assert_eq!((&*title, &*text), ("Ana in #kitchen", "Ana added you"));
    }

    #[test]
    fn a_level_says_which_message_is_told() {
        let items = vec![
            text_item(1, "Ana", "@beto come"),
            text_item(2, "Ana", "write to beto@example.org"),
            text_item(3, "Ana", "@betos"),
        ];
        let news = arrival(items, 0).unwrap();
        assert_eq!(seq(news.clone().wanted(Level::Mentions)), Some(1));
        assert_eq!(seq(news.clone().wanted(Level::All)), Some(3));
        assert_eq!(seq(news.wanted(Level::None)), None);
    }

    #[test]
    fn two_people_are_told_everything_and_a_room_only_what_names_one() {
        let mut wishes = Wishes::default();
        assert_eq!(wishes.level(RoomId(1), RoomKind::Direct), Level::All);
        assert_eq!(wishes.level(RoomId(1), RoomKind::Public), Level::Mentions);
        wishes.set_level(RoomId(1), RoomKind::Public, Level::None);
        assert_eq!(wishes.level(RoomId(1), RoomKind::Public), Level::None);
        assert_eq!(wishes.level(RoomId(2), RoomKind::Public), Level::Mentions);
        wishes.set_level(RoomId(1), RoomKind::Public, Level::Mentions);
        assert_eq!(wishes, Wishes::default(), "what is usual is not remembered");
    }

    #[test]
    fn what_one_is_told_of_is_what_is_counted() {
        let counted = |level: Level| level.counted(7, 2);
        assert_eq!([Level::All, Level::Mentions, Level::None].map(counted), [7, 2, 0]);
    }

    #[test]
    fn no_more_rooms_are_remembered_than_one_can_be_in() {
        let mut wishes = Wishes::default();
        for id in 0..limits::ROOMS_PER_ACCOUNT as u64 + 10 {
            wishes.set_level(RoomId(id), RoomKind::Public, Level::All);
        }
        assert_eq!(wishes.rooms.len(), limits::ROOMS_PER_ACCOUNT);
    }

    #[test]
    fn wishes_are_read_back_and_their_words_are_stable() {
        let mut wishes = Wishes { do_not_disturb: true, ..Wishes::default() };
        wishes.set_level(RoomId(7), RoomKind::Public, Level::All);
        let text = serde_json::to_string(&wishes).unwrap();
        let kept =
            r#"{"do_not_disturb":true,"silent":false,"keep_running":false,"rooms":{"7":"all"}}"#;
        assert_eq!(text, kept);
        assert_eq!(serde_json::from_str::<Wishes>(kept).unwrap(), wishes);
    }

    #[test]
    fn a_notification_says_who_where_and_the_beginning() {
        let said = |kind, text| words("#garden", kind, &text_item(1, "Ana", text)).unwrap();
        let (title, text) = said(RoomKind::Public, "one\n\ttwo\u{7}");
        assert_eq!((&*title, &*text), ("Ana in #garden", "one two"));
        let (title, text) = said(RoomKind::Direct, &"é".repeat(SHOWN_CHARS + 1));
        assert_eq!(title, "Ana");
        assert_eq!(text, "é".repeat(SHOWN_CHARS) + "…");
        assert_eq!(words("#garden", RoomKind::Public, &joined_item(1, "Ana")), None);
    }
}
