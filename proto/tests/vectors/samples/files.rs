//! What is said on a file's stream.

use tertulia_proto::*;

use super::*;

pub(super) fn words() -> Vec<(&'static str, Message)> {
    let upload = |room, reply_to| {
        let (message_id, file) = (message_id(), file());
        Message::FileRequest(Upload { message_id, room, reply_to, file }.into())
    };
    let download =
        |seq, offset| Message::FileRequest(Download { room: ROOM, seq: Seq(seq), offset }.into());
    vec![
        ("4-upload/a report", upload(ROOM, None)),
        ("4-upload/an answer", upload(RoomId(u64::MAX), Some(Seq(69_999)))),
        ("5-download/whole", download(70_000, 0)),
        ("5-download/the rest", download(u64::MAX, 5_000_000)),
        ("13-upload-from/the middle", reply(UploadFrom { offset: 2_500_000 })),
        ("14-file-head/a report", reply(FileHead { file: file() })),
    ]
}

pub(super) fn file() -> Attachment {
    let name = FileName::new("informe año.pdf").unwrap();
    Attachment { name, size: 5_000_000, hash: FileHash(std::array::from_fn(|n| 200 + n as u8)) }
}

fn reply(body: impl Into<FileReply>) -> Message {
    Message::FileReply(body.into())
}
