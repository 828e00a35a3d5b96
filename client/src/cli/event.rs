//! Events as objects and as lines.

use serde::Serialize;
use tertulia_client::proto::{Body, Change, Event, RoomName};

use crate::{output::rfc3339, terminal::plain};

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
}

impl<'a> EventObject<'a> {
    pub(crate) fn new(room: &'a RoomName, event: &'a Event) -> Self {
        let posted = match &event.change {
            Change::Posted(posted) => Some(posted),
            _ => None,
        };
        Self {
            room: room.as_str(),
            seq: event.head.seq.0,
            kind: event.kind_name().unwrap_or("unknown"),
            author: event.head.author.handle.as_str(),
            text: text(event),
            id: posted.map(|posted| posted.message_id.to_string()),
            time: rfc3339(event.head.time),
            reply_to: posted.and_then(|posted| posted.reply_to).map(|seq| seq.0),
            edited: posted.and_then(|posted| posted.edited).map(rfc3339),
        }
    }
}

/// An event as a person reads it.
pub(crate) fn line(event: &Event) -> String {
    let time = rfc3339(event.head.time);
    // Seconds will do for a person.
    let time = time.get(..19).unwrap_or(&time).replace('T', " ");
    let author = plain(event.head.author.display.as_str());
    match (&event.change, text(event)) {
        (Change::Posted(_), Some(text)) => {
            let text = plain(text).replace('\n', "\n    ");
            format!("{time}  {author}: {text}")
        }
        (Change::Posted(_), None) => format!("{time}  {author}: (removed or not readable)"),
        (Change::Joined(_), _) => format!("{time}  * {author} entered"),
        (Change::Left(_), _) => format!("{time}  * {author} left"),
        (Change::Unknown(_), _) => format!("{time}  * something this version does not know"),
    }
}

fn text(event: &Event) -> Option<&str> {
    match &event.change {
        Change::Posted(posted) => match &posted.body {
            Some(Body::Text(text)) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    }
}
