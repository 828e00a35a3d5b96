//! Streams that the server opens: lanes, pages, and kinds of the future.

use quinn::{RecvStream, VarInt};
use tertulia_proto::{FrameBuffer, LaneMessage, StreamKind, close::STREAM_UNKNOWN_KIND, limits};

use super::{Broken, Report, Reporter, decode_all, pages, read_chunk};

/// Reads one stream to its end. The end of a lane is that of the connection: what would come on it
/// never comes.
pub(super) async fn read(mut recv: RecvStream, reporter: &Reporter) -> Result<(), Broken> {
    let mut frames = FrameBuffer::new(limits::FRAME_BYTES);
    let kind = loop {
        match StreamKind::take(frames.bytes_mut()) {
            Ok(Some(kind)) => break Some(kind),
            Err(_) => break None,
            // Over before it said what it is: it may have been a lane, or a page.
            Ok(None) if !read_chunk(&mut recv, &mut frames).await? => return Err(Broken::Stream),
            Ok(None) => {}
        }
    };
    match kind {
        Some(StreamKind::Live(_)) => live(recv, frames, reporter).await,
        Some(StreamKind::Page(req_id)) => {
            let report = match pages::read(recv, frames, req_id).await {
                Ok(events) => Report::Page(req_id, events),
                Err(Broken::Stream) if !reporter.is_over() => Report::PageLost(req_id),
                Err(broken) => return Err(broken),
            };
            reporter.report(report).await;
            Ok(())
        }
        Some(StreamKind::Control | StreamKind::File) | None => {
            // Closed already: nothing to tell.
            let _ = recv.stop(VarInt::from_u32(STREAM_UNKNOWN_KIND));
            Ok(())
        }
    }
}

async fn live(
    mut recv: RecvStream,
    mut frames: FrameBuffer,
    reporter: &Reporter,
) -> Result<(), Broken> {
    loop {
        let messages = decode_all(&mut frames, LaneMessage::decode)?;
        if !messages.is_empty() {
            reporter.arrived();
            if !reporter.report(Report::Lane(messages)).await {
                return Ok(());
            }
        }
        if !read_chunk(&mut recv, &mut frames).await? {
            return Err(Broken::Stream);
        }
    }
}
