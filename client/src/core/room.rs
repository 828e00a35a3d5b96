//! One room of one's own: its place, its unread count, its newest message.

use std::collections::VecDeque;

use tertulia_proto::{
    AccountId, Body, Change, Event, Handle, ReadMarker, RoomListing, Seq, mentions,
};

use super::{item::preview, timeline::Timeline};
use crate::model::RoomView;

/// Unread messages are counted up to here, as the server does.
const UNREAD_CAP: u32 = 1_000;
/// Messages of others remembered by seq, so that reading some of them can be counted off.
const REMEMBERED: usize = UNREAD_CAP as usize;

/// Whose client this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Me {
    pub(crate) account: AccountId,
    /// `None` where nobody was ever welcomed.
    pub(crate) handle: Option<Handle>,
}

impl Me {
    /// Nobody yet: no event is of this account.
    pub(crate) const NOBODY: Self = Self { account: AccountId(u64::MAX), handle: None };

    fn is_named_in(&self, body: Option<&Body>) -> bool {
        match (&self.handle, body) {
            // As a rule a text names nobody, and that is seen faster than whom it names.
            (Some(handle), Some(Body::Text(text))) => {
                text.as_str().contains('@') && mentions(text.as_str()).contains(handle)
            }
            _ => false,
        }
    }
}

/// A message of somebody else, beyond the read marker.
#[derive(Debug, Clone, Copy)]
struct Other {
    seq: Seq,
    names_me: bool,
}

/// A room as it stands.
#[derive(Debug)]
pub(crate) struct Room {
    view: RoomView,
    timeline: Timeline,
    /// Up to here the server's own listing goes.
    listed: Seq,
    /// Up to here the server's own count of unread messages goes.
    counted: Seq,
    others: VecDeque<Other>,
}

