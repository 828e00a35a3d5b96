//! `search QUERY [--room ROOM]`

use tertulia_client::{
    Beyond, Pattern, RequestError, Searched,
    proto::{Refusal, RoomListing},
};

use crate::{
    address::Address,
    args,
    event::{EventObject, line},
    failure::Failure,
    output::Output,
    session::Session,
};

/// Prints what is found as it is found: in each room the newest first.
pub(crate) async fn run(
    args: args::Search,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let pattern = Pattern::new(&args.query).ok_or_else(|| {
        Failure::wrong("there is nothing to look for; name a word or part of one")
    })?;
    if let Some(address) = &args.room {
        let room = session.room(address).await?;
        let is_there = search_room(&room, &pattern, session, output).await?;
        return is_there.then_some(()).ok_or_else(|| Failure::no_such_room(&Address::of(&room)));
    }
    let rooms = session.ask(|client| async move { client.rooms().await }).await?;
    for room in rooms.iter().filter(|room| room.is_entered()) {
        // One that was lost meanwhile is none of those that are one's own.
        search_room(room, &pattern, session, output).await?;
    }
    Ok(())
}

/// Whether the room is there.
async fn search_room(
    room: &RoomListing,
    pattern: &Pattern,
    session: &Session,
    output: &Output,
) -> Result<bool, Failure> {
    let (id, address) = (room.room, Address::of(room));
    let word = address.word();
    let mut before = None;
    loop {
        let step = session
            .ask_raw(|client| async move { client.search(id, pattern, before, true).await })
            .await?;
        let Searched { found, looked_to, beyond } = match step {
            Err(RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. }) => return Ok(false),
            step => step?,
        };
        let formed: Vec<String> = found
            .iter()
            .map(|event| {
                let object = EventObject::new(&word, event);
                output.form(&object, || format!("{address} {}  {}", event.head.seq.0, line(event)))
            })
            .collect::<Result<_, _>>()?;
        output.print_all(formed).await?;
        match (looked_to, beyond) {
            (None, _) | (_, Beyond::Nothing) => return Ok(true),
            (Some((seq, _)), _) => before = Some(seq),
        }
    }
}
