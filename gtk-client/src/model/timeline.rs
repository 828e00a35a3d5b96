//! One room's timeline as lines to show: which items are there, in which order, with which
//! dividers and in which groups. Pure: no widgets, no clock.

mod parcels;
mod quotes;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use tertulia_client::{
    Content, Delivery, Item, ItemKey,
    proto::{AccountId, Handle, MessageId, Seq, Timestamp, mentions},
};

pub(crate) use self::{parcels::Carried, quotes::Answered};
use self::{parcels::Parcels, quotes::Quotes};

/// Messages of one sender this far apart are still one group, in milliseconds.
const GROUP_MS: u64 = 5 * 60 * 1_000;
/// Days begin and end with one of these, in every place there is.
const QUARTER_MS: u64 = 15 * 60 * 1_000;
/// Cards a room keeps; the oldest goes.
const CARDS: usize = 20;

/// A day of the reader's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) day: i32,
}

/// Something told to this reader only.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) id: u64,
    pub(crate) about: About,
    pub(crate) title: String,
    pub(crate) note: String,
    /// One line each.
    pub(crate) body: String,
    /// The newest item when it was made.
    after: Option<ItemKey>,
}

/// What a card tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Who is connected.
    People,
    /// What one can type.
    Words,
}

/// Whose window it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) account: AccountId,
    pub(crate) handle: Handle,
}

/// One row of the list.
#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// What follows was written on this day.
    Day(Day),
    /// What follows is new.
    New,
    /// A message; `first` and `last` of its group; the reader's handle, where it names them; what
    /// it answers; how far it is with its file, where that was fetched or is sent.
    Message {
        item: Rc<Item>,
        first: bool,
        last: bool,
        names_me: Option<Rc<Handle>>,
        answers: Option<Answered>,
        carried: Option<Carried>,
    },
    /// Something else that happened; whether it was done to the reader.
    Note { item: Rc<Item>, to_me: bool },
    /// For this reader only.
    Card(Rc<Card>),
}

