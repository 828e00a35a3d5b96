//! History: each request is answered on a unidirectional stream of its own.

use quinn::Connection;
use tertulia_proto::{LaneNotice, ReqId, RoomId, Span, StreamKind, close::CloseCode};
use tokio::{task::JoinSet, time::timeout};

use super::{Ended, Shared, frames::FrameWriter};
use crate::limits;

/// Below lanes and control.
const PRIORITY: i32 = -5;

/// A connection's pages on their way; dropped with it.
#[derive(Debug)]
pub(crate) struct Pages {
    connection: Connection,
    sending: JoinSet<Result<(), Ended>>,
}

impl Pages {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self {
            connection: connection.clone(),
            sending: JoinSet::new(),
        }
    }

    /// Reads a page now, and sends it beside what else goes on. Waits while too many are open.
    pub(crate) async fn send(
        &mut self,
        shared: &Shared,
        req_id: ReqId,
        room: RoomId,
        span: Span,
        limit: u16,
    ) -> Result<(), Ended> {
        while let Some(done) = self.sending.try_join_next() {
            ended(done)?;
        }
        while self.sending.len() >= limits::PAGES_IN_FLIGHT {
            let Some(done) = self.sending.join_next().await else {
                break;
            };
            ended(done)?;
        }
        let (head, events) = shared.readers.page(req_id, room, span, limit).await?;
        let mut frames = vec![
            StreamKind::Page(req_id).encode(),
            LaneNotice::from(head).encode(),
        ];
        frames.extend(events.iter().map(tertulia_proto::Event::encode));
        let connection = self.connection.clone();
        self.sending.spawn(async move {
            let stalled = Ended::Close(CloseCode::SLOW_CONSUMER, "no stream for a page");
            let opening = timeout(limits::PROGRESS_TIME, connection.open_uni()).await;
            let stream = opening.map_err(|_| stalled)??;
            // An error means that the stream is gone; the write says so.
            let _ = stream.set_priority(PRIORITY);
            let mut writer = FrameWriter::new(&connection, stream);
            writer.write(&mut frames).await?;
            writer.finish();
            Ok(())
        });
        Ok(())
    }

    /// Waits for the pages under way.
    pub(crate) async fn flush(&mut self) -> Result<(), Ended> {
        while let Some(done) = self.sending.join_next().await {
            ended(done)?;
        }
        Ok(())
    }
}

/// A page that the client stopped is no harm to the connection.
fn ended(done: Result<Result<(), Ended>, tokio::task::JoinError>) -> Result<(), Ended> {
    match done {
        Ok(Ok(()) | Err(Ended::Close(CloseCode::OK, _))) => Ok(()),
        Ok(Err(ended)) => Err(ended),
        Err(_) => Err(Ended::Close(
            CloseCode::INTERNAL,
            "a page could not be sent",
        )),
    }
}
