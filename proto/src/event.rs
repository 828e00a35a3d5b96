//! What happened in a room: the frames of lanes and pages.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Attachment, Body, DecodeError, DisplayName, Features, Frame, FrameBuffer, Handle,
    LogPosition, MessageId, Role, RoomId, RoomName, Seq, Timestamp, Topic, frame,
};

/// One event of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where, when and by whom.
    pub head: EventHead,
    /// What.
    pub change: Change,
}

/// What every event begins with, whatever its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventHead {
    /// The room.
    pub room: RoomId,
    /// Its number there.
    pub seq: Seq,
    /// Its place in the server's log.
    pub position: LogPosition,
    /// The server's commit time: the time shown.
    pub time: Timestamp,
    /// Who did it.
    pub author: Author,
}

/// A person as shown beside what they did.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Author {
    /// The account.
    pub account: AccountId,
    /// Its unique name.
    pub handle: Handle,
    /// Its name as typed.
    pub display: DisplayName,
}

/// A message was posted. Read later it carries its newest state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The id its author's client gave it.
    pub message_id: MessageId,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// The content; `None` once redacted.
    pub body: Option<Body>,
    /// When the content was last changed, if it was.
    pub edited: Option<Timestamp>,
    /// The file that it brought. With one it is another type of frame, whose last field this is.
    #[serde(skip)]
    pub file: Option<Attachment>,
}

/// The author became a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {}

/// The author ended their membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {}

/// The author made somebody a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Whom.
    pub member: Author,
    /// What they may do in the room.
    pub role: Role,
}

/// The author ended somebody's membership; it may be their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Whose.
    pub member: Author,
}

/// A member may do more or less in the room from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChanged {
    /// Who.
    pub member: Author,
    /// What.
    pub role: Role,
}

/// The room is about something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicChanged {
    /// What; may be empty.
    pub topic: Topic,
}

/// The room has another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRenamed {
    /// Which.
    pub name: RoomName,
}

/// The room was closed for writing, or opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// Whether it is closed.
    pub archived: bool,
}

/// Changes and their frame types; the body is the event's head, then the change.
macro_rules! changes {
    ($($(#[$meta:meta])* $id:literal $variant:ident,)*) => {
        /// What an event changed.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Change {
            $($(#[$meta])* $variant($variant),)*
            /// Any other type of [`Event::RANGE`]: it counts its seq and shows nothing.
            Unknown(u64),
        }

        impl Change {
            /// Every frame type of this enum that is known.
            pub const KINDS: &'static [u64] = &[$($id,)* Self::POSTED_FILE];

            /// [`Change::Posted`] with a file: a type of its own, since fields are not appended.
            const POSTED_FILE: u64 = 268;
        }

        impl Event {
            /// The frame type.
            pub const fn kind(&self) -> u64 {
                match self.change {
                    Change::Posted(Posted { file: Some(_), .. }) => Change::POSTED_FILE,
                    $(Change::$variant(_) => $id,)*
                    Change::Unknown(kind) => kind,
                }
            }

            /// The whole frame.
            pub fn encode(&self) -> Bytes {
                let (kind, head) = (self.kind(), &self.head);
                match &self.change {
                    Change::Posted(posted @ Posted { file: Some(file), .. }) => {
                        frame::encode(kind, &(head, posted, file))
                    }
                    $(Change::$variant(body) => frame::encode(kind, &(head, body)),)*
                    Change::Unknown(_) => frame::encode(kind, head),
                }
            }

            fn decode_change(kind: u64, body: &[u8]) -> Result<Change, postcard::Error> {
                Ok(match kind {
                    $($id => Change::$variant(postcard::from_bytes(body)?),)*
                    Change::POSTED_FILE => {
                        let (posted, file): (Posted, Attachment) = postcard::from_bytes(body)?;
                        Change::Posted(Posted { file: Some(file), ..posted })
                    }
                    unknown => Change::Unknown(unknown),
                })
            }
        }
    };
}

changes! {
    /// A message came.
    256 Posted,
    /// Somebody entered.
    260 Joined,
    /// Somebody left.
    261 Left,
    /// Somebody was let in.
    262 Added,
    /// Somebody was put out.
    263 Removed,
    /// Somebody may do more or less.
    264 RoleChanged,
    /// Another topic.
    265 TopicChanged,
    /// Another name.
    266 RoomRenamed,
    /// Closed, or opened again.
    267 Archived,
}

impl Event {
    /// Frame types of events, known or not. 257 to 259 are reserved for edited, redacted and
    /// reacted.
    pub const RANGE: std::ops::RangeInclusive<u64> = 256..=447;

    /// The word that commands and JSON use; `None` for an unknown type.
    pub const fn kind_name(&self) -> Option<&'static str> {
        match &self.change {
            Change::Posted(_) => Some("posted"),
            Change::Joined(_) => Some("joined"),
            Change::Left(_) => Some("left"),
            Change::Added(_) => Some("added"),
            Change::Removed(_) => Some("removed"),
            Change::RoleChanged(_) => Some("role"),
            Change::TopicChanged(_) => Some("topic"),
            Change::RoomRenamed(_) => Some("renamed"),
            Change::Archived(Archived { archived: true }) => Some("archived"),
            Change::Archived(Archived { archived: false }) => Some("unarchived"),
            Change::Unknown(_) => None,
        }
    }

    /// The event as one is told of it who has these features in common with the server.
    pub fn told_with(mut self, features: Features) -> Self {
        if let (Change::Posted(posted), false) = (&mut self.change, features.has(Features::FILES)) {
            posted.file = None;
        }
        self
    }

    /// The same of a whole frame, which is left alone where nothing of it would differ.
    pub fn frame_told_with(frame: Bytes, features: Features) -> Bytes {
        if features.has(Features::FILES) || !Self::is_with_file(&frame) {
            return frame;
        }
        let mut buffer = FrameBuffer::new(frame.len());
        buffer.extend(&frame);
        let read = buffer.next_frame().ok().flatten().map(|frame| Self::decode(&frame));
        match read {
            Some(Ok(Some(event))) => event.told_with(features).encode(),
            _ => frame,
        }
    }

    /// What a frame that holds an event begins with; `None`: it holds none.
    pub fn head_of(frame: &Bytes) -> Option<EventHead> {
        let mut buffer = FrameBuffer::new(frame.len());
        buffer.extend(frame);
        let frame = buffer.next_frame().ok().flatten()?;
        let (head, _) = postcard::take_from_bytes(&frame.body).ok()?;
        Self::RANGE.contains(&frame.kind).then_some(head)
    }

    fn is_with_file(frame: &[u8]) -> bool {
        let kind = frame::peek_varint(frame).ok().flatten().and_then(|(_, used)| {
            let (kind, _) = frame::peek_varint(frame.get(used..)?).ok().flatten()?;
            Some(kind)
        });
        kind == Some(Change::POSTED_FILE)
    }

    /// Reads any frame of an event type. `Ok(None)`: the type is not an event's.
    pub fn decode(frame: &Frame) -> Result<Option<Self>, DecodeError> {
        if !Self::RANGE.contains(&frame.kind) {
            return Ok(None);
        }
        let malformed = |_| DecodeError { kind: frame.kind };
        let (head, rest) = postcard::take_from_bytes(&frame.body).map_err(malformed)?;
        let change = Self::decode_change(frame.kind, rest).map_err(malformed)?;
        Ok(Some(Self { head, change }))
    }
}
