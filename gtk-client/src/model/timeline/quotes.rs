//! What messages answer: quoted from what is loaded, or from what was fetched for that alone.

use std::{collections::BTreeMap, rc::Rc};

use tertulia_client::{Content, Item, proto::Seq};

use super::Timeline;

/// Messages kept only to be quoted; beyond, answers are shown without what they answer.
const QUOTES: usize = 500;

/// What a message answers, as far as it is known here.
#[derive(Debug, Clone)]
pub(crate) enum Answered {
    /// This message.
    Message(Rc<Item>),
    /// One that is not loaded.
    Unknown(Seq),
    /// One that this reader can't have.
    Withheld(Seq),
}

impl PartialEq for Answered {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Message(a), Self::Message(b)) => Rc::ptr_eq(a, b) || a == b,
            (Self::Unknown(a), Self::Unknown(b)) | (Self::Withheld(a), Self::Withheld(b)) => a == b,
            _ => false,
        }
    }
}

/// What was fetched to be quoted; `None`: there is nothing to be had.
#[derive(Debug, Default)]
pub(super) struct Quotes(BTreeMap<Seq, Option<Rc<Item>>>);

impl Quotes {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Timeline {
    /// What an item answers.
    pub(super) fn answered(&self, item: &Item) -> Option<Answered> {
        let seq = item.reply_to?;
        let found = match self.placed(seq) {
            Some(item) => Some(item),
            None => match self.quotes.0.get(&seq) {
                Some(fetched) => fetched.as_ref(),
                None => return Some(Answered::Unknown(seq)),
            },
        };
        let found = found.filter(|item| can_be_quoted(&item.content));
        Some(found.map_or(Answered::Withheld(seq), |item| Answered::Message(item.clone())))
    }

    /// The newest message that is answered by a loaded one, and not known.
    pub(crate) fn wanted_quote(&self) -> Option<Seq> {
        if self.quotes.0.len() >= QUOTES {
            return None;
        }
        let answered = self.items().rev().filter_map(|item| item.reply_to);
        let mut unknown =
            answered.filter(|seq| self.placed(*seq).is_none() && !self.quotes.0.contains_key(seq));
        unknown.next()
    }

    /// A message was fetched to be quoted; `None`: there is nothing to be had.
    pub(crate) fn quote(&mut self, seq: Seq, item: Option<Item>) {
        if self.quotes.0.len() < QUOTES {
            self.quotes.0.insert(seq, item.map(Rc::new));
        }
    }
}

/// Numbers are of everything that happens; only messages are answered.
fn can_be_quoted(content: &Content) -> bool {
    matches!(content, Content::Text(_) | Content::Redacted | Content::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Line,
        calendar::day_of,
        testing::{joined_item, text_item},
    };

    fn answer(seq: u64, to: u64) -> Item {
        Item { reply_to: Some(Seq(to)), ..text_item(seq, "beto", "yes") }
    }

    /// What the lines quote, in order.
    fn quoted(timeline: &Timeline) -> Vec<Answered> {
        let of = |line| match line {
            Line::Message { answers, .. } => answers,
            _ => None,
        };
        timeline.lines(day_of).into_iter().filter_map(of).collect()
    }

    #[test]
    fn an_answer_quotes_what_is_loaded_or_was_fetched() {
        let mut timeline = Timeline::default();
        timeline.upsert(vec![text_item(5, "ana", "who comes?"), answer(6, 5), answer(7, 2)]);
        let loaded = Answered::Message(Rc::new(text_item(5, "ana", "who comes?")));
        assert_eq!(quoted(&timeline), [loaded.clone(), Answered::Unknown(Seq(2))]);
        assert_eq!(timeline.wanted_quote(), Some(Seq(2)));
        timeline.quote(Seq(2), Some(text_item(2, "ana", "earlier")));
        let fetched = Answered::Message(Rc::new(text_item(2, "ana", "earlier")));
        assert_eq!(quoted(&timeline), [loaded, fetched]);
        assert_eq!(timeline.wanted_quote(), None);
    }

    #[test]
    fn what_can_not_be_had_is_not_asked_for_again() {
        let mut timeline = Timeline::default();
        timeline.upsert(vec![joined_item(5, "ana"), answer(6, 5), answer(7, 2)]);
        timeline.quote(Seq(2), None);
        assert_eq!(quoted(&timeline), [Answered::Withheld(Seq(5)), Answered::Withheld(Seq(2))]);
        assert_eq!(timeline.wanted_quote(), None);
    }

    #[test]
    fn no_more_quotes_are_kept_than_the_bound_says() {
        let mut timeline = Timeline::default();
        for seq in 0..QUOTES as u64 + 10 {
            timeline.quote(Seq(seq), None);
        }
        timeline.upsert(vec![answer(9_001, 9_000)]);
        assert_eq!((timeline.quotes.0.len(), timeline.wanted_quote()), (QUOTES, None));
    }
}
