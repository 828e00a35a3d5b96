//! What the log orders: commands with everything that applying them needs.

use serde::{Deserialize, Serialize};
use tertulia_proto::{
    AccountId, DisplayName, EnterRoom, Handle, LeaveRoom, LogPosition, MarkRead, MessageId, Rename,
    Role, RoomId, RoomKind, RoomName, Send, Seq, Timestamp, Topic, skeleton,
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
    Send(Send),
    CreateRoom(MakeRoom),
    EnterRoom(EnterRoom),
    LeaveRoom(LeaveRoom),
    MarkRead(MarkRead),
    StoreInvite(StoreInvite),
    Rename(Rename),
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

/// Makes a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MakeRoom {
    pub(crate) name: RoomName,
    /// The name's.
    pub(crate) skeleton: String,
    pub(crate) kind: RoomKind,
    pub(crate) topic: Topic,
}

impl MakeRoom {
    /// A room of a judged name.
    pub(crate) fn new(name: RoomName, kind: RoomKind, topic: Topic) -> Self {
        let skeleton = skeleton(name.as_str());
        Self { name, skeleton, kind, topic }
    }
}

/// A send without its body, which lies apart.
#[derive(Serialize, Deserialize)]
struct SendRecord {
    message_id: MessageId,
    room: RoomId,
    reply_to: Option<Seq>,
}

impl LogCommand {
    /// How the log's row holds it: a kind that is never reused, the payload, the body.
    pub(crate) fn to_record(&self) -> Result<Record, postcard::Error> {
        let mut body = None;
        let (kind, payload) = match self {
            Self::Register(command) => (1, postcard::to_stdvec(command)?),
            Self::Send(Send { message_id, room, reply_to, body: content }) => {
                body = Some(postcard::to_stdvec(content)?);
                let (message_id, room, reply_to) = (*message_id, *room, *reply_to);
                (2, postcard::to_stdvec(&SendRecord { message_id, room, reply_to })?)
            }
            Self::CreateRoom(command) => (3, postcard::to_stdvec(command)?),
            Self::EnterRoom(command) => (4, postcard::to_stdvec(command)?),
            Self::LeaveRoom(command) => (5, postcard::to_stdvec(command)?),
            Self::MarkRead(command) => (6, postcard::to_stdvec(command)?),
            Self::StoreInvite(command) => (7, postcard::to_stdvec(command)?),
            Self::Rename(command) => (8, postcard::to_stdvec(command)?),
        };
        Ok(Record { kind, payload, body })
    }

    /// Reads a row back. A redacted body reads as an empty opaque one.
    pub(crate) fn from_record(record: &Record) -> Result<Self, postcard::Error> {
        let payload = record.payload.as_slice();
        Ok(match record.kind {
            1 => Self::Register(postcard::from_bytes(payload)?),
            2 => {
                let SendRecord { message_id, room, reply_to } = postcard::from_bytes(payload)?;
                let body = match &record.body {
                    Some(bytes) => postcard::from_bytes(bytes)?,
                    None => tertulia_proto::Body::Opaque { scheme: 0, bytes: Vec::new() },
                };
                Self::Send(Send { message_id, room, reply_to, body })
            }
            3 => Self::CreateRoom(postcard::from_bytes(payload)?),
            4 => Self::EnterRoom(postcard::from_bytes(payload)?),
            5 => Self::LeaveRoom(postcard::from_bytes(payload)?),
            6 => Self::MarkRead(postcard::from_bytes(payload)?),
            7 => Self::StoreInvite(postcard::from_bytes(payload)?),
            8 => Self::Rename(postcard::from_bytes(payload)?),
            _ => return Err(postcard::Error::DeserializeBadEncoding),
        })
    }
}

/// A command as the log stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
}
