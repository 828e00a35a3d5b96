//! What was typed and not sent, by room, and when that is to be written down.

use std::{collections::BTreeMap, fmt, time::Duration};

use tertulia_proto::{RoomId, limits};

/// Between two writes: typing is not to keep the disk busy.
const PACE: Duration = Duration::from_secs(1);
/// The longest draft kept: longer than a message can be, so that one is kept while it is cut.
const DRAFT_BYTES: usize = 4 * limits::TEXT_BYTES;

/// See the module. Its `Debug` leaves the texts out.
#[derive(Default)]
pub(crate) struct Drafts {
    texts: BTreeMap<RoomId, String>,
    is_changed: bool,
    written_at: Option<Duration>,
}

impl Drafts {
    /// As they were kept.
    pub(crate) fn kept(mut texts: BTreeMap<RoomId, String>) -> Self {
        texts.retain(|_, text| is_kept(text));
        while texts.len() > limits::ROOMS_PER_ACCOUNT {
            texts.pop_last();
        }
        Self { texts, ..Self::default() }
    }

    /// Takes a room's draft; an empty one is none. One that is too long, or of too many rooms, is
    /// not kept, and neither is what it replaces.
    pub(crate) fn set(&mut self, room: RoomId, text: String) {
        let before = self.texts.remove(&room);
        if is_kept(&text) && self.texts.len() < limits::ROOMS_PER_ACCOUNT {
            self.texts.insert(room, text);
        }
        self.is_changed |= before.as_ref() != self.texts.get(&room);
    }

    /// The rooms are others now.
    pub(crate) fn clear(&mut self) {
        self.is_changed |= !self.texts.is_empty();
        self.texts.clear();
    }

    /// All of them.
    pub(crate) fn all(&self) -> &BTreeMap<RoomId, String> {
        &self.texts
    }

    /// When they are to be written.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.is_changed.then(|| self.written_at.map_or(Duration::ZERO, |at| at + PACE))
    }

    /// What is to be written now.
    pub(crate) fn take(&mut self, now: Duration) -> BTreeMap<RoomId, String> {
        self.is_changed = false;
        self.written_at = Some(now);
        self.texts.clone()
    }
}

impl fmt::Debug for Drafts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drafts").field("rooms", &self.texts.len()).finish_non_exhaustive()
    }
}

fn is_kept(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= DRAFT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(texts: &[(u64, &str)]) -> Drafts {
        let mut drafts = Drafts::default();
        texts.iter().for_each(|(room, text)| drafts.set(RoomId(*room), (*text).to_owned()));
        drafts
    }

    #[test]
    fn they_are_written_at_most_once_a_second_and_only_when_something_changed() {
        let mut drafts = drafts(&[(1, "a")]);
        assert_eq!(drafts.due(), Some(Duration::ZERO));
        let now = Duration::from_secs(5);
        assert_eq!(drafts.take(now).len(), 1);
        assert_eq!(drafts.due(), None);
        drafts.set(RoomId(1), "a".to_owned());
        assert_eq!(drafts.due(), None, "it is the same");
        drafts.set(RoomId(1), "ab".to_owned());
        assert_eq!(drafts.due(), Some(now + PACE));
    }

    #[test]
    fn nothing_typed_is_no_draft() {
        let mut drafts = drafts(&[(1, "a"), (2, " \n"), (3, "")]);
        assert_eq!(drafts.all().len(), 1);
        drafts.set(RoomId(1), String::new());
        assert!(drafts.all().is_empty());
        assert!(drafts.due().is_some(), "that it is gone is to be written too");
    }

    #[test]
    fn they_are_bounded_in_number_and_in_size() {
        let mut drafts = drafts(&[(1, "a")]);
        drafts.set(RoomId(1), "x".repeat(DRAFT_BYTES + 1));
        assert!(drafts.all().is_empty());
        for room in 0..=limits::ROOMS_PER_ACCOUNT as u64 {
            drafts.set(RoomId(room), "x".repeat(2));
        }
        assert_eq!(drafts.all().len(), limits::ROOMS_PER_ACCOUNT);
        let many = (0..600).map(|room| (RoomId(room), "x".to_owned())).collect();
        assert_eq!(Drafts::kept(many).all().len(), limits::ROOMS_PER_ACCOUNT);
    }

    #[test]
    fn debug_tells_no_text() {
        let shown = format!("{:?}", drafts(&[(1, "a secret")]));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
