//! Made-up things for tests.

use tertulia_client::{
    Account, Connection, Content, Delivery, Item, PresenceView, RoomView, Snapshot,
    proto::{
        AccountId, Attachment, Author, Body, Change, DisplayName, Event, EventHead, FileHash,
        FileName, HistoryPolicy, LogPosition, MessageId, MessageText, Person, Posted, Role, RoomId,
        RoomKind, RoomListing, RoomName, Seq, Timestamp, Topic,
    },
};

pub(crate) fn person(name: &str) -> Person {
    let display = DisplayName::new(name).unwrap();
    Person {
        account: AccountId(name.bytes().map(u64::from).sum()),
        handle: display.handle().unwrap(),
        display,
        role: Role::Member,
        online: true,
    }
}

pub(crate) fn account(name: &str) -> Account {
    let person = person(name);
    Account {
        id: person.account,
        handle: person.handle,
        display: person.display,
        role: Role::Owner,
        server: "chat.example:7575".to_owned(),
    }
}

pub(crate) fn author(name: &str) -> Author {
    let Person { account, handle, display, .. } = person(name);
    Author { account, handle, display }
}

pub(crate) fn text_item(seq: u64, name: &str, text: &str) -> Item {
    Item {
        seq: Some(Seq(seq)),
        message_id: Some(message_id(1_000 + seq)),
        author: author(name),
        time: Timestamp(1_000 + seq),
        mine: false,
        reply_to: None,
        content: Content::Text(MessageText::new(text).unwrap()),
        file: None,
        delivery: Delivery::Sent,
    }
}

/// A posted message, as the wire has it.
pub(crate) fn event(seq: u64) -> Event {
    let posted = Posted {
        message_id: text_item(seq, "ana", "x").message_id.unwrap(),
        reply_to: None,
        body: Some(Body::Text(MessageText::new("x").unwrap())),
        edited: None,
        file: None,
    };
    let head = EventHead {
        room: RoomId(1),
        seq: Seq(seq),
        position: LogPosition(seq),
        author: author("ana"),
        time: Timestamp(seq),
    };
    Event { head, change: Change::Posted(posted) }
}

pub(crate) fn file_item(seq: u64, name: &str, file: &str, size: u64) -> Item {
    let hash = FileHash([file.len() as u8; 32]);
    let file = Attachment { name: FileName::new(file).unwrap(), size, hash };
    Item { file: Some(file.clone()), ..text_item(seq, name, &file.as_text()) }
}

pub(crate) fn joined_item(seq: u64, name: &str) -> Item {
    Item { message_id: None, content: Content::Joined, ..text_item(seq, name, "x") }
}

pub(crate) fn my_item(seq: u64, id: u64, text: &str) -> Item {
    Item { message_id: Some(message_id(id)), mine: true, ..text_item(seq, "me", text) }
}

pub(crate) fn waiting_item(id: u64, text: &str) -> Item {
    Item { seq: None, delivery: Delivery::Pending, ..my_item(900, id, text) }
}

pub(crate) fn room_view(id: u64, name: &str) -> RoomView {
    RoomView {
        listing: RoomListing {
            room: RoomId(id),
            name: RoomName::new(name).unwrap(),
            kind: RoomKind::Public,
            topic: Topic::default(),
            members: 3,
            unread: 0,
            mentions: 0,
            role: Some(Role::Member),
            head: Seq(0),
            read: Seq(0),
            archived: false,
            history: HistoryPolicy::All,
            peer: None,
        },
        preview: None,
    }
}

fn message_id(id: u64) -> MessageId {
    MessageId::new(Timestamp(id), [0; 10])
}

/// The room of oneself and that person.
pub(crate) fn direct_view(id: u64, name: &str) -> RoomView {
    let peer = author(name);
    let mut view = room_view(id, "x");
    view.listing.name = RoomName::new(peer.handle.as_str()).unwrap();
    view.listing.kind = RoomKind::Direct;
    view.listing.peer = Some(peer);
    view
}

/// Connected, with these rooms.
pub(crate) fn snapshot(rooms: &[(u64, &str)]) -> Snapshot {
    Snapshot {
        connection: Connection::Live,
        account: Some(account("ana")),
        rooms: rooms.iter().map(|(id, name)| room_view(*id, name)).collect(),
        presence: PresenceView::default(),
        queued: 0,
        held_by: None,
    }
}
