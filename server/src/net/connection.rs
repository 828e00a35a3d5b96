//! One client's connection, from the first packet to the last.

use std::{convert::Infallible, sync::Arc};

use quinn::{Connecting, Connection, VarInt};
use rustls::pki_types::CertificateDer;
use tertulia_certs::peer_fingerprint;
use tertulia_proto::{Features, ServerMessage, StreamKind, close::CloseCode, limits as wire};
use tertulia_quic::Copies;
use tokio::time::{Instant, sleep, timeout};
use tracing::{Instrument, debug, info, info_span};

use super::{
    Ended, Shared, commands,
    crowd::Place,
    datagrams, files,
    frames::{FrameReader, FrameWriter},
    greeting,
    lanes::Lanes,
    line::Line,
    pages::Pages,
    replies,
    shown::Shown,
    typing::{self, TypingIn},
};
use crate::{
    hub::{Bell, Joined},
    limits,
    metrics::Handshake,
    state::{Actor, DeviceKey},
};

/// What a connection holds until it is welcome.
#[derive(Debug)]
pub(crate) struct Antechamber {
    pub(crate) handshake: Place,
    pub(crate) unwelcome: Place,
}

/// Serves a connection to its end. Nothing that a peer does makes it panic.
pub(crate) async fn serve(shared: Arc<Shared>, connecting: Connecting, antechamber: Antechamber) {
    let remote = connecting.remote_address();
    let connection = match timeout(limits::HANDSHAKE_TIME, connecting).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            shared.metrics.handshake(Handshake::Failed);
            return debug!(%remote, error = %Shown(&error), "no handshake");
        }
        Err(_) => {
            shared.metrics.handshake(Handshake::Late);
            return debug!(%remote, "no handshake in time");
        }
    };
    shared.metrics.handshake(Handshake::Done);
    drop(antechamber.handshake);
    let span = info_span!("connection", %remote);
    async {
        match converse(&shared, &connection, antechamber.unwelcome).await {
            Ended::Lost(error) => debug!(error = %Shown(&error), "ended"),
            Ended::Close(code, reason) => {
                debug!(%code, reason, "closed");
                shared.metrics.closed(code);
                connection.close(VarInt::from_u32(code.0), reason.as_bytes());
            }
        }
    }
    .instrument(span)
    .await;
}

async fn converse(shared: &Arc<Shared>, connection: &Connection, unwelcome: Place) -> Ended {
    match welcomed(shared, connection, unwelcome).await {
        Ok(ended) | Err(ended) => ended,
    }
}

