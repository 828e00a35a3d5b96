//! What a client asks for, once it is welcome.

use serde::{Deserialize, Serialize};

use crate::{
    ArchiveRoom, Body, CreateRoom, DecodeError, DisplayName, EnterRoom, Frame, LeaveRoom, MarkRead,
    MessageId, OpenDirect, RemoveMember, RenameRoom, ReqId, Role, RoomId, Seq, SetMember, SetTopic,
    frame,
};

/// A numbered command. The server executes them in the order of their numbers and answers each
/// by exactly one reply (or, for [`History`], by a page).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// 1, 2, 3, ... on this connection.
    pub req_id: ReqId,
    /// What is asked, if this end can read it.
    pub command: Result<Command, Unreadable>,
}

/// A request whose number can be read and the rest not: it is refused, and the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// A type this end does not know; answered by `UNSUPPORTED`.
    Unknown,
    /// A body that does not parse or breaks a bound; answered by `INVALID`.
    Malformed,
}

impl Request {
    /// Reads any frame of a request type. `Ok(None)`: the type is not a request's.
    pub fn decode(frame: &Frame) -> Result<Option<Self>, DecodeError> {
        if !Command::RANGE.contains(&frame.kind) {
            return Ok(None);
        }
        let malformed = |_| DecodeError { kind: frame.kind };
        let (req_id, rest) = postcard::take_from_bytes(&frame.body).map_err(malformed)?;
        Ok(Some(Self { req_id, command: Command::decode(frame.kind, rest) }))
    }
}

/// Posts a message. Answered by a receipt, after it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// Sent again with the same id it is still one message, and gets the same receipt.
    pub message_id: MessageId,
    /// Where; a public room is entered if need be.
    pub room: RoomId,
    /// The message answered to.
    pub reply_to: Option<Seq>,
    /// The content.
    pub body: Body,
}

/// One's rooms and the public ones. Answered by `RoomListing`, at most 200, in id order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRooms {
    /// Those with a larger id.
    pub after: RoomId,
}

/// Everyone connected now. Answered by `UserPage`, at most 200, in account order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUsers {
    /// Those with a larger id.
    pub after: crate::AccountId,
}

/// Members of a room. Answered by `MemberPage`, at most 200, in account order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMembers {
    /// Which room.
    pub room: RoomId,
    /// Those with a larger id.
    pub after: crate::AccountId,
}

/// A piece of a room's history. Answered by a page, or by a refusal on the control stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Which room: one's own, or a public one.
    pub room: RoomId,
    /// Which piece.
    pub span: Span,
    /// At most this many events, 1 to [`crate::limits::PAGE_EVENTS`].
    pub limit: u16,
}

/// Which end of a history is wanted. Pages ascend in seq either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Span {
    /// The newest events.
    Newest,
    /// The newest of those with a smaller seq.
    Before(Seq),
    /// The oldest of those with a larger seq.
    After(Seq),
}

/// Makes an invite; owners and moderators only. Answered by `InviteMade`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateInvite {
    /// What the invited become; never more than one is oneself.
    pub role: Role,
    /// How often it can be used, 1 to 10,000.
    pub uses: u32,
    /// Seconds until it can't be used any more, 1 to 31,536,000.
    pub expires_s: u32,
}

/// Changes one's own display name; the handle stays. Answered by `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// The new name.
    pub name: DisplayName,
}

/// Commands and their frame types; the body is the request's id, then the command.
macro_rules! commands {
    ($($id:literal $variant:ident,)*) => {
        /// What a client asks for.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is named after its documented payload")]
        pub enum Command { $($variant($variant),)* }

        impl Command {
            /// Every frame type of this enum.
            pub const KINDS: &'static [u64] = &[$($id),*];

            pub(crate) fn encode_request(&self, req_id: ReqId) -> bytes::Bytes {
                match self { $(Self::$variant(body) => frame::encode($id, &(req_id, body)),)* }
            }

            fn decode(kind: u64, body: &[u8]) -> Result<Self, Unreadable> {
                match kind {
                    $($id => postcard::from_bytes(body)
                        .map(Self::$variant)
                        .map_err(|_| Unreadable::Malformed),)*
                    _ => Err(Unreadable::Unknown),
                }
            }
        }

        $(impl From<$variant> for Command {
            fn from(body: $variant) -> Self { Self::$variant(body) }
        })*
    };
}

commands! {
    32 Send,
    33 CreateRoom,
    34 EnterRoom,
    35 LeaveRoom,
    36 ListRooms,
    37 ListUsers,
    38 ListMembers,
    39 History,
    40 MarkRead,
    41 CreateInvite,
    42 Rename,
    43 OpenDirect,
    44 SetMember,
    45 RemoveMember,
    46 SetTopic,
    47 RenameRoom,
    48 ArchiveRoom,
}

impl Command {
    /// Frame types of requests, known or not.
    pub const RANGE: std::ops::RangeInclusive<u64> = 32..=127;
    /// Never given to a command: stands for one that a reader did not know.
    pub(crate) const RESERVED: u64 = 127;
}
