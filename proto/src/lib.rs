//! The wire of Tertulia: types, framing, limits and versions. No I/O, no clock, no runtime.
//!
//! One QUIC connection carries one device of one account:
//! - the client opens ONE bidirectional **control** stream ([`StreamKind::Control`]) and speaks
//!   first: [`Hello`], then, on a device the server does not know, [`Register`]; after
//!   [`Welcome`] come numbered [`Request`]s, answered in order by [`ServerMessage`]s;
//! - the server opens a few unidirectional **lanes** ([`StreamKind::Live`]) that carry the
//!   events of rooms as [`LaneMessage`]s; all events of a room travel on one lane, in order;
//! - the server answers each history request on a unidirectional **page** of its own
//!   ([`StreamKind::Page`]): a [`PageHead`], events, end of stream;
//! - a file travels on a bidirectional stream of its own that the client opens
//!   ([`StreamKind::File`]), where both ends have [`Features::FILES`]: a [`FileRequest`], the
//!   server's answer, and bytes, up or down;
//! - that somebody is typing travels in **datagrams** ([`DatagramKind::Typing`]) where both ends
//!   have [`Features::TYPING_DATAGRAMS`], else on the control stream, unnumbered
//!   ([`ClientNotice`], [`TypingNotice`]).
//!
//! What a client must know besides: it allows the server four unidirectional streams more than it
//! asks for lanes; it registers within 10 s of opening its stream; it sends no request before it is
//! welcome (on a device that is not known it would be lost); it is heard of at least every 12 s (a
//! PING will do), or it is shown as gone; with a [`RoomOpened`] whose head is below its cursor the
//! room's history was replaced, and what the client has of it means nothing any more.
//!
//! A frame is `varint length | varint type | postcard body` ([`frame`]). A type that the reader
//! does not know is skipped by its length; an event of an unknown type still counts its seq.
//!
//! PROTOCOL.md says all of this, and each frame's bytes, to whoever writes a client elsewhere.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used))]

mod bounded;
pub mod close;
mod command;
pub mod copies;
mod datagram;
mod env;
mod event;
mod file;
pub mod frame;
mod ids;
pub mod limits;
mod mention;
mod name;
mod probe;
mod role;
mod room;
mod server_message;
mod session;
mod stream;
mod text;
mod typing;
mod version;
mod wire_enum;

pub use command::{
    Command, CreateInvite, History, ListMembers, ListRooms, ListUsers, Rename, Request, Send, Span,
    Unreadable,
};
pub use datagram::DatagramKind;
pub use env::{Env, Job};
pub use event::{
    Added, Archived, Author, Change, Event, EventHead, Joined, Left, Posted, Removed, RoleChanged,
    RoomRenamed, TopicChanged,
};
pub use file::{
    Attachment, Download, FileHash, FileHead, FileName, FileNameError, FileReply, FileRequest,
    ParseFileHashError, Upload, UploadFrom, size_in_words,
};
pub use frame::{Frame, FrameBuffer, Run};
pub use ids::{
    AccountId, Epoch, LogPosition, MessageId, ParseMessageIdError, ReqId, RoomId, Seq, Timestamp,
};
pub use mention::{mention_spans, mentions};
pub use name::{DisplayName, Handle, NameError, RoomName, skeleton};
pub use probe::Probe;
pub use role::Role;
pub use room::{
    ArchiveRoom, CreateRoom, EnterRoom, HistoryPolicy, LeaveRoom, MarkRead, OpenDirect,
    RemoveMember, RenameRoom, RoomKind, SetMember, SetTopic,
};
pub use server_message::{
    Done, GoAway, InviteMade, LaneMessage, LaneNotice, Live, MemberPage, PageHead, Person,
    Presence, ReadMarker, Receipt, Refusal, Rejected, RoomClosed, RoomInfo, RoomJump, RoomListing,
    RoomOpened, RoomPage, ServerMessage, UserPage,
};
pub use session::{
    ClientMessage, Hello, Register, Registration, RoomCursor, Unregistered, Welcome,
};
pub use stream::{LaneIndex, StreamKind, lane_of};
pub use text::{Body, MessageText, TextError, Topic};
pub use typing::{ClientNotice, Typing, TypingNotice};
pub use version::{ALPN, Features, VERSION, VersionRange};
pub use wire_enum::DecodeError;