async fn welcomed(
    shared: &Arc<Shared>,
    connection: &Connection,
    unwelcome: Place,
) -> Result<Ended, Ended> {
    let device = device_key(connection)?;
    let late = |_| Ended::Close(CloseCode::TIMEOUT, "no hello in time");
    let (send, recv) =
        timeout(limits::HELLO_TIME, connection.accept_bi()).await.map_err(late)??;
    // Above lanes and pages.
    let _ = send.set_priority(10);
    let mut writer = FrameWriter::new(connection, send);
    let mut reader = FrameReader::new(connection, recv, wire::FRAME_BYTES_BEFORE_WELCOME);
    let guest = timeout(limits::HELLO_TIME, async {
        if reader.kind().await? != StreamKind::Control {
            return Err(Ended::Close(CloseCode::PROTOCOL, "not a control stream"));
        }
        greeting::receive(shared, device, &mut reader, &mut writer).await
    });
    let guest = guest.await.map_err(late)??;
    drop(unwelcome);
    reader.set_limit(wire::FRAME_BYTES);

    let account = &guest.account;
    let bell = Arc::new(Bell::new(account.id));
    let joined = shared.hub.join(account, device, Arc::clone(&bell));
    let welcome = guest.welcome(shared);
    let (lanes, features) = (welcome.lanes, welcome.features);
    let takes_requests = guest.takes_requests(&welcome);
    // A client can name the feature and not let its transport take any.
    let takes_datagrams = connection.max_datagram_size().is_some();
    let by_datagram = takes_datagrams && welcome.features.has(Features::TYPING_DATAGRAMS);
    let copies = (takes_datagrams && welcome.features.has(Features::COPIES))
        .then(|| Copies::new(connection));
    let copies = copies.as_ref();
    info!(account = account.id.0, lanes, "welcome");
    shared.metrics.welcomes.inc();
    let known_epoch = guest.hello.epoch == Some(welcome.epoch);
    let cursors = if known_epoch { guest.hello.cursors.as_slice() } else { &[] };
    writer.write_one(ServerMessage::from(welcome).encode()).await?;

    let actor = Actor { account: account.id, device: Some(device) };
    let quota = shared.quotas.of(device, Instant::now());
    let mut pages = Pages::new(connection, features);
    let typing = TypingIn::new(shared, joined.id(), account.id);
    let due = Line::new(wire::REQUESTS_IN_FLIGHT);
    let copied = Line::new(datagrams::COPIED);
    let requests = async {
        if !takes_requests {
            // What it has asked behind its hello was meant for another history. It leaves by itself.
            sleep(limits::HELLO_TIME).await;
            return Err(Ended::Close(CloseCode::GO_AWAY, "another epoch than in the hello"));
        }
        commands::read(shared, actor, &quota, &mut reader, &typing, &copied, &due).await?;
        // The client said its last; its answers are the other branch's.
        std::future::pending::<Result<(), Ended>>().await
    };
    let answers = async {
        let typed = (!by_datagram).then_some(&*bell);
        replies::write(shared, account, &mut writer, copies, &mut pages, typed, &due).await?;
        pages.flush().await?;
        // The last receiver closes: the client, once it has its answers.
        let closed = timeout(limits::STOP_TIME, connection.closed()).await;
        Err::<(), _>(closed.map_or(Ended::Close(CloseCode::OK, ""), Ended::Lost))
    };
    let live = async {
        if lanes == 0 {
            return std::future::pending().await;
        }
        let id = joined.id();
        let mut lanes =
            Lanes::open(shared, connection, account.id, id, &bell, lanes, cursors).await?;
        lanes.follow_with(copies);
        lanes.tell_with(features);
        lanes.run().await
    };
    let datagrams = async {
        if !by_datagram && copies.is_none() {
            return std::future::pending().await;
        }
        let whispers = async {
            match by_datagram {
                true => typing::send_datagrams(connection, &bell).await,
                false => std::future::pending().await,
            }
        };
        let followers = async {
            match copies {
                Some(copies) => copies.run().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            never = datagrams::read(connection, &typing, copies, &copied) => never,
            never = followers => match never {},
            never = whispers => match never {},
        }
    };
    let has_files = features.has(Features::FILES);
    let files = files::serve(shared, connection, account, actor, &quota, has_files);
    tokio::select! {
        biased;
        error = connection.closed() => Ok(Ended::Lost(error)),
        () = joined.replaced() => {
            Ok(Ended::Close(CloseCode::REPLACED, "another connection of this device"))
        }
        answered = answers => answered.map(|()| Ended::Close(CloseCode::OK, "")),
        read = requests => read.map(|()| Ended::Close(CloseCode::OK, "")),
        carried = live => carried.map(|never| match never {}),
        heard = datagrams => heard.map(|never| match never {}),
        served = files => served.map(|never| match never {}),
        never = watch_silence(connection, &joined) => match never {},
    }
}

/// Tells the hub when nothing is heard from a client any more, and when it is again.
async fn watch_silence(connection: &Connection, joined: &Joined) -> Infallible {
    let mut heard = 0;
    let mut silent_turns = 0;
    loop {
        let now = connection.stats().udp_rx.datagrams;
        silent_turns = if now == heard { silent_turns + 1 } else { 0 };
        heard = now;
        let is_silent = silent_turns >= 2;
        joined.set_silent(is_silent);
        // Who is back is shown as such at once.
        sleep(if is_silent { limits::SILENT_LOOK } else { limits::SILENCE }).await;
    }
}

/// The device that TLS verified.
fn device_key(connection: &Connection) -> Result<DeviceKey, Ended> {
    let refused = Ended::Close(CloseCode::AUTH, "no device certificate");
    let identity = connection.peer_identity();
    let chain = identity.and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
    let Some(chain) = chain else {
        return Err(refused);
    };
    peer_fingerprint(&chain).map(|key| *key.as_bytes()).map_err(|_| refused)
}
