//! What a server says: replies and notices on the control stream, notices on lanes and pages.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Author, DisplayName, Handle, HistoryPolicy, LogPosition, MessageId, ReqId, Role,
    RoomId, RoomKind, RoomName, Seq, Timestamp, Topic, TypingNotice, bounded,
    event::Event,
    limits,
    session::{Unregistered, Welcome},
    wire_enum::wire_enum,
};

wire_enum! {
    /// Frames of the control stream from the server.
    pub enum ServerMessage {
        /// Logged in.
        8 Welcome(Welcome),
        /// Not known here; [`crate::Register`] or leave.
        9 Unregistered(Unregistered),
        /// The server is about to stop; finish and close.
        10 GoAway(GoAway),
        /// Who is connected, and who no longer is.
        11 Presence(Presence),
        /// A member is writing; where datagrams were not negotiated.
        12 Typing(TypingNotice),
        /// A message is durable.
        128 Receipt(Receipt),
        /// A request (or, as request 0, the registration) was refused.
        129 Rejected(Rejected),
        /// A request without a result was done.
        130 Done(Done),
        /// To [`crate::ListRooms`].
        131 Rooms(RoomPage),
        /// To [`crate::ListUsers`].
        132 Users(UserPage),
        /// To [`crate::ListMembers`].
        133 Members(MemberPage),
        /// To [`crate::CreateRoom`], [`crate::EnterRoom`] and [`crate::OpenDirect`].
        134 Room(RoomInfo),
        /// To [`crate::CreateInvite`].
        135 InviteMade(InviteMade),
    }
}

/// The server is about to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAway {
    /// Come back not before so many milliseconds.
    pub retry_after_ms: u32,
}

/// Who is connected. At most one a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether `people` is everyone connected; otherwise only what changed.
    pub complete: bool,
    /// How many accounts are connected.
    pub online: u32,
    /// Empty where more than [`crate::limits::PRESENCE_PEOPLE`] are connected.
    #[serde(deserialize_with = "bounded::list::<{ limits::PRESENCE_PEOPLE }, _, _>")]
    pub people: Vec<Person>,
}

/// An account as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub account: AccountId,
    /// Its unique name.
    pub handle: Handle,
    /// Its name as typed.
    pub display: DisplayName,
    /// Its role on the server; in a [`MemberPage`] that in the room.
    pub role: Role,
    /// Whether a device of it is connected.
    pub online: bool,
}

/// A message is durable and has its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The request answered.
    pub req_id: ReqId,
    /// The message.
    pub message_id: MessageId,
    /// Its room.
    pub room: RoomId,
    /// Its number in the room.
    pub seq: Seq,
    /// Its place in the log.
    pub position: LogPosition,
    /// The server's commit time.
    pub time: Timestamp,
    /// It was durable before this request came: a repeat.
    pub duplicate: bool,
}

/// A request was refused, finally unless the code says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The request answered; 0 for a registration.
    pub req_id: ReqId,
    /// Why.
    pub refusal: Refusal,
    /// For [`Refusal::RATE`] and [`Refusal::STORAGE`]: try again after so many milliseconds.
    pub retry_after_ms: Option<u32>,
    /// For [`Refusal::NAME_TAKEN`]: a free name like the one wished.
    #[serde(deserialize_with = "bounded::optional_text::<{ limits::DISPLAY_NAME_BYTES }, _>")]
    pub proposal: Option<String>,
}

/// Why a request was refused. Numbers, so that a reader can meet one it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Refusal(pub u16);

