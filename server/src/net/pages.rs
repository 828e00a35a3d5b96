//! History: each request is answered on a unidirectional stream of its own.

use std::sync::Arc;

use quinn::Connection;
use tertulia_proto::{
    Features, History, LaneNotice, PageHead, ReqId, Seq, StreamKind, close::CloseCode,
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{Ended, Shared, frames::FrameWriter};
use crate::{limits, state::AccountRow};

/// Below lanes and control.
const PRIORITY: i32 = -5;

/// A connection's pages on their way; dropped with it.
#[derive(Debug)]
pub(crate) struct Pages {
    connection: Connection,
    features: Features,
    sending: JoinSet<Result<(), Ended>>,
    turns: Arc<Semaphore>,
}

impl Pages {
    pub(crate) fn new(connection: &Connection, features: Features) -> Self {
        Self {
            connection: connection.clone(),
            features,
            sending: JoinSet::new(),
            turns: Arc::new(Semaphore::new(limits::PAGES_IN_FLIGHT)),
        }
    }

    /// Sends a page beside what else goes on: receipts do not wait for it. A few are read and
    /// written at a time; only where many are asked for at once does this call wait. One who may
    /// no longer read the room when it is its turn gets an empty page.
    pub(crate) async fn send(
        &mut self,
        shared: &Shared,
        account: &AccountRow,
        req_id: ReqId,
        query: History,
    ) -> Result<(), Ended> {
        while self.sending.len() >= limits::PAGES_ASKED {
            self.ended().await?;
        }
        let (connection, readers) = (self.connection.clone(), shared.readers.clone());
        let (account, features) = (account.clone(), self.features);
        let turns = Arc::clone(&self.turns);
        self.sending.spawn(async move {
            // The semaphore is never closed.
            let _turn = turns.acquire().await;
            let room = query.room;
            let page = readers.page(&account, req_id, query).await?;
            let nothing = PageHead { req_id, room, events: 0, oldest: Seq(0), head: Seq(0) };
            let (head, events) = page.unwrap_or((nothing, Vec::new()));
            let kind = StreamKind::Page(req_id).encode();
            let mut frames = vec![kind, LaneNotice::from(head).encode()];
            frames.extend(events.into_iter().map(|event| event.told_with(features).encode()));
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

    /// Waits for the end of one page; for ever if none is under way.
    ///
    /// Cancellation safe.
    pub(crate) async fn ended(&mut self) -> Result<(), Ended> {
        match self.sending.join_next().await {
            Some(done) => ended(done),
            None => std::future::pending().await,
        }
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
        Err(_) => Err(Ended::Close(CloseCode::INTERNAL, "a page could not be sent")),
    }
}
