//! `upload ROOM FILE`

use serde::Serialize;
use tertulia_client::TransferError;
use tertulia_client::proto::Refusal;

use crate::{
    address::Address, args, failure::Failure, file_id::FileId, members, output::Output,
    session::Session, transfer,
};

#[derive(Serialize)]
struct UploadObject<'a> {
    room: &'a str,
    seq: u64,
    file: String,
    size: u64,
    sha256: String,
}

pub(crate) async fn run(
    args: args::Upload,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let address = Address::parse(&args.room)?;
    let room = session.in_time(async {
        match &address {
            Address::Direct(handle) => members::open(session, handle).await,
            Address::Room(_) => session.room_at(&address).await,
        }
    });
    let room = room.await?;
    let mut sending = session.client.upload(room.room, None, args.file);
    let sent = transfer::ended(&mut sending, session, |error| match error {
        TransferError::Refused(Refusal::NO_SUCH_ROOM) => Some(Failure::no_such_room(&address)),
        _ => None,
    });
    let sent = sent.await?;
    let word = address.word();
    let object = UploadObject {
        room: &word,
        seq: sent.seq.0,
        file: FileId { room: sent.room, seq: sent.seq }.to_string(),
        size: sent.file.size,
        sha256: sent.file.hash.to_string(),
    };
    let line = || format!("{address} {}  {}  file {}", object.seq, sent.file.name, object.file);
    output.print(&object, line).await?;
    sending.settle().await;
    Ok(())
}
