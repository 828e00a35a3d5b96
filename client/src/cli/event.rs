//! Events as objects and as lines.

use serde::Serialize;
use tertulia_client::proto::{Author, Body, Change, Event};

use crate::{
    file_id::FileId,
    output::rfc3339,
    terminal::{one_line, plain},
};

/// An event, in the form that other programs rely on. No `Debug`: it holds a message.
#[derive(Serialize)]
pub(crate) struct EventObject<'a> {
    room: &'a str,
    seq: u64,
    kind: &'static str,
    author: &'a str,
    text: Option<&'a str>,
    id: Option<String>,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<String>,
    /// What `download` takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Whom it is about, beside its author.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'a str>,
    /// What that one may do from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
}

impl<'a> EventObject<'a> {
    /// `room`: its address without `#`.
    pub(crate) fn new(room: &'a str, event: &'a Event) -> Self {
        let posted = match &event.change {
            Change::Posted(posted) => Some(posted),
            _ => None,
        };
        let file = posted.and_then(|posted| posted.file.as_ref());
        Self {
            room,
            seq: event.head.seq.0,
            kind: event.kind_name().unwrap_or("unknown"),
            author: event.head.author.handle.as_str(),
            text: text(event),
            id: posted.map(|posted| posted.message_id.to_string()),
            time: rfc3339(event.head.time),
            reply_to: posted.and_then(|posted| posted.reply_to).map(|seq| seq.0),
            edited: posted.and_then(|posted| posted.edited).map(rfc3339),
            file: file.map(|_| FileId::of(event).to_string()),
            name: file.map(|file| file.name.as_str()),
            size: file.map(|file| file.size),
            sha256: file.map(|file| file.hash.to_string()),
            member: member(&event.change).map(|member| member.handle.as_str()),
            role: match &event.change {
                Change::Added(added) => Some(added.role.as_str()),
                Change::RoleChanged(changed) => Some(changed.role.as_str()),
                _ => None,
            },
        }
    }
}

/// An event as a person reads it.
pub(crate) fn line(event: &Event) -> String {
    let time = rfc3339(event.head.time);
    // Seconds will do for a person.
    let time = time.get(..19).unwrap_or(&time).replace('T', " ");
    let author = plain(event.head.author.display.as_str());
    let name = |member: &Author| plain(member.display.as_str()).into_owned();
    let happened = match &event.change {
        Change::Posted(posted) => {
            return match text(event) {
                Some(text) if posted.file.is_some() => {
                    format!("{time}  {author}: {}  file {}", one_line(text), FileId::of(event))
                }
                Some(text) => {
                    format!("{time}  {author}: {}", plain(text).replace('\n', "\n    "))
                }
                None => format!("{time}  {author}: (removed or not readable)"),
            };
        }
        Change::Joined(_) => format!("{author} entered"),
        Change::Left(_) => format!("{author} left"),
        Change::Added(added) => format!("{author} added {}", name(&added.member)),
        Change::Removed(removed) => format!("{author} removed {}", name(&removed.member)),
        Change::RoleChanged(changed) => {
            format!("{} is {} now", name(&changed.member), changed.role)
        }
        Change::TopicChanged(changed) if changed.topic.as_str().is_empty() => {
            format!("{author} took the topic away")
        }
        Change::TopicChanged(changed) => {
            format!("{author} set the topic: {}", one_line(changed.topic.as_str()))
        }
        Change::RoomRenamed(renamed) => format!("{author} renamed the room: #{}", renamed.name),
        Change::Archived(archived) => match archived.archived {
            true => format!("{author} archived the room"),
            false => format!("{author} opened the room again"),
        },
        Change::Unknown(_) => "something this version does not know".to_owned(),
    };
    format!("{time}  * {happened}")
}

/// A message, a topic, a new name: what an event says.
fn text(event: &Event) -> Option<&str> {
    match &event.change {
        Change::Posted(posted) => match &posted.body {
            Some(Body::Text(text)) => Some(text.as_str()),
            _ => None,
        },
        Change::TopicChanged(changed) => Some(changed.topic.as_str()),
        Change::RoomRenamed(renamed) => Some(renamed.name.as_str()),
        _ => None,
    }
}

fn member(change: &Change) -> Option<&Author> {
    match change {
        Change::Added(added) => Some(&added.member),
        Change::Removed(removed) => Some(&removed.member),
        Change::RoleChanged(changed) => Some(&changed.member),
        _ => None,
    }
}