impl Room {
    /// A room whose events follow `have`.
    pub(crate) fn new(view: RoomView, have: Seq) -> Self {
        Self {
            listed: view.listing.head,
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
        (self.listed, self.counted) = (listing.head, listing.head);
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
    pub(crate) fn arrived(&mut self, event: Event, me: &Me) -> Vec<Event> {
        let ready = self.timeline.arrived(event);
        self.count(&ready, me);
        ready
    }

    /// A page for the hole arrived: the events that are next now.
    pub(crate) fn filled(&mut self, page: Vec<Event>, me: &Me) -> Vec<Event> {
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
        if seq == listing.head {
            self.others.clear();
            (listing.unread, listing.mentions) = (0, 0);
            return true;
        }
        let (now_read, named) = forget(&mut self.others, seq);
        listing.unread = listing.unread.saturating_sub(now_read);
        listing.mentions = listing.mentions.saturating_sub(named);
        true
    }

    /// The server tells how far the account has read, by any of its devices. `false`: this client
    /// has read further, and the server is about to hear of it.
    pub(crate) fn marked(&mut self, marker: &ReadMarker) -> bool {
        let listing = &mut self.view.listing;
        if marker.read < listing.read {
            return false;
        }
        listing.read = marker.read;
        forget(&mut self.others, marker.read);
        let later = || self.others.iter().filter(|other| other.seq > marker.head);
        let named = later().filter(|other| other.names_me).count() as u32;
        listing.unread = marker.unread.saturating_add(later().count() as u32).min(UNREAD_CAP);
        listing.mentions = marker.mentions.saturating_add(named).min(UNREAD_CAP);
        self.counted = self.counted.max(marker.head);
        true
    }

    fn count(&mut self, events: &[Event], me: &Me) {
        if let Some(newest) = preview(events) {
            self.view.preview = Some(newest);
        }
        for event in events {
            let seq = event.head.seq;
            if seq > self.listed {
                follow(&mut self.view.listing, event, me);
            }
            let listing = &mut self.view.listing;
            listing.head = listing.head.max(seq);
            let Change::Posted(posted) = &event.change else {
                continue;
            };
            if event.head.author.account == me.account {
                // What one posted one has read: the server counts the same way.
                listing.read = listing.read.max(seq);
                forget(&mut self.others, seq);
                if seq > self.counted {
                    (listing.unread, listing.mentions) = (0, 0);
                }
                continue;
            }
            if seq <= listing.read {
                continue;
            }
            let names_me = me.is_named_in(posted.body.as_ref());
            self.others.push_back(Other { seq, names_me });
            if self.others.len() > REMEMBERED {
                self.others.pop_front();
            }
            if seq > self.counted {
                listing.unread = (listing.unread + 1).min(UNREAD_CAP);
                listing.mentions = (listing.mentions + u32::from(names_me)).min(UNREAD_CAP);
            }
        }
    }
}

/// Takes those up to `read` out: how many they are, and how many of them name one.
fn forget(others: &mut VecDeque<Other>, read: Seq) -> (u32, u32) {
    let (mut all, mut named) = (0, 0);
    while let Some(other) = others.front().filter(|other| other.seq <= read) {
        all += 1;
        named += u32::from(other.names_me);
        others.pop_front();
    }
    (all, named)
}

/// What an event changes of a room that was listed before it.
fn follow(listing: &mut RoomListing, event: &Event, me: &Me) {
    match &event.change {
        Change::Joined(_) => listing.members = listing.members.saturating_add(1),
        Change::Left(_) | Change::Removed(_) => {
            listing.members = listing.members.saturating_sub(1);
        }
        Change::Added(added) => {
            listing.members = listing.members.saturating_add(1);
            if added.member.account == me.account {
                listing.role = Some(added.role);
            }
        }
        Change::RoleChanged(changed) => {
            if changed.member.account == me.account {
                listing.role = Some(changed.role);
            }
        }
        Change::TopicChanged(changed) => listing.topic.clone_from(&changed.topic),
        Change::RoomRenamed(renamed) => listing.name.clone_from(&renamed.name),
        Change::Archived(archived) => listing.archived = archived.archived,
        Change::Posted(_) | Change::Unknown(_) => {}
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use tertulia_proto::{
        Archived, Author, DisplayName, EventHead, HistoryPolicy, Joined, Left, LogPosition,
        MessageId, MessageText, Posted, Role, RoleChanged, RoomId, RoomKind, RoomName, RoomRenamed,
        Timestamp, Topic, TopicChanged,
    };

    use super::*;

    /// The account of `person-1`.
    pub(crate) fn me() -> Me {
        Me { account: AccountId(1), handle: Some(Handle::new("person-1").unwrap()) }
    }

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
                file: None,
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
            mentions: 0,
            role: Some(Role::Member),
            archived: false,
            history: HistoryPolicy::All,
            peer: None,
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
            room.arrived(posted(seq), &me());
        }
        assert_eq!(unread(&room), 3);
        room.arrived(posted(6), &me());
        assert_eq!(unread(&room), 4);
        room.arrived(posted_by(7, 1), &me());
        assert_eq!((unread(&room), room.view().listing.head), (0, Seq(7)), "who posts has read");
        let (author, text, _) = room.view().preview.clone().unwrap();
        assert_eq!((author.as_str(), text.as_str()), ("person-1", "text 7"));
    }

    #[test]
    fn reading_counts_off_and_never_goes_back() {
        let mut room = room(0, 0, 0, 0);
        for seq in 1..=5 {
            room.arrived(posted(seq), &me());
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
    fn naming(seq: u64, text: &str) -> Event {
        let mut event = posted(seq);
        if let Change::Posted(posted) = &mut event.change {
            posted.body = Some(Body::Text(MessageText::new(text).unwrap()));
        }
        event
    }

    fn counts(room: &Room) -> (u32, u32, u64) {
        let listing = &room.view().listing;
        (listing.unread, listing.mentions, listing.read.0)
    }

    #[test]
    fn messages_that_name_one_are_counted_until_they_are_read() {
        let mut room = room(0, 0, 0, 0);
        room.arrived(posted(1), &me());
        room.arrived(naming(2, "where is @Person-1?"), &me());
        room.arrived(naming(3, "@person-12 is somebody else"), &me());
        assert_eq!(counts(&room), (3, 1, 0));
        room.mark_read(Seq(1));
        assert_eq!(counts(&room), (2, 1, 1));
        room.mark_read(Seq(2));
        assert_eq!(counts(&room), (1, 0, 2));
    }

    #[test]
    fn what_another_device_has_read_is_read_here_too() {
        let mut room = room(0, 0, 0, 0);
        for seq in 1..=4 {
            room.arrived(posted(seq), &me());
        }
        room.arrived(naming(5, "@person-1"), &me());
        let marker = |read, head, unread, mentions| ReadMarker {
            room: RoomId(1),
            read: Seq(read),
            head: Seq(head),
            unread,
            mentions,
        };
        assert!(room.marked(&marker(2, 4, 2, 0)));
        assert_eq!(counts(&room), (3, 1, 2), "the fifth came after the server had counted");
        assert!(!room.marked(&marker(1, 4, 3, 0)), "never back");
        assert!(room.marked(&marker(5, 7, 2, 1)), "counted beyond what is here");
        assert_eq!(counts(&room), (2, 1, 5));
        room.arrived(posted(6), &me());
        room.arrived(naming(7, "@person-1"), &me());
        assert_eq!(counts(&room), (2, 1, 5), "not counted again");
        room.arrived(posted(8), &me());
        assert_eq!(counts(&room), (3, 1, 5));
    }

    #[test]
    fn a_marker_that_overtakes_events_says_nothing_of_members() {
        let mut room = room(1, 1, 0, 1);
        let marker =
            ReadMarker { room: RoomId(1), read: Seq(2), head: Seq(3), unread: 0, mentions: 0 };
        assert!(room.marked(&marker));
        room.arrived(posted(2), &me());
        let change = Change::Left(Left {});
        room.arrived(Event { change, ..posted(3) }, &me());
        assert_eq!(room.view().listing.members, 1);
    }

    #[test]
    fn a_room_is_as_its_events_made_it() {
        let mut room = room(1, 1, 0, 1);
        let mut seq = 1;
        let mut happens = |room: &mut Room, change: Change| {
            seq += 1;
            let event = Event { change, ..posted(seq) };
            room.arrived(event, &me());
            room.view().listing.clone()
        };
        let author = posted_by(1, 1).head.author;
        let topic = Topic::new("plants").unwrap();
        let changed = Change::TopicChanged(TopicChanged { topic: topic.clone() });
        assert_eq!(happens(&mut room, changed).topic, topic);
        let name = RoomName::new("garden").unwrap();
        let renamed = Change::RoomRenamed(RoomRenamed { name: name.clone() });
        assert_eq!(happens(&mut room, renamed).name, name);
        assert!(happens(&mut room, Change::Archived(Archived { archived: true })).archived);
        assert_eq!(happens(&mut room, Change::Joined(Joined {})).members, 3);
        assert_eq!(happens(&mut room, Change::Left(Left {})).members, 2);
        let role = Role::Moderator;
        let change = Change::RoleChanged(RoleChanged { member: author, role });
        assert_eq!(happens(&mut room, change).role, Some(role));
        assert_eq!(unread(&room), 0, "no messages");
    }
}
