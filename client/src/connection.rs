//! A welcomed connection: tasks that read and write, and nothing that decides.

mod greet;
mod lanes;
mod pages;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use quinn::{RecvStream, SendStream, VarInt};
use tertulia_proto::{
    ClientNotice, DatagramKind, Event, Features, Frame, FrameBuffer, LaneMessage, ReqId,
    ServerMessage, Typing, TypingNotice, close::CloseCode, copies, limits,
};
use tertulia_quic::{Awaited, Copies};
use tokio::{sync::mpsc, task::JoinSet, time};

pub(crate) use greet::{Ended, Greeting, Welcomed, greet};

use crate::{core::session::End, model::Trouble, transport};

/// Frames waiting to be written. More than may be unanswered, so that it is never full.
const WRITES: usize = 2 * limits::REQUESTS_IN_FLIGHT;
/// Bytes taken from a stream at once.
const CHUNK_BYTES: usize = 32 << 10;
/// How long a clean end may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Probes are asked about four times a second in a silence: after so long it is no lost packet.
const SEEMS_DEAD: Duration = Duration::from_secs(2);

/// What a connection's tasks report.
#[derive(Debug)]
pub(crate) enum Report {
    /// What one read of the control stream brought.
    Control(Vec<ServerMessage>),
    /// What one read of a lane brought.
    Lane(Vec<LaneMessage>),
    /// A whole page.
    Page(ReqId, Vec<Event>),
    /// Events once more, or before their lane brings them.
    Copies(Vec<Event>),
    /// Somebody is writing.
    Typing(TypingNotice),
    /// Nothing is heard any more, or something is again.
    Turned,
    /// A page that ended before it was whole, and not by the protocol.
    PageLost(ReqId),
    /// The connection is over.
    Ended(End),
}

/// A report and the connection it is about: reports of an earlier one may still be on their way.
pub(crate) type Tagged = (u64, Report);

/// Where frames for the control stream go.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    writes: mpsc::Sender<Bytes>,
    /// Where both ends can.
    copies: Option<Arc<Copies>>,
}

impl Outgoing {
    /// For a connection that is not welcome yet, and what it has to write.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Bytes>) {
        let (writes, queue) = mpsc::channel(WRITES);
        (Self { writes, copies: None }, queue)
    }

    /// Queues a frame. `false`: the connection is over, or would take more than may be unanswered.
    pub(crate) fn write(&self, frame: Bytes) -> bool {
        if let Some(copies) = &self.copies {
            let frames = [frame.clone().into()];
            copies.offer(DatagramKind::ControlCopy, &frames, Awaited::ByAllBehind);
        }
        self.writes.try_send(frame).is_ok()
    }
}

/// A connection that stands. Dropped, its tasks end and the connection closes.
#[derive(Debug)]
pub(crate) struct Connected {
    /// Its number.
    pub(crate) generation: u64,
    /// For figures.
    pub(crate) quic: quinn::Connection,
    pub(crate) outgoing: Outgoing,
    /// Whether typing notices go as datagrams.
    by_datagram: bool,
    writer: JoinSet<SendStream>,
    _readers: JoinSet<()>,
}

impl Connected {
    /// Starts the tasks of a connection that was welcomed. `outgoing` is the other end of its queue;
    /// `is_real`: see [`transport::Dialer`].
    pub(crate) fn start(
        welcomed: Welcomed,
        mut outgoing: Outgoing,
        generation: u64,
        reports: mpsc::Sender<Tagged>,
        is_real: bool,
    ) -> Self {
        let Welcomed { welcome, quic, send, recv, frames, queue } = welcomed;
        let by_datagram = welcome.features.has(Features::TYPING_DATAGRAMS);
        let copies = (welcome.features.has(Features::COPIES) && quic.max_datagram_size().is_some())
            .then(|| Arc::new(Copies::new(&quic)));
        outgoing.copies.clone_from(&copies);
        let mut writer = JoinSet::new();
        writer.spawn(write(send, queue));
        let reporter = Reporter { generation, reports, quic: quic.clone(), copies: copies.clone() };
        let mut readers = JoinSet::new();
        readers.spawn(read_control(recv, frames, reporter.clone()));
        if is_real {
            readers.spawn(watch_path(reporter.clone()));
        }
        if by_datagram || copies.is_some() {
            readers.spawn(read_datagrams(reporter.clone()));
        }
        if let Some(copies) = copies {
            readers.spawn(tell_turns(reporter.clone(), Arc::clone(&copies)));
            readers.spawn(async move { match copies.run().await {} });
        }
        readers.spawn(accept(reporter));
        Self { generation, quic, outgoing, by_datagram, writer, _readers: readers }
    }

