//! How the log's rows hold commands. A kind that was ever written keeps its number and stays
//! readable.

use serde::{Deserialize, Serialize};
use tertulia_proto::{
    Attachment, Body, Handle, HistoryPolicy, MessageId, RoomId, RoomKind, RoomName, Send, Seq,
    Topic,
};

use super::entry::{LogCommand, MakeDirect, MakeRoom, PostMessage};

/// A command as the log stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: i64,
    pub(crate) payload: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
}

/// A send without its body, which lies apart: kind 9; before its file, kind 19.
#[derive(Serialize, Deserialize)]
struct SendRecord {
    message_id: MessageId,
    room: RoomId,
    reply_to: Option<Seq>,
    mentions: Vec<Handle>,
}

impl SendRecord {
    fn with(self, body: Body, file: Option<Attachment>) -> PostMessage {
        let Self { message_id, room, reply_to, mentions } = self;
        PostMessage { send: Send { message_id, room, reply_to, body }, mentions, file }
    }
}

/// Kind 2, before schema 2.
#[derive(Deserialize)]
struct FirstSendRecord {
    message_id: MessageId,
    room: RoomId,
    reply_to: Option<Seq>,
}

/// Kind 3, before schema 2.
#[derive(Deserialize)]
struct FirstMakeRoom {
    name: RoomName,
    skeleton: String,
    kind: RoomKind,
    topic: Topic,
}

/// Kind 10; behind the room's id, kind 17.
#[derive(Serialize, Deserialize)]
struct MakeRoomRecord {
    name: RoomName,
    skeleton: String,
    kind: RoomKind,
    topic: Topic,
    history: HistoryPolicy,
}

impl MakeRoomRecord {
    fn of(room: &MakeRoom) -> Self {
        let MakeRoom { id: _, name, skeleton, kind, topic, history } = room.clone();
        Self { name, skeleton, kind, topic, history }
    }

    fn with(self, id: Option<RoomId>) -> MakeRoom {
        let Self { name, skeleton, kind, topic, history } = self;
        MakeRoom { id, name, skeleton, kind, topic, history }
    }
}

impl LogCommand {
    /// How the log's row holds it: a kind that is never reused, the payload, the body.
    pub(crate) fn to_record(&self) -> Result<Record, postcard::Error> {
        let mut body = None;
        let (kind, payload) = match self {
            Self::Register(command) => (1, postcard::to_stdvec(command)?),
            Self::EnterRoom(command) => (4, postcard::to_stdvec(command)?),
            Self::LeaveRoom(command) => (5, postcard::to_stdvec(command)?),
            Self::MarkRead(command) => (6, postcard::to_stdvec(command)?),
            Self::StoreInvite(command) => (7, postcard::to_stdvec(command)?),
            Self::Rename(command) => (8, postcard::to_stdvec(command)?),
            Self::Send(PostMessage { send, mentions, file }) => {
                let Send { message_id, room, reply_to, body: content } = send;
                body = Some(postcard::to_stdvec(content)?);
                let (message_id, room, reply_to) = (*message_id, *room, *reply_to);
                let mentions = mentions.clone();
                let record = SendRecord { message_id, room, reply_to, mentions };
                match file {
                    None => (9, postcard::to_stdvec(&record)?),
                    Some(file) => (19, postcard::to_stdvec(&(record, file))?),
                }
            }
            Self::CreateRoom(command) => {
                let room = MakeRoomRecord::of(command);
                match command.id {
                    None => (10, postcard::to_stdvec(&room)?),
                    Some(id) => (17, postcard::to_stdvec(&(id, room))?),
                }
            }
            Self::OpenDirect(MakeDirect { id: None, handle }) => (11, postcard::to_stdvec(handle)?),
            Self::OpenDirect(MakeDirect { id: Some(id), handle }) => {
                (18, postcard::to_stdvec(&(id, handle))?)
            }
            Self::SetMember(command) => (12, postcard::to_stdvec(command)?),
            Self::RemoveMember(command) => (13, postcard::to_stdvec(command)?),
            Self::SetTopic(command) => (14, postcard::to_stdvec(command)?),
            Self::RenameRoom(command) => (15, postcard::to_stdvec(command)?),
            Self::ArchiveRoom(command) => (16, postcard::to_stdvec(command)?),
        };
        Ok(Record { kind, payload, body })
    }

    /// Reads a row back. A redacted body reads as an empty opaque one.
    pub(crate) fn from_record(record: &Record) -> Result<Self, postcard::Error> {
        let payload = record.payload.as_slice();
        let body = || match &record.body {
            Some(bytes) => postcard::from_bytes(bytes),
            None => Ok(Body::Opaque { scheme: 0, bytes: Vec::new() }),
        };
        Ok(match record.kind {
            1 => Self::Register(postcard::from_bytes(payload)?),
            2 => {
                let FirstSendRecord { message_id, room, reply_to } = postcard::from_bytes(payload)?;
                let send = Send { message_id, room, reply_to, body: body()? };
                Self::Send(PostMessage { send, mentions: Vec::new(), file: None })
            }
            3 => {
                let FirstMakeRoom { name, skeleton, kind, topic } = postcard::from_bytes(payload)?;
                let history = HistoryPolicy::All;
                Self::CreateRoom(MakeRoom { id: None, name, skeleton, kind, topic, history })
            }
            4 => Self::EnterRoom(postcard::from_bytes(payload)?),
            5 => Self::LeaveRoom(postcard::from_bytes(payload)?),
            6 => Self::MarkRead(postcard::from_bytes(payload)?),
            7 => Self::StoreInvite(postcard::from_bytes(payload)?),
            8 => Self::Rename(postcard::from_bytes(payload)?),
            9 => Self::Send(postcard::from_bytes::<SendRecord>(payload)?.with(body()?, None)),
            10 => Self::CreateRoom(postcard::from_bytes::<MakeRoomRecord>(payload)?.with(None)),
            11 => {
                let handle = postcard::from_bytes(payload)?;
                Self::OpenDirect(MakeDirect { id: None, handle })
            }
            12 => Self::SetMember(postcard::from_bytes(payload)?),
            13 => Self::RemoveMember(postcard::from_bytes(payload)?),
            14 => Self::SetTopic(postcard::from_bytes(payload)?),
            15 => Self::RenameRoom(postcard::from_bytes(payload)?),
            16 => Self::ArchiveRoom(postcard::from_bytes(payload)?),
            17 => {
                let (id, room) = postcard::from_bytes::<(RoomId, MakeRoomRecord)>(payload)?;
                Self::CreateRoom(room.with(Some(id)))
            }
            18 => {
                let (id, handle) = postcard::from_bytes(payload)?;
                Self::OpenDirect(MakeDirect { id: Some(id), handle })
            }
            19 => {
                let (record, file) = postcard::from_bytes::<(SendRecord, Attachment)>(payload)?;
                Self::Send(record.with(body()?, Some(file)))
            }
            _ => return Err(postcard::Error::DeserializeBadEncoding),
        })
    }
}
