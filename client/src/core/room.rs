//! One room of one's own: its place, its unread count, its newest message.

use std::collections::VecDeque;

use tertulia_proto::{AccountId, Body, Change, Event, MessageText, RoomListing, Seq, Timestamp};

use super::timeline::Timeline;
use crate::model::{Content, Delivery, Item, RoomView};

/// Unread messages are counted up to here, as the server does.
const UNREAD_CAP: u32 = 1_000;
/// Messages of others remembered by seq, so that reading some of them can be counted off.
const REMEMBERED: usize = UNREAD_CAP as usize;

/// A room as it stands.
#[derive(Debug)]
pub(crate) struct Room {
    view: RoomView,
    timeline: Timeline,
    /// Up to here the server's own count of unread messages goes.
    counted: Seq,
    others: VecDeque<Seq>,
}

impl Room {
    /// A room whose events follow `have`.
    pub(crate) fn new(view: RoomView, have: Seq) -> Self {
        Self {
            counted: view.listing.head,
            view,
            timeline: Timeline::new(have),
            others: VecDeque::new(),
        }
    }

    /// What a room list shows.
    pub(crate) fn view(&self) -> &RoomView {
        &self.view
    }

    /// Its place.
    pub(crate) fn timeline(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// The newest event of the run without gaps.
    pub(crate) fn have(&self) -> Seq {
        self.timeline.have()
    }

    /// The server tells the room as it stands, and that events follow from `next` on. `true`: the
    /// timeline jumped.
    pub(crate) fn opened(&mut self, listing: RoomListing, next: Seq) -> bool {
        // A head below what is here: the server's history was replaced by an older one.
        let is_replaced = listing.head < self.have();
        self.counted = listing.head;
        self.view.listing = listing;
        if is_replaced {
            self.reset(next);
        }
        self.jumped(next) || is_replaced
    }

    /// Events before `next` that did not come will not come. `true`: there are any.
    pub(crate) fn jumped(&mut self, next: Seq) -> bool {
        let jumped = next > self.have().next();
        if jumped {
            self.reset(next);
        }
        jumped
    }

    fn reset(&mut self, next: Seq) {
        self.timeline.reset(next.prev());
        self.others.clear();
    }

    /// An event arrived: those that are next now.
    pub(crate) fn arrived(&mut self, event: Event, me: AccountId) -> Vec<Event> {
        let ready = self.timeline.arrived(event);
        self.count(&ready, me);
        ready
    }

    /// A page for the hole arrived: the events that are next now.
    pub(crate) fn filled(&mut self, page: Vec<Event>, me: AccountId) -> Vec<Event> {
        let ready = self.timeline.filled(page);
        self.count(&ready, me);
        ready
    }

    /// Moves the read marker forward. `false`: it was there already.
    pub(crate) fn mark_read(&mut self, seq: Seq) -> bool {
        let listing = &mut self.view.listing;
        let seq = seq.min(listing.head);
        if seq <= listing.read {
            return false;
        }
        listing.read = seq;
        let known_before = self.others.len();
        while self.others.front().is_some_and(|other| *other <= seq) {
            self.others.pop_front();
        }
        let now_read = (known_before - self.others.len()) as u32;
        listing.unread = match seq == listing.head {
            true => 0,
            false => listing.unread.saturating_sub(now_read),
        };
        true
    }

    fn count(&mut self, events: &[Event], me: AccountId) {
        if let Some(newest) = preview(events) {
            self.view.preview = Some(newest);
        }
        for event in events {
            let seq = event.head.seq;
            let listing = &mut self.view.listing;
            listing.head = listing.head.max(seq);
            let is_posted = matches!(event.change, Change::Posted(_));
            if !is_posted || event.head.author.account == me || seq <= listing.read {
                continue;
            }
            self.others.push_back(seq);
            if self.others.len() > REMEMBERED {
                self.others.pop_front();
            }
            if seq > self.counted {
                listing.unread = (listing.unread + 1).min(UNREAD_CAP);
            }
        }
    }
}

impl Item {
    /// An event as the account `me` sees it.
    pub(crate) fn of_event(event: &Event, me: AccountId) -> Self {
        let head = &event.head;
        let (message_id, content) = match &event.change {
            Change::Posted(posted) => (Some(posted.message_id), content(posted.body.as_ref())),
            Change::Joined(_) => (None, Content::Joined),
            Change::Left(_) => (None, Content::Left),
            Change::Unknown(_) => (None, Content::Unknown),
        };
        Self {
            seq: Some(head.seq),
            message_id,
            author: head.author.clone(),
            time: head.time,
            mine: head.author.account == me,
            content,
            delivery: Delivery::Sent,
        }
    }
}

fn content(body: Option<&Body>) -> Content {
    match body {
        Some(Body::Text(text)) => Content::Text(MessageText::clone(text)),
        Some(Body::Opaque { .. }) => Content::Unreadable,
        None => Content::Redacted,
    }
}

/// The newest text among `events`, as a room list shows it.
pub(crate) fn preview(events: &[Event]) -> Option<(String, String, Timestamp)> {
    events.iter().rev().find_map(|event| match &event.change {
        Change::Posted(posted) => match &posted.body {
            Some(Body::Text(text)) => Some((
                event.head.author.display.as_str().to_owned(),
                text.as_str().to_owned(),
                event.head.time,
            )),
            _ => None,
        },
        _ => None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use tertulia_proto::{
        Author, DisplayName, EventHead, Handle, LogPosition, MessageId, Posted, RoomId, RoomKind,
        RoomName, Topic,
    };

    use super::*;

    pub(crate) const ME: AccountId = AccountId(1);

    pub(crate) fn posted_by(seq: u64, account: u64) -> Event {
        let name = format!("person-{account}");
        Event {
            head: EventHead {
                room: RoomId(1),
                seq: Seq(seq),
                position: LogPosition(seq),
                time: Timestamp(1_000 + seq),
                author: Author {
                    account: AccountId(account),
                    handle: Handle::new(&name).unwrap(),
                    display: DisplayName::new(&name).unwrap(),
                },
            },
            change: Change::Posted(Posted {
                message_id: MessageId::new(Timestamp(seq), [account as u8; 10]),
                reply_to: None,
                body: Some(Body::Text(MessageText::new(&format!("text {seq}")).unwrap())),
                edited: None,
            }),
        }
    }

    pub(crate) fn posted(seq: u64) -> Event {
        posted_by(seq, 2)
    }

    pub(crate) fn listing(head: u64, read: u64, unread: u32) -> RoomListing {
        RoomListing {
            room: RoomId(1),
            name: RoomName::new("lobby").unwrap(),
            kind: RoomKind::Public,
            topic: Topic::default(),
            members: 2,
            unread,
            entered: true,
            head: Seq(head),
            read: Seq(read),
        }
    }

    fn room(head: u64, read: u64, unread: u32, have: u64) -> Room {
        let view = RoomView { listing: listing(head, read, unread), preview: None };
        Room::new(view, Seq(have))
    }

    fn unread(room: &Room) -> u32 {
        room.view().listing.unread
    }

    #[test]
    fn what_the_server_counted_is_not_counted_again() {
        let mut room = room(5, 2, 3, 2);
        for seq in 3..=5 {
            room.arrived(posted(seq), ME);
        }
        assert_eq!(unread(&room), 3);
        room.arrived(posted(6), ME);
        room.arrived(posted_by(7, ME.0), ME);
        assert_eq!((unread(&room), room.view().listing.head), (4, Seq(7)));
        let (author, text, _) = room.view().preview.clone().unwrap();
        assert_eq!((author.as_str(), text.as_str()), ("person-1", "text 7"));
    }

    #[test]
    fn reading_counts_off_and_never_goes_back() {
        let mut room = room(0, 0, 0, 0);
        for seq in 1..=5 {
            room.arrived(posted(seq), ME);
        }
        assert!(room.mark_read(Seq(3)));
        assert_eq!(unread(&room), 2);
        assert!(!room.mark_read(Seq(2)));
        assert!(room.mark_read(Seq(900)), "as far as there is something");
        assert_eq!((unread(&room), room.view().listing.read), (0, Seq(5)));
    }

    #[test]
    fn a_history_that_was_replaced_by_an_older_one_starts_afresh() {
        let mut room = room(9, 0, 0, 9);
        assert!(room.opened(listing(4, 0, 0), Seq(1)));
        assert_eq!(room.have(), Seq(0));
        assert!(!room.opened(listing(4, 0, 0), Seq(1)));
    }

    #[test]
    fn a_jump_moves_the_place_and_no_jump_does_not() {
        let mut room = room(9, 0, 9, 4);
        assert!(!room.opened(listing(9, 0, 9), Seq(5)));
        assert!(!room.opened(listing(9, 0, 9), Seq(3)), "an overlap is no jump");
        assert_eq!(room.have(), Seq(4));
        assert!(room.opened(listing(99, 0, 99), Seq(50)));
        assert_eq!(room.have(), Seq(49));
    }
}
