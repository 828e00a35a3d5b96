//! `send ROOM [TEXT]`, `reply ROOM SEQ TEXT`

use std::io;

use serde::Serialize;
use tertulia_client::{
    Queued, Unsent,
    proto::{MessageText, Refusal, RoomId, RoomListing, RoomName, Seq, TextError, limits},
};
use tokio::{
    io::BufReader,
    sync::mpsc,
    time::{self, Duration},
};

use crate::{
    address::Address,
    args,
    failure::Failure,
    members,
    output::{Output, rfc3339},
    session::{Session, again_after, at},
    stdin_lines::{BadLine, Lines},
    terminal::say,
};

/// Messages read and not receipted: reading waits for the server beyond.
const AHEAD: usize = 512;
/// A server that answers within this says itself whether there is such a room.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct ReceiptObject<'a> {
    room: &'a str,
    seq: u64,
    id: String,
    time: String,
}

/// A message on its way, and the line it came from.
type Handed = (Option<u64>, Queued);

pub(crate) async fn run(
    args: args::Send,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    // What can't be sent is refused before anything else.
    let text = args.text.as_deref().map(check).transpose()?;
    let address = Address::parse(&args.room)?;
    let room = find(&address, session).await?;
    deliver(text, None, room, &address, session, output).await
}

/// Sends one message that answers another one.
pub(crate) async fn reply(
    args: args::Reply,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let text = check(&args.text)?;
    let address = Address::parse(&args.room)?;
    let room = find(&address, session).await?;
    deliver(Some(text), Some(Seq(args.seq)), room, &address, session, output).await
}

/// Sends one message to a room that is known.
pub(crate) async fn one(
    text: MessageText,
    room: &RoomListing,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    deliver(Some(text), None, room.room, &Address::of(room), session, output).await
}

async fn deliver(
    text: Option<MessageText>,
    reply_to: Option<Seq>,
    room: RoomId,
    address: &Address,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let (handed_tx, handed) = mpsc::channel(AHEAD);
    let sent = async {
        tokio::join!(
            hand_over(text, reply_to, room, session, handed_tx),
            receipts(address, session, output, handed),
        )
    };
    let (all_taken, all_sent) = tokio::select! {
        biased;
        sent = sent => sent,
        trouble = session.client.stopped() => {
            let waiting = session.client.snapshot().queued;
            if waiting > 0 {
                say(&format!("tertulia-cli: {waiting} unsent stay queued in the outbox"));
            }
            return Err(Failure::stopped(trouble.as_ref()));
        }
    };
    match (all_taken?, all_sent?) {
        (true, true) => Ok(()),
        _ => Err(Failure::quietly_failed()),
    }
}

/// The room's id. Where the server is away or does not say it now, it is the one that the name
/// stood for the last time: messages wait in the outbox.
async fn find(address: &Address, session: &Session) -> Result<RoomId, Failure> {
    let patience = PATIENCE.min(session.left() / 2);
    let asked = session.ask_once(|client| async move { client.rooms().await });
    if let Ok(answer) = time::timeout(patience, asked).await {
        let answer = answer?;
        if again_after(&answer).is_none() {
            return match (at(answer?, address), address) {
                // Made by the first message.
                (Err(_), Address::Direct(handle)) => Ok(members::open(session, handle).await?.room),
                (found, _) => Ok(found?.room),
            };
        }
    }
    let known = match RoomName::kept(address.word()) {
        Ok(key) => session.client.known_room(key).await,
        Err(_) => None,
    };
    match (known, address) {
        (Some(room), _) => Ok(room),
        (None, Address::Direct(handle)) => Ok(members::open(session, handle).await?.room),
        (None, Address::Room(_)) => Ok(session.room_at(address).await?.room),
    }
}

/// Hands messages to the client as they come. `false`: some could not be.
async fn hand_over(
    text: Option<MessageText>,
    reply_to: Option<Seq>,
    room: RoomId,
    session: &Session,
    handed: mpsc::Sender<Handed>,
) -> Result<bool, Failure> {
    if let Some(text) = text {
        let queued = session.client.queue(room, text, reply_to).await?;
        // The other end lives until this one is gone.
        let _ = handed.send((None, queued)).await;
        return Ok(true);
    }
    let mut lines = Lines::new(BufReader::new(tokio::io::stdin()));
    let mut is_whole = true;
    loop {
        let line = lines
            .next()
            .await
            .map_err(|error| Failure::failed(format!("standard input can't be read: {error}")))?;
        let Some((number, line)) = line else {
            return Ok(is_whole);
        };
        let text = line.map_err(why).and_then(|line| MessageText::new(&line).map_err(text_error));
        match text {
            Ok(text) => {
                let queued = session.client.queue(room, text, None).await?;
                let _ = handed.send((Some(number), queued)).await;
            }
            Err(why) => {
                say(&format!("tertulia-cli: line {number} was not sent: {why}"));
                is_whole = false;
            }
        }
    }
}

/// Prints receipts in the order of the input. `false`: some were refused.
async fn receipts(
    address: &Address,
    session: &Session,
    output: &Output,
    mut handed: mpsc::Receiver<Handed>,
) -> Result<bool, Failure> {
    let mut is_whole = true;
    let mut printed = Ok(());
    let word = address.word();
    while let Some((line, queued)) = handed.recv().await {
        match queued.outcome().await {
            Ok(sent) => {
                let object = ReceiptObject {
                    room: &word,
                    seq: sent.seq.0,
                    id: sent.message_id.to_string(),
                    time: rfc3339(sent.time),
                };
                // Without receipts the messages are sent all the same.
                if printed.is_ok() {
                    let line = || format!("{address} {} {}", object.seq, object.time);
                    printed = output.print(&object, line).await;
                }
            }
            Err(unsent) => {
                tell(line, unsent, address, session).await;
                is_whole = false;
            }
        }
    }
    match printed {
        // A reader that went away wants no receipts.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(is_whole),
    }
}

async fn tell(line: Option<u64>, unsent: Unsent, address: &Address, session: &Session) {
    let what = line.map_or_else(|| "the message".to_owned(), |line| format!("line {line}"));
    let why = match unsent {
        Unsent::Refused { message_id, refusal } => {
            // It was told: it need not be kept.
            let _ = session.client.cancel(message_id).await;
            match refusal {
                Refusal::NO_SUCH_ROOM => format!("there is no room {address} that you can see"),
                refusal => refusal.to_string(),
            }
        }
        Unsent::Dropped => "it was taken out of the outbox".to_owned(),
        Unsent::NotStored(error) => error.to_string(),
    };
    say(&format!("tertulia-cli: {what} was not sent: {why}"));
}

/// A text that can be sent, or why not.
pub(crate) fn check(text: &str) -> Result<MessageText, Failure> {
    MessageText::new(text).map_err(|error| {
        Failure::failed(format!("the message was not sent: {}", text_error(error)))
    })
}

fn text_error(error: TextError) -> String {
    match error {
        TextError::TooLong { .. } => why(BadLine::TooLong),
        error => error.to_string(),
    }
}

fn why(bad: BadLine) -> String {
    match bad {
        BadLine::TooLong => {
            format!("it is longer than {} bytes; split it", limits::TEXT_BYTES)
        }
        BadLine::NoText => "it is not UTF-8 text".to_owned(),
    }
}
