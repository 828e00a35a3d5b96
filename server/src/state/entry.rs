//! What the log orders: commands with everything that applying them needs.

use serde::{Deserialize, Serialize};
use tertulia_proto::{
    AccountId, ArchiveRoom, Attachment, Body, DisplayName, EnterRoom, Handle, HistoryPolicy,
    LeaveRoom, LogPosition, MarkRead, MessageText, RemoveMember, Rename, Role, RoomId, RoomKind,
    RoomName, Send, SetMember, SetTopic, Timestamp, Topic, Upload, mentions, skeleton,
};

/// SHA-256 of a device key's SPKI.
pub(crate) type DeviceKey = [u8; 32];

/// On whose behalf a command is applied: taken from the connection's verified device, never from
/// a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    /// The account; [`Actor::SERVER`]'s is 0, an unregistered device's too.
    pub(crate) account: AccountId,
    /// Which of its devices; `None` for the server itself.
    pub(crate) device: Option<DeviceKey>,
}

impl Actor {
    /// The server itself: its operator on the command line, or its own beginning.
    pub(crate) const SERVER: Self = Self { account: AccountId(0), device: None };
}

/// A command in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) position: LogPosition,
    pub(crate) time: Timestamp,
    pub(crate) actor: Actor,
    pub(crate) command: &'a LogCommand,
}

/// What the log can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant is named after its documented payload")]
pub(crate) enum LogCommand {
    Register(RegisterDevice),
    Send(PostMessage),
    CreateRoom(MakeRoom),
    EnterRoom(EnterRoom),
    LeaveRoom(LeaveRoom),
    MarkRead(MarkRead),
    StoreInvite(StoreInvite),
    Rename(Rename),
    OpenDirect(MakeDirect),
    SetMember(SetMember),
    RemoveMember(RemoveMember),
    SetTopic(SetTopic),
    RenameRoom(NameRoom),
    ArchiveRoom(ArchiveRoom),
}

/// Makes an account for a device. What follows from the name travels along: the tables it
/// follows by may be others when the log is read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegisterDevice {
    /// The device.
    pub(crate) device: DeviceKey,
    /// Shown as typed.
    pub(crate) name: DisplayName,
    pub(crate) handle: Handle,
    /// The handle's.
    pub(crate) skeleton: String,
    /// SHA-256 of the invite's token.
    pub(crate) invite_hash: Option<[u8; 32]>,
    /// Whether an invite was needed when the command came.
    pub(crate) invite_needed: bool,
}

/// Keeps an invite. The token was made outside and is known to its maker only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreInvite {
    /// SHA-256 of the token.
    pub(crate) token_hash: [u8; 32],
    /// What the invited become.
    pub(crate) role: Role,
    /// How often.
    pub(crate) uses: u32,
    /// How long from the entry's time on, in milliseconds; `None` for ever.
    pub(crate) expires_ms: Option<u64>,
}

/// Posts a message. Whom it names travels along, as the tables of characters were then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostMessage {
    pub(crate) send: Send,
    pub(crate) mentions: Vec<Handle>,
    /// The file that it brings, which is whole and on the disk.
    pub(crate) file: Option<Attachment>,
}

impl PostMessage {
    /// The message that a file becomes; it says the same to those who know nothing of files.
    /// `None`: there is no such message.
    pub(crate) fn of_upload(upload: Upload) -> Option<Self> {
        let Upload { message_id, room, reply_to, file } = upload;
        let body = Body::Text(MessageText::new(&file.as_text()).ok()?);
        let post = Self::from(Send { message_id, room, reply_to, body });
        Some(Self { file: Some(file), ..post })
    }
}

impl From<Send> for PostMessage {
    fn from(send: Send) -> Self {
        let mentions = match &send.body {
            Body::Text(text) => mentions(text.as_str()).into_iter().collect(),
            Body::Opaque { .. } => Vec::new(),
        };
        Self { send, mentions, file: None }
    }
}

/// Makes a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MakeRoom {
    /// What it will be known by, drawn outside: were they counted, a number that is not listed
    /// would tell of a room that is hidden. `None` as entries were before: the next number.
    pub(crate) id: Option<RoomId>,
    pub(crate) name: RoomName,
    /// The name's.
    pub(crate) skeleton: String,
    pub(crate) kind: RoomKind,
    pub(crate) topic: Topic,
    pub(crate) history: HistoryPolicy,
}

impl MakeRoom {
    /// A room of a judged name.
    pub(crate) fn new(
        id: Option<RoomId>,
        name: RoomName,
        kind: RoomKind,
        topic: Topic,
        history: HistoryPolicy,
    ) -> Self {
        let skeleton = skeleton(name.as_str());
        Self { id, name, skeleton, kind, topic, history }
    }
}

/// Makes the room of the actor and one other, unless it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MakeDirect {
    /// As in [`MakeRoom`].
    pub(crate) id: Option<RoomId>,
    /// The other.
    pub(crate) handle: Handle,
}

/// Gives a room another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NameRoom {
    pub(crate) room: RoomId,
    pub(crate) name: RoomName,
    /// The name's.
    pub(crate) skeleton: String,
}

impl NameRoom {
    /// A judged name.
    pub(crate) fn new(room: RoomId, name: RoomName) -> Self {
        let skeleton = skeleton(name.as_str());
        Self { room, name, skeleton }
    }
}