impl Refusal {
    /// A request type this server does not know.
    pub const UNSUPPORTED: Self = Self(1);
    /// No such room, or none that one may know of: one and the same.
    pub const NO_SUCH_ROOM: Self = Self(2);
    /// One's role does not allow it.
    pub const FORBIDDEN: Self = Self(3);
    /// The name is taken, or looks like a taken one.
    pub const NAME_TAKEN: Self = Self(4);
    /// The name can't be used.
    pub const NAME_UNUSABLE: Self = Self(5);
    /// Registration takes an invite.
    pub const INVITE_NEEDED: Self = Self(6);
    /// No such invite.
    pub const INVITE_UNKNOWN: Self = Self(7);
    /// Every use of the invite was used.
    pub const INVITE_USED_UP: Self = Self(8);
    /// The invite's time is over.
    pub const INVITE_EXPIRED: Self = Self(9);
    /// Too often; not final.
    pub const RATE: Self = Self(10);
    /// The server could not store it (disk full); not final.
    pub const STORAGE: Self = Self(11);
    /// A value outside its bounds.
    pub const INVALID: Self = Self(12);
    /// A bound of the account or the server was reached.
    pub const LIMIT: Self = Self(13);
    /// No such account.
    pub const NO_SUCH_ACCOUNT: Self = Self(14);
    /// The room is archived: read it, or open it again.
    pub const ARCHIVED: Self = Self(15);
    /// The message brought no file, or there is none that one may know of: one and the same.
    pub const NO_SUCH_FILE: Self = Self(16);
    /// The server takes no file that large.
    pub const FILE_TOO_LARGE: Self = Self(17);
    /// What one may keep on the server, or what it keeps of all, is used up.
    pub const QUOTA: Self = Self(18);
    /// What came is not what was announced; all of it is to come again.
    pub const FILE_DIFFERS: Self = Self(19);

    /// Whether asking again later can help: the message stays in the outbox.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::RATE | Self::STORAGE)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::UNSUPPORTED => "the server does not know this request",
            Self::NO_SUCH_ROOM => "no such room",
            Self::FORBIDDEN => "your role does not allow this",
            Self::NAME_TAKEN => "the name is taken",
            Self::NAME_UNUSABLE => "the name can't be used",
            Self::INVITE_NEEDED => "registration takes an invite",
            Self::INVITE_UNKNOWN => "the invite is not known here",
            Self::INVITE_USED_UP => "the invite was used up",
            Self::INVITE_EXPIRED => "the invite has expired",
            Self::RATE => "too often, try again later",
            Self::STORAGE => "the server can't store anything now",
            Self::INVALID => "a value is outside its bounds",
            Self::LIMIT => "a limit was reached",
            Self::NO_SUCH_ACCOUNT => "there is nobody of that name",
            Self::ARCHIVED => "the room is archived",
            Self::NO_SUCH_FILE => "no such file",
            Self::FILE_TOO_LARGE => "the file is larger than this server takes",
            Self::QUOTA => "the server's space for files is used up",
            Self::FILE_DIFFERS => "what arrived is not the file that was announced",
            Self(code) => return write!(f, "refused with code {code}"),
        })
    }
}

/// Done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The request answered.
    pub req_id: ReqId,
}

/// A room, answered to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// The request answered.
    pub req_id: ReqId,
    /// The room.
    pub room: RoomListing,
}

/// A room in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomListing {
    /// Its id.
    pub room: RoomId,
    /// Its name; a direct room's is the other one's handle.
    pub name: RoomName,
    /// Who may see and enter it.
    pub kind: RoomKind,
    /// What it is about.
    pub topic: Topic,
    /// How many are members.
    pub members: u32,
    /// Messages after one's read marker that others posted, counted up to 1,000.
    pub unread: u32,
    /// Those of them that name one, counted likewise.
    pub mentions: u32,
    /// What one may do there; `None` where one is no member.
    pub role: Option<Role>,
    /// Its newest event.
    pub head: Seq,
    /// One's read marker.
    pub read: Seq,
    /// Whether it is closed for writing and entering.
    pub archived: bool,
    /// What those who enter later may read.
    pub history: HistoryPolicy,
    /// The other one in a direct room.
    pub peer: Option<Author>,
}

impl RoomListing {
    /// What people and commands call it: its name, or `@` and the other one's handle.
    pub fn address(&self) -> String {
        match self.kind {
            RoomKind::Direct => format!("@{}", self.name),
            RoomKind::Public | RoomKind::Private => self.name.to_string(),
        }
    }

    /// Whether one is a member.
    pub const fn is_entered(&self) -> bool {
        self.role.is_some()
    }
}

/// Rooms in id order; a full page may have a next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPage {
    /// The request answered.
    pub req_id: ReqId,
    /// At most [`crate::limits::LIST_ENTRIES`].
    #[serde(deserialize_with = "bounded::list::<{ limits::LIST_ENTRIES }, _, _>")]
    pub rooms: Vec<RoomListing>,
    /// Whether more follow.
    pub more: bool,
}

