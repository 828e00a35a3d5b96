//! `chat ROOM`: a room, line by line.

use std::time::Duration;

use tertulia_client::{
    Follow, RequestError,
    proto::{MessageText, RoomListing, Seq},
    typed::Typed,
};
use tokio::io::{BufReader, Stdin};

use crate::{
    address::Address,
    args,
    event::{EventObject, line},
    failure::Failure,
    outages,
    output::Output,
    session::Session,
    stdin_lines::Lines,
    tail,
    terminal::{say, say_lines},
    users,
};

/// Events shown before the first new one.
const CONTEXT: u64 = 10;
/// How long the last messages may take on leaving.
const FLUSH: Duration = Duration::from_secs(3);

const HELP: &str = "\
what you type is sent, line by line
!users, /users   who is connected
!exit, /exit     leave the program; you stay a member
!help, /help     this
//text           a message that begins with a slash";

pub(crate) async fn run(
    args: args::Room,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let begin = async {
        let room = session.entered_room(&args.room).await?;
        let since = Seq(room.head.0.saturating_sub(CONTEXT));
        tail::begin(&args.room, Some(since), session).await
    };
    let (room, follow) = session.in_time_aloud(begin).await?;
    let talked = tokio::select! {
        biased;
        listened = listen(&room, follow, output) => listened,
        trouble = session.client.stopped() => Err(Failure::stopped(trouble.as_ref())),
        talked = talk(&room, session, output) => talked,
        never = outages::tell(&session.client) => match never {},
    };
    let waiting = session.client.close(FLUSH).await.waiting;
    if waiting > 0 {
        say(&format!("{waiting} unsent in the outbox: sent the next time"));
    }
    talked
}

async fn listen(room: &RoomListing, mut follow: Follow, output: &Output) -> Result<(), Failure> {
    let address = Address::of(room);
    let word = address.word();
    while let Some(event) = follow.next().await {
        output.print(&EventObject::new(&word, &event), || line(&event)).await?;
    }
    Err(Failure::failed(format!("you are no member of {address} any more")))
}

async fn talk(room: &RoomListing, session: &Session, output: &Output) -> Result<(), Failure> {
    let mut lines: Lines<BufReader<Stdin>> = Lines::new(BufReader::new(tokio::io::stdin()));
    loop {
        let line = lines
            .next()
            .await
            .map_err(|error| Failure::failed(format!("standard input can't be read: {error}")))?;
        let Some((_, line)) = line else {
            return Ok(());
        };
        let Ok(line) = line else {
            say("not sent: too long, or no text");
            continue;
        };
        match Typed::parse(&line) {
            Typed::Text(text) => match MessageText::new(&text) {
                Ok(text) => drop(session.client.send(room.room, text, None).await?),
                Err(error) => say(&format!("not sent: {error}")),
            },
            Typed::Users => match session.client.users().await {
                Ok(people) => users::print(&people, &session.client, output).await?,
                Err(RequestError::Offline | RequestError::Lost) => show_old(session),
                Err(error) => say(&error.to_string()),
            },
            Typed::Exit => return Ok(()),
            Typed::Help => say_lines(HELP),
            Typed::UnknownCommand(word) => {
                say(&format!("{word} is no command; /help lists them, //… sends a slash"));
            }
        }
    }
}

/// Who was there when the connection ended.
fn show_old(session: &Session) {
    let presence = session.client.snapshot().presence;
    say("not connected; this is how it was:");
    for person in &presence.people {
        say(person.handle.as_str());
    }
    say(&format!("{} online", presence.online));
}
