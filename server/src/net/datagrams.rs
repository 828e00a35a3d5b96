//! Datagrams, inwards: that somebody is writing, requests once more, and probes.

use std::convert::Infallible;

use quinn::Connection;
use tertulia_proto::{DatagramKind, Request, Typing, copies};
use tertulia_quic::Copies;

use super::{Ended, line::Line, typing::TypingIn};

/// Copied requests that wait; more are dropped, as the network might have.
pub(crate) const COPIED: usize = 64;

/// Reads datagrams until the connection ends; those of other kinds are ignored, and so is what
/// can't be read of these.
pub(crate) async fn read(
    connection: &Connection,
    typing: &TypingIn<'_>,
    copies: Option<&Copies>,
    copied: &Line<Request>,
) -> Result<Infallible, Ended> {
    loop {
        let datagram = connection.read_datagram().await?;
        if let Some(notice) = Typing::decode_datagram(&datagram) {
            typing.take(&notice);
        } else if let Some(copies) = copies {
            copies.heard(&datagram);
            let frames = copies::decode(DatagramKind::ControlCopy, &datagram);
            for frame in frames.into_iter().flatten() {
                if let Ok(Some(request)) = Request::decode(&frame) {
                    // Where it does not fit: it comes on the stream, too.
                    copied.try_push(request);
                }
            }
        }
    }
}
