//! Datagrams, inwards: that somebody is writing, and requests once more.

use std::convert::Infallible;

use quinn::Connection;
use tertulia_proto::{DatagramKind, Request, Typing, copies};
use tokio::sync::mpsc;

use super::{Ended, typing::TypingIn};

/// Copied requests that wait; more are dropped, as the network might have.
pub(crate) const COPIED: usize = 64;

/// Reads datagrams until the connection ends; those of other kinds are ignored, and so is what
/// can't be read of these.
pub(crate) async fn read(
    connection: &Connection,
    typing: &TypingIn<'_>,
    copied: Option<mpsc::Sender<Request>>,
) -> Result<Infallible, Ended> {
    loop {
        let datagram = connection.read_datagram().await?;
        if let Some(notice) = Typing::decode_datagram(&datagram) {
            typing.take(&notice);
        } else if let Some(copied) = &copied {
            let frames = copies::decode(DatagramKind::ControlCopy, &datagram);
            for frame in frames.into_iter().flatten() {
                if let Ok(Some(request)) = Request::decode(&frame) {
                    // Full, or nothing is read any more: it comes on the stream, too.
                    let _ = copied.try_send(request);
                }
            }
        }
    }
}