    /// Where both ends can.
    pub(crate) fn copies(&self) -> Option<&Arc<Copies>> {
        self.outgoing.copies.as_ref()
    }

    /// Whether nothing is heard of the server though something is outstanding.
    pub(crate) fn is_holding(&self) -> bool {
        self.copies().is_some_and(|copies| copies.is_holding())
    }

    /// Whether that lasts so long that there is reason to try another way.
    pub(crate) fn seems_dead(&self) -> bool {
        let silent_for = self.copies().and_then(|copies| copies.silent_for());
        silent_for.is_some_and(|lasts| lasts >= SEEMS_DEAD)
    }

    /// Says that one is writing, if that can be said now.
    pub(crate) fn tell_typing(&self, typing: &Typing) {
        if self.by_datagram {
            // One that does not fit the path, or comes too late, is not missed.
            let _ = self.quic.send_datagram(typing.encode_datagram());
        } else {
            let _ = self.outgoing.writes.try_send(ClientNotice::from(typing.clone()).encode());
        }
    }

    /// Gives the connection up at once.
    pub(crate) fn abandon(self, code: CloseCode) {
        self.quic.close(VarInt::from_u32(code.0), b"");
    }

    /// Ends it so that what was written arrives: QUIC drops unsent data of a closed connection.
    pub(crate) async fn goodbye(mut self) {
        drop(self.outgoing);
        let flushed = async {
            if let Some(Ok(mut send)) = self.writer.join_next().await
                && send.finish().is_ok()
            {
                // Either the server has everything, or it is gone.
                let _ = send.stopped().await;
            }
        };
        let _ = time::timeout(GOODBYE, flushed).await;
        self.quic.close(VarInt::from_u32(CloseCode::OK.0), b"");
    }
}

/// The other end broke the protocol.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream ended or failed: the connection's end says why.
    Stream,
    /// What came makes no sense.
    Protocol(CloseCode, String),
}

impl Broken {
    fn protocol(what: impl ToString) -> Self {
        Self::Protocol(CloseCode::PROTOCOL, what.to_string())
    }
}

impl From<tertulia_proto::frame::FrameError> for Broken {
    fn from(error: tertulia_proto::frame::FrameError) -> Self {
        let code = match error {
            tertulia_proto::frame::FrameError::TooLarge { .. } => CloseCode::FRAME_TOO_LARGE,
            tertulia_proto::frame::FrameError::Malformed => CloseCode::PROTOCOL,
        };
        Self::Protocol(code, error.to_string())
    }
}

impl From<tertulia_proto::DecodeError> for Broken {
    fn from(error: tertulia_proto::DecodeError) -> Self {
        Self::protocol(error)
    }
}

/// How the tasks of one connection report.
#[derive(Debug, Clone)]
struct Reporter {
    generation: u64,
    reports: mpsc::Sender<Tagged>,
    quic: quinn::Connection,
    copies: Option<Arc<Copies>>,
}

impl Reporter {
    /// Something came that nobody had asked for.
    fn arrived(&self) {
        if let Some(copies) = &self.copies {
            copies.arrived();
        }
    }

    /// `false`: nobody listens any more.
    async fn report(&self, report: Report) -> bool {
        self.reports.send((self.generation, report)).await.is_ok()
    }

    /// Whether the connection has ended, for whatever reason.
    fn is_over(&self) -> bool {
        self.quic.close_reason().is_some()
    }

    /// Reports the end of the connection; a breach of the protocol makes it end.
    async fn broken(&self, broken: Broken) {
        let end = match broken {
            Broken::Protocol(code, what) => {
                self.quic.close(VarInt::from_u32(code.0), b"");
                End::retry(Trouble::Lost(format!("the server broke the protocol: {what}")))
            }
            Broken::Stream => ended(&self.quic).await,
        };
        self.report(Report::Ended(end)).await;
    }
}

/// The end of a connection one of whose streams has ended: it follows at once, or never comes.
async fn ended(quic: &quinn::Connection) -> End {
    match time::timeout(GOODBYE, quic.closed()).await {
        Ok(error) => transport::end_of(&error),
        Err(_) => {
            quic.close(VarInt::from_u32(CloseCode::PROTOCOL.0), b"");
            End::retry(Trouble::Lost("the server ended the control stream".to_owned()))
        }
    }
}