impl Line {
    /// Whether both show the same. Cheap where nothing changed.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let same_item = |a: &Rc<Item>, b: &Rc<Item>| Rc::ptr_eq(a, b) || a == b;
        match (self, other) {
            (Self::Day(a), Self::Day(b)) => a == b,
            (Self::New, Self::New) => true,
            (
                Self::Message { item: a, first, last, names_me, answers, carried },
                Self::Message {
                    item: b,
                    first: b_first,
                    last: b_last,
                    names_me: b_names_me,
                    answers: b_answers,
                    carried: b_carried,
                },
            ) => {
                (first, last, names_me, answers) == (b_first, b_last, b_names_me, b_answers)
                    && carried == b_carried
                    && same_item(a, b)
            }
            (Self::Note { item: a, to_me }, Self::Note { item: b, to_me: b_to_me }) => {
                to_me == b_to_me && same_item(a, b)
            }
            (Self::Card(a), Self::Card(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// The items of one room that are loaded, and what is shown among them.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    items: BTreeMap<ItemKey, Rc<Item>>,
    keys: BTreeMap<MessageId, ItemKey>,
    reader: Option<Reader>,
    handle: Option<Rc<Handle>>,
    /// Messages of others that name the reader.
    naming: BTreeSet<ItemKey>,
    /// In a room of two nobody comes or goes.
    is_direct: bool,
    /// Written but not yet in the outbox: shown at once, until the outbox tells.
    echoes: Vec<(u64, Rc<Item>)>,
    cards: Vec<Rc<Card>>,
    quotes: Quotes,
    parcels: Parcels,
    /// The divider "new" goes before the first of others' messages after this.
    new_after: Option<Seq>,
    next_id: u64,
}

impl Timeline {
    /// Whose window it is; to be told before there are items.
    pub(crate) fn set_reader(&mut self, reader: Option<Reader>) {
        self.handle = reader.as_ref().map(|reader| Rc::new(reader.handle.clone()));
        self.reader = reader;
    }

    /// Whether it is a room of two.
    pub(crate) fn set_direct(&mut self, is_direct: bool) {
        self.is_direct = is_direct;
    }

    /// Adds or replaces items.
    pub(crate) fn upsert(&mut self, items: Vec<Item>) {
        for item in items {
            let Some(key) = item.key() else { continue };
            if let Some(id) = item.message_id {
                match self.keys.insert(id, key) {
                    Some(old) if old != key => self.moved(old, key),
                    Some(_) => {}
                    None => {
                        self.drop_echo_of(&item);
                        self.drop_sent(&item);
                    }
                }
            }
            if self.names_reader(&item) {
                self.naming.insert(key);
            } else {
                self.naming.remove(&key);
            }
            let replaced = self.items.insert(key, Rc::new(item));
            if let Some(old) = replaced.and_then(|old| old.message_id)
                && self.items[&key].message_id != Some(old)
            {
                self.keys.remove(&old);
            }
        }
    }

    /// Takes an item out.
    pub(crate) fn remove(&mut self, id: MessageId) {
        if let Some(key) = self.keys.remove(&id) {
            self.items.remove(&key);
            self.naming.remove(&key);
        }
    }

    /// Forgets the items, not what was told to this reader only.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.keys.clear();
        self.naming.clear();
        self.quotes.clear();
    }

    /// A message that is loaded.
    pub(crate) fn item(&self, id: MessageId) -> Option<&Rc<Item>> {
        self.items.get(self.keys.get(&id)?)
    }

    /// The item of that number, if it is loaded.
    pub(crate) fn placed(&self, seq: Seq) -> Option<&Rc<Item>> {
        self.items.get(&ItemKey::Placed(seq))
    }

    /// The items that are loaded, in order.
    pub(crate) fn items(&self) -> impl DoubleEndedIterator<Item = &Rc<Item>> {
        self.items.values()
    }

    /// How many items are loaded.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Drops the oldest items beyond `limit`; whether any was.
    pub(crate) fn trim(&mut self, limit: usize) -> bool {
        let trimmed = self.items.len() > limit;
        while self.items.len() > limit {
            let Some((key, item)) = self.items.pop_first() else {
                break;
            };
            if let Some(id) = item.message_id {
                self.keys.remove(&id);
            }
            self.naming.remove(&key);
            self.cards.retain(|card| card.after > Some(key));
        }
        trimmed
    }

    /// The oldest and the newest numbered item.
    pub(crate) fn span(&self) -> Option<(Seq, Seq)> {
        let mut placed = self.items.keys().filter_map(|key| match key {
            ItemKey::Placed(seq) => Some(*seq),
            ItemKey::Waiting(_) => None,
        });
        let oldest = placed.next()?;
        Some((oldest, placed.next_back().unwrap_or(oldest)))
    }

    /// Shows what was written before anything was told about it. Gives what [`Self::drop_echo`]
    /// takes.
    pub(crate) fn echo(&mut self, item: Item) -> u64 {
        let id = self.take_id();
        self.echoes.push((id, Rc::new(item)));
        id
    }

    /// The message was not taken, or it is in the outbox and shows from there.
    pub(crate) fn drop_echo(&mut self, id: u64) {
        self.echoes.retain(|(echo, _)| *echo != id);
    }

    /// Tells this reader something, below all that is there now; where that is the same, told
    /// before, in its place.
    pub(crate) fn add_card(&mut self, about: About, title: String, note: String, body: String) {
        let after = self.items.last_key_value().map(|(key, _)| *key);
        self.cards.pop_if(|last| last.about == about && last.after == after);
        let card = Card { id: self.take_id(), about, title, note, body, after };
        self.cards.push(Rc::new(card));
        if self.cards.len() > CARDS {
            self.cards.remove(0);
        }
    }

    /// Takes a card away.
    pub(crate) fn drop_card(&mut self, id: u64) {
        self.cards.retain(|card| card.id != id);
    }

    /// Where the divider "new" goes; `None`: there is none.
    pub(crate) fn set_new_after(&mut self, seq: Option<Seq>) {
        self.new_after = seq;
    }

    /// Where the divider "new" goes, be that loaded or not.
    pub(crate) fn new_after(&self) -> Option<Seq> {
        self.new_after
    }

    /// All lines, oldest first. `day_of` tells the reader's day of a time.
    pub(crate) fn lines(&self, day_of: impl Fn(Timestamp) -> Day) -> Vec<Line> {
        let mut builder = Builder::new(day_of);
        let me = self.reader.as_ref().map(|reader| reader.account);
        let mut cards = self.cards.iter().peekable();
        let mut new_after = self.new_after.filter(|seq| self.reaches(*seq));
        for (key, item) in &self.items {
            while let Some(card) = cards.next_if(|card| card.after < Some(*key)) {
                builder.card(card);
            }
            let is_new = !item.mine
                && is_message(&item.content)
                && item.seq.is_some_and(|seq| Some(seq) > new_after);
            if new_after.is_some() && is_new {
                new_after = None;
                builder.begin_new(item.time);
            }
            match &item.content {
                Content::Joined | Content::Left if self.is_direct => {}
                Content::Added(member)
                | Content::Removed(member)
                | Content::RoleChanged(member, _) => {
                    builder.note(item, Some(member.account) == me);
                }
                Content::Unknown => {}
                content if is_message(content) => {
                    let naming = self.handle.as_ref().filter(|_| self.naming.contains(key));
                    builder.message(item, naming.cloned(), self.answered(item), self.carried(item));
                }
                _ => builder.note(item, false),
            }
        }
        cards.for_each(|card| builder.card(card));
        for (_, echo) in &self.echoes {
            builder.message(echo, None, self.answered(echo), None);
        }
        for (item, carried) in self.sent() {
            builder.message(item, None, self.answered(item), Some(carried));
        }
        builder.lines
    }

    /// Whether what follows `seq` is loaded: before that nobody knows what the first new one is.
    fn reaches(&self, seq: Seq) -> bool {
        self.span().is_some_and(|(oldest, _)| oldest <= seq.next())
    }

    fn names_reader(&self, item: &Item) -> bool {
        match (&item.content, &self.reader) {
            (Content::Text(text), Some(reader)) if !item.mine && text.as_str().contains('@') => {
                mentions(text.as_str()).contains(&reader.handle)
            }
            _ => false,
        }
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A waiting message got its place: what hung on it goes along.
    fn moved(&mut self, old: ItemKey, new: ItemKey) {
        self.items.remove(&old);
        for card in &mut self.cards {
            if card.after == Some(old) {
                *card = Rc::new(Card {
                    id: card.id,
                    about: card.about,
                    title: card.title.clone(),
                    note: card.note.clone(),
                    body: card.body.clone(),
                    after: Some(new),
                });
            }
        }
    }

    /// The outbox tells of a message that already shows.
    fn drop_echo_of(&mut self, item: &Item) {
        if item.mine
            && let Some(at) = self.echoes.iter().position(|(_, echo)| echo.content == item.content)
        {
            self.echoes.remove(at);
        }
    }
}

/// Exhaustive, so that a new kind is thought about.
fn is_message(content: &Content) -> bool {
    match content {
        Content::Text(_) | Content::Redacted | Content::Unreadable => true,
        Content::Joined
        | Content::Left
        | Content::Added(_)
        | Content::Removed(_)
        | Content::RoleChanged(..)
        | Content::TopicChanged(_)
        | Content::RoomRenamed(_)
        | Content::Archived(_)
        | Content::Unknown => false,
    }
}

struct Builder<F> {
    day_of: F,
    /// The day of the quarter of an hour that was asked for last.
    known: Option<(u64, Day)>,
    day: Option<Day>,
    lines: Vec<Line>,
}

impl<F: Fn(Timestamp) -> Day> Builder<F> {
    fn new(day_of: F) -> Self {
        Self { day_of, known: None, day: None, lines: Vec::new() }
    }

    fn message(
        &mut self,
        item: &Rc<Item>,
        names_me: Option<Rc<Handle>>,
        answers: Option<Answered>,
        carried: Option<Carried>,
    ) {
        self.begin_day(item.time);
        let first = !self.continue_group(item);
        let item = item.clone();
        self.lines.push(Line::Message { item, first, last: true, names_me, answers, carried });
    }

    fn note(&mut self, item: &Rc<Item>, to_me: bool) {
        self.begin_day(item.time);
        self.lines.push(Line::Note { item: item.clone(), to_me });
    }

    fn card(&mut self, card: &Rc<Card>) {
        self.lines.push(Line::Card(card.clone()));
    }

    fn begin_new(&mut self, time: Timestamp) {
        self.begin_day(time);
        self.lines.push(Line::New);
    }

    fn begin_day(&mut self, time: Timestamp) {
        let quarter = time.0 / QUARTER_MS;
        let day = match self.known {
            Some((known, day)) if known == quarter => day,
            _ => (self.day_of)(time),
        };
        self.known = Some((quarter, day));
        if self.day != Some(day) {
            self.day = Some(day);
            self.lines.push(Line::Day(day));
        }
    }

    /// Whether the line before is of the same group, which then does not end there.
    fn continue_group(&mut self, item: &Item) -> bool {
        let Some(Line::Message { item: before, last, .. }) = self.lines.last_mut() else {
            return false;
        };
        let same = before.author.account == item.author.account
            && item.time.0.abs_diff(before.time.0) <= GROUP_MS
            && !matches!(before.delivery, Delivery::Failed(_));
        *last = !same;
        same
    }
}

/// What turns one list of lines into another: replace `removed` lines from `at` on by
/// `new[at..at + added]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) at: usize,
    pub(crate) removed: usize,
    pub(crate) added: usize,
}

/// The smallest single replacement; `None` where both are the same.
pub(crate) fn splice(old: &[Line], new: &[Line]) -> Option<Splice> {
    let same = |(a, b): &(&Line, &Line)| a.same(b);
    let at = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[at..], &new[at..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let splice = Splice { at, removed: old.len() - end, added: new.len() - end };
    (splice.removed + splice.added > 0).then_some(splice)
}

#[cfg(test)]
mod tests;