/// Connected people in account order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPage {
    /// The request answered.
    pub req_id: ReqId,
    /// At most [`crate::limits::LIST_ENTRIES`].
    #[serde(deserialize_with = "bounded::list::<{ limits::LIST_ENTRIES }, _, _>")]
    pub people: Vec<Person>,
    /// Whether more follow.
    pub more: bool,
}

/// Members of a room in account order; a person's `role` is the one in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// The request answered.
    pub req_id: ReqId,
    /// The room.
    pub room: RoomId,
    /// At most [`crate::limits::LIST_ENTRIES`].
    #[serde(deserialize_with = "bounded::list::<{ limits::LIST_ENTRIES }, _, _>")]
    pub people: Vec<Person>,
    /// Whether more follow.
    pub more: bool,
}

/// An invite was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteMade {
    /// The request answered.
    pub req_id: ReqId,
    /// The secret that the link carries.
    pub token: [u8; 16],
}

/// An invite is a secret: Debug does not tell it.
impl fmt::Debug for InviteMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InviteMade").field("req_id", &self.req_id).finish_non_exhaustive()
    }
}

/// A frame of a lane: an event, or a notice about the rooms on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneMessage {
    /// Something happened.
    Event(Event),
    /// About a room, or the lane.
    Notice(LaneNotice),
}

wire_enum! {
    /// Notices of a lane.
    pub enum LaneNotice {
        /// From here on this lane carries that room.
        448 RoomOpened(RoomOpened),
        /// This lane no longer carries that room: one is no member any more.
        449 RoomClosed(RoomClosed),
        /// Events were skipped.
        450 RoomJump(RoomJump),
        /// All that was there at the welcome has been sent on this lane.
        451 Live(Live),
        /// One's read marker was moved, perhaps by another device.
        452 ReadMarker(ReadMarker),
        /// The first frame of a page.
        460 PageHead(PageHead),
    }
}

impl LaneMessage {
    /// The whole frame.
    pub fn encode(&self) -> bytes::Bytes {
        match self {
            Self::Event(event) => event.encode(),
            Self::Notice(notice) => notice.encode(),
        }
    }

    /// Reads a frame; `Ok(None)` for a type that no lane carries.
    pub fn decode(frame: &crate::Frame) -> Result<Option<Self>, crate::DecodeError> {
        if let Some(event) = Event::decode(frame)? {
            return Ok(Some(Self::Event(event)));
        }
        Ok(LaneNotice::decode(frame)?.map(Self::Notice))
    }
}

/// One is a member of this room, and its events follow on this lane from `next` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOpened {
    /// The seq of the first event that follows. Over the cursor plus one: fetch what lies
    /// between by pages, if it is wanted.
    pub next: Seq,
    /// The room as it stands.
    pub room: RoomListing,
}

/// One is no member of this room any more. The event that ended it came before, if it was not
/// jumped over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomClosed {
    /// Which.
    pub room: RoomId,
}

/// The reader fell too far behind: events before `next` that were not sent come by pages only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomJump {
    /// Which room.
    pub room: RoomId,
    /// The seq of the next event on this lane.
    pub next: Seq,
}

/// This lane has caught up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Rooms this lane carries.
    pub rooms: u32,
}

/// How far the account has read a room, by any of its devices, and what that leaves. Sent to all
/// its connections whose lanes carry the room, after a [`crate::MarkRead`] that moved the marker;
/// not after what one posted oneself, whose event says as much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMarker {
    /// Which room.
    pub room: RoomId,
    /// The newest event read.
    pub read: Seq,
    /// The newest event that was counted.
    pub head: Seq,
    /// As in [`RoomListing`].
    pub unread: u32,
    /// As in [`RoomListing`].
    pub mentions: u32,
}

/// What a page holds; its events follow in ascending seq, then the stream ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHead {
    /// The request answered.
    pub req_id: ReqId,
    /// The room.
    pub room: RoomId,
    /// How many events follow.
    pub events: u16,
    /// The oldest seq that one can still have; 0 where there is none.
    pub oldest: Seq,
    /// The room's newest event.
    pub head: Seq,
}