async fn write(mut send: SendStream, mut queue: mpsc::Receiver<Bytes>) -> SendStream {
    while let Some(frame) = queue.recv().await {
        if send.write_chunk(frame).await.is_err() {
            // The reader reports the end; nothing more can be written.
            break;
        }
    }
    send
}

async fn read_control(mut recv: RecvStream, mut frames: FrameBuffer, reporter: Reporter) {
    loop {
        let messages = match decode_all(&mut frames, ServerMessage::decode) {
            Ok(messages) => messages,
            Err(broken) => return reporter.broken(broken).await,
        };
        if !messages.is_empty() && !reporter.report(Report::Control(messages)).await {
            return;
        }
        match read_chunk(&mut recv, &mut frames).await {
            Ok(true) => {}
            Ok(false) => return reporter.broken(Broken::Stream).await,
            Err(broken) => return reporter.broken(broken).await,
        }
    }
}

async fn watch_path(reporter: Reporter) {
    transport::probe::gone(&reporter.quic).await;
    let tried = reporter.quic.remote_address().to_string();
    let end = End::retry(Trouble::Unreachable { tried });
    reporter.report(Report::Ended(end)).await;
}

async fn tell_turns(reporter: Reporter, copies: Arc<Copies>) {
    loop {
        copies.turned().await;
        if !reporter.report(Report::Turned).await {
            return;
        }
    }
}

/// Datagrams of kinds that this version does not know are ignored.
async fn read_datagrams(reporter: Reporter) {
    // The control reader reports the end.
    while let Ok(datagram) = reporter.quic.read_datagram().await {
        if let Some(copies) = &reporter.copies {
            copies.heard(&datagram);
        }
        let report = read_datagram(&datagram);
        if matches!(report, Some(Report::Copies(_))) {
            reporter.arrived();
        }
        if let Some(report) = report
            && !reporter.report(report).await
        {
            return;
        }
    }
}

/// What can't be read is as good as lost.
fn read_datagram(datagram: &[u8]) -> Option<Report> {
    if let Some(frames) = copies::decode(DatagramKind::LaneCopy, datagram) {
        let event = |frame: &Frame| match LaneMessage::decode(frame) {
            Ok(Some(LaneMessage::Event(event))) => Some(event),
            // A notice counts in its place alone.
            _ => None,
        };
        return Some(Report::Copies(frames.iter().filter_map(event).collect()));
    }
    if let Some(frames) = copies::decode(DatagramKind::ControlCopy, datagram) {
        let receipt = |frame: &Frame| match ServerMessage::decode(frame) {
            Ok(Some(message @ ServerMessage::Receipt(_))) => Some(message),
            _ => None,
        };
        return Some(Report::Control(frames.iter().filter_map(receipt).collect()));
    }
    TypingNotice::decode_datagram(datagram).map(Report::Typing)
}

async fn accept(reporter: Reporter) {
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = streams.join_next() => {}
            stream = reporter.quic.accept_uni() => match stream {
                // QUIC's own limit on streams bounds the set.
                Ok(recv) => drop(streams.spawn(read_stream(recv, reporter.clone()))),
                // The control reader reports the end.
                Err(_) => return,
            },
        }
    }
}

async fn read_stream(recv: RecvStream, reporter: Reporter) {
    match lanes::read(recv, &reporter).await {
        Ok(()) => {}
        Err(broken @ Broken::Protocol(..)) => reporter.broken(broken).await,
        // With the connection, which the control reader reports, or on its own.
        Err(Broken::Stream) => {
            if time::timeout(GOODBYE, reporter.quic.closed()).await.is_err() {
                reporter.broken(Broken::protocol("a stream ended that has to last")).await;
            }
        }
    }
}

/// Takes what has arrived. `Ok(false)`: the stream is over.
async fn read_chunk(recv: &mut RecvStream, frames: &mut FrameBuffer) -> Result<bool, Broken> {
    match recv.read_chunk(CHUNK_BYTES, true).await {
        Ok(Some(chunk)) => {
            frames.extend(&chunk.bytes);
            Ok(true)
        }
        Ok(None) if frames.is_partial() => Err(Broken::protocol("a stream ends within a frame")),
        Ok(None) => Ok(false),
        Err(_) => Err(Broken::Stream),
    }
}

/// Every whole frame that is there, those of unknown types left out.
fn decode_all<T>(
    frames: &mut FrameBuffer,
    decode: impl Fn(&Frame) -> Result<Option<T>, tertulia_proto::DecodeError>,
) -> Result<Vec<T>, Broken> {
    let mut all = Vec::new();
    while let Some(frame) = frames.next_frame()? {
        all.extend(decode(&frame)?);
    }
    Ok(all)
}
