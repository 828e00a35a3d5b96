//! Events as lines of a timeline.

use tertulia_proto::{AccountId, Body, Change, Event, MessageText, Timestamp};

use crate::model::{Content, Delivery, Item};

impl Item {
    /// An event as the account `me` sees it.
    pub(crate) fn of_event(event: &Event, me: AccountId) -> Self {
        let head = &event.head;
        let posted = match &event.change {
            Change::Posted(posted) => Some(posted),
            _ => None,
        };
        Self {
            seq: Some(head.seq),
            message_id: posted.map(|posted| posted.message_id),
            author: head.author.clone(),
            time: head.time,
            mine: head.author.account == me,
            reply_to: posted.and_then(|posted| posted.reply_to),
            content: content(&event.change),
            file: posted.filter(|posted| posted.body.is_some()).and_then(|p| p.file.clone()),
            delivery: Delivery::Sent,
        }
    }
}

fn content(change: &Change) -> Content {
    match change {
        Change::Posted(posted) => match &posted.body {
            Some(Body::Text(text)) => Content::Text(MessageText::clone(text)),
            Some(Body::Opaque { .. }) => Content::Unreadable,
            None => Content::Redacted,
        },
        Change::Joined(_) => Content::Joined,
        Change::Left(_) => Content::Left,
        Change::Added(added) => Content::Added(added.member.clone()),
        Change::Removed(removed) => Content::Removed(removed.member.clone()),
        Change::RoleChanged(changed) => Content::RoleChanged(changed.member.clone(), changed.role),
        Change::TopicChanged(changed) => Content::TopicChanged(changed.topic.clone()),
        Change::RoomRenamed(renamed) => Content::RoomRenamed(renamed.name.clone()),
        Change::Archived(archived) => Content::Archived(archived.archived),
        Change::Unknown(_) => Content::Unknown,
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
