//! A stream for a file, spoken by hand.

use bytes::Bytes;
use quinn::{RecvStream, SendStream, VarInt};
use tertulia_proto::{
    Attachment, Download, FileHash, FileName, FileReply, FileRequest, Frame, FrameBuffer,
    MessageId, Receipt, Refusal, RoomId, Seq, ServerMessage, StreamKind, Upload, limits,
};
use tokio::time::timeout;

use super::{PATIENCE, RawClient};

pub(crate) struct FileStream {
    pub(crate) send: SendStream,
    pub(crate) recv: RecvStream,
    buffer: FrameBuffer,
}

/// What is said of that content.
pub(crate) fn told(name: &str, content: &[u8]) -> Attachment {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    let hash = FileHash(digest.as_ref().try_into().unwrap());
    Attachment { name: FileName::new(name).unwrap(), size: content.len() as u64, hash }
}

pub(crate) fn upload(id: u8, room: RoomId, content: &[u8]) -> Upload {
    let file = told("informe.pdf", content);
    Upload { message_id: MessageId([id; 16]), room, reply_to: None, file }
}

/// So many bytes that are not all the same.
pub(crate) fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n * 31 + n / 251) as u8).collect()
}

impl FileStream {
    pub(crate) async fn open(client: &RawClient, request: impl Into<FileRequest>) -> Self {
        let frame = request.into().encode();
        Self::open_raw(client, &[&StreamKind::File.encode()[..], &frame[..]].concat()).await
    }

    pub(crate) async fn open_raw(client: &RawClient, first: &[u8]) -> Self {
        let (mut send, recv) = client.connection.open_bi().await.unwrap();
        send.write_all(first).await.unwrap();
        Self { send, recv, buffer: FrameBuffer::new(limits::FILE_FRAME_BYTES) }
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.buffer.next_frame().unwrap() {
                return frame;
            }
            let read = timeout(PATIENCE, self.recv.read_chunk(4_096, true)).await;
            let chunk = read.expect("the server says nothing").unwrap().expect("no answer");
            self.buffer.extend(&chunk.bytes);
        }
    }

    /// From where the server wants the rest.
    pub(crate) async fn offset(&mut self) -> u64 {
        match FileReply::decode(&self.frame().await).unwrap() {
            Some(FileReply::UploadFrom(from)) => from.offset,
            other => panic!("no offset: {other:?}"),
        }
    }

    pub(crate) async fn head(&mut self) -> Attachment {
        match FileReply::decode(&self.frame().await).unwrap() {
            Some(FileReply::FileHead(head)) => head.file,
            other => panic!("no file: {other:?}"),
        }
    }

    pub(crate) async fn receipt(&mut self) -> Receipt {
        match ServerMessage::decode(&self.frame().await).unwrap() {
            Some(ServerMessage::Receipt(receipt)) => receipt,
            other => panic!("no receipt: {other:?}"),
        }
    }

    pub(crate) async fn refusal(&mut self) -> Refusal {
        match ServerMessage::decode(&self.frame().await).unwrap() {
            Some(ServerMessage::Rejected(rejected)) => rejected.refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Everything that is left of the stream.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut all = self.buffer.bytes_mut().split().to_vec();
        while let Some(chunk) =
            timeout(PATIENCE, self.recv.read_chunk(65_536, true)).await.unwrap().unwrap()
        {
            all.extend_from_slice(&chunk.bytes);
        }
        all
    }

    /// Writes as much as the server takes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // It may have stopped the stream: what it said is what tests look at.
        let _ =
            timeout(PATIENCE, self.send.write_chunk(Bytes::copy_from_slice(bytes))).await.unwrap();
    }

    /// The code with which the server ended its side.
    pub(crate) async fn reset_code(&mut self) -> u64 {
        match timeout(PATIENCE, self.recv.read_chunk(4_096, true)).await.unwrap() {
            Err(quinn::ReadError::Reset(code)) => code.into_inner(),
            other => panic!("no reset: {other:?}"),
        }
    }

    pub(crate) fn reset(&mut self, code: u32) {
        self.send.reset(VarInt::from_u32(code)).unwrap();
    }
}

impl RawClient {
    /// Uploads a content whole.
    pub(crate) async fn upload(&self, upload: Upload, content: &[u8]) -> Receipt {
        let mut stream = FileStream::open(self, upload).await;
        assert_eq!(stream.offset().await, 0);
        stream.write(content).await;
        stream.send.finish().unwrap();
        stream.receipt().await
    }

    /// What is answered to a download.
    pub(crate) async fn download(&self, room: RoomId, seq: Seq, offset: u64) -> FileStream {
        let mut stream = FileStream::open(self, Download { room, seq, offset }).await;
        stream.send.finish().unwrap();
        stream
    }
}
