//! Every message of the wire under one type: tests visit them all the same way.

use bytes::Bytes;
use tertulia_proto::{
    ClientMessage, ClientNotice, DecodeError, FileReply, FileRequest, Frame, FrameBuffer,
    LaneMessage, Request, ServerMessage, Unreadable, limits,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Client(ClientMessage),
    ClientNotice(ClientNotice),
    Request(Request),
    Server(ServerMessage),
    Lane(LaneMessage),
    FileRequest(FileRequest),
    FileReply(FileReply),
}

impl Message {
    pub(crate) fn encode(&self) -> Bytes {
        match self {
            Self::Client(message) => message.encode(),
            Self::ClientNotice(message) => message.encode(),
            Self::Request(message) => message.encode(),
            Self::Server(message) => message.encode(),
            Self::Lane(message) => message.encode(),
            Self::FileRequest(message) => message.encode(),
            Self::FileReply(message) => message.encode(),
        }
    }

    /// Shows the frame to every decoder; at most one may say that the type is its own.
    pub(crate) fn decode(frame: &Frame) -> Result<Option<Self>, DecodeError> {
        let mut answers = [
            ClientMessage::decode(frame).map(|m| m.map(Self::Client)),
            ClientNotice::decode(frame).map(|m| m.map(Self::ClientNotice)),
            Request::decode(frame).and_then(|m| match m {
                // Its number can be read, so that it can be refused; the rest can't.
                Some(Request { command: Err(Unreadable::Malformed), .. }) => {
                    Err(DecodeError { kind: frame.kind })
                }
                other => Ok(other.map(Self::Request)),
            }),
            ServerMessage::decode(frame).map(|m| m.map(Self::Server)),
            LaneMessage::decode(frame).map(|m| m.map(Self::Lane)),
            FileRequest::decode(frame).map(|m| m.map(Self::FileRequest)),
            FileReply::decode(frame).map(|m| m.map(Self::FileReply)),
        ]
        .into_iter()
        .filter(|answer| *answer != Ok(None));
        let first = answers.next().unwrap_or(Ok(None));
        assert_eq!(answers.next(), None, "type {} has two readers", frame.kind);
        first
    }
}

/// The only frame in these bytes.
pub(crate) fn only_frame(bytes: &[u8]) -> Frame {
    let mut buffer = FrameBuffer::new(limits::REPLY_BYTES);
    buffer.extend(bytes);
    let frame = buffer.next_frame().unwrap().unwrap();
    assert!(!buffer.is_partial(), "bytes follow the frame");
    frame
}
