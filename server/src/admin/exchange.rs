//! What goes over the operator's socket: one JSON object a line, each way.

use std::{io, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{AdminError, InviteRequest, stats::Live};

/// The longest line of either side.
const LINE_BYTES: u64 = 4 << 10;
/// The server's jobs are short ones; a full disk is told sooner.
const ANSWER_TIME: Duration = Duration::from_secs(15);

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(super) enum Request {
    Invite(InviteRequest),
    Stats,
}

/// A link carries a secret: no Debug.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Response {
    Link(String),
    Stats(Live),
    Error(String),
}

/// The operator's end.
pub(super) async fn ask(stream: UnixStream, request: &Request) -> Result<Response, AdminError> {
    let mut stream = BufReader::new(stream);
    let asked = async {
        write(&mut stream, request).await?;
        Ok::<_, AdminError>(
            serde_json::from_slice(&read(&mut stream).await?).map_err(io::Error::from)?,
        )
    };
    match timeout(ANSWER_TIME, asked).await.map_err(|_| AdminError::NoAnswer)?? {
        Response::Error(error) => Err(AdminError::Refused(error)),
        response => Ok(response),
    }
}

pub(super) async fn read(stream: &mut BufReader<UnixStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(LINE_BYTES).read_until(b'\n', &mut line).await?;
    Ok(line)
}

pub(super) async fn write(
    stream: &mut BufReader<UnixStream>,
    message: &impl Serialize,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.write_all(&line).await
}
