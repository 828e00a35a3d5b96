//! `tail ROOM [--since N] [--count N]`

use tertulia_client::{
    Follow,
    proto::{Event, RoomListing, Seq},
};

use crate::{
    address::Address,
    args,
    event::{EventObject, line},
    failure::Failure,
    outages,
    output::Output,
    session::Session,
    terminal::say,
};

/// Lines of one write.
const AT_ONCE: u64 = 128;

pub(crate) async fn run(
    args: args::Tail,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let since = args.since.map(Seq);
    let (room, mut follow) = session.in_time_aloud(begin(&args.room, since, session)).await?;
    let count = args.count.unwrap_or(u64::MAX);
    let printed = async {
        tokio::select! {
            biased;
            printed = print(&room, &mut follow, count, session, output) => printed,
            never = outages::tell(&session.client) => match never {},
        }
    };
    match args.count {
        Some(_) => session.in_time(printed).await,
        None => printed.await,
    }
}

/// Enters the room if need be; what follows begins after `since`, or with what comes from now on.
pub(crate) async fn begin(
    room: &str,
    since: Option<Seq>,
    session: &Session,
) -> Result<(RoomListing, Follow), Failure> {
    let room = session.entered_room(room).await?;
    let since = since.unwrap_or(room.head);
    let follow = session.client.follow(room.room, since).await?;
    let stopped = |trouble: Option<_>| Failure::stopped(trouble.as_ref());
    session.client.live().await.map_err(stopped)?;
    say(&format!("following {} after {since}", Address::of(&room)));
    Ok((room, follow))
}

async fn print(
    room: &RoomListing,
    follow: &mut Follow,
    count: u64,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let address = Address::of(room);
    let word = address.word();
    let form = |event: &Event| output.form(&EventObject::new(&word, event), || line(event));
    let mut left = count;
    while left > 0 {
        let event = tokio::select! {
            biased;
            event = follow.next() => event,
            trouble = session.client.stopped() => {
                return Err(Failure::stopped(trouble.as_ref()));
            }
        };
        let Some(event) = event else {
            return Err(Failure::failed(format!("you are no member of {address} any more")));
        };
        let mut lines = vec![form(&event)?];
        // What is there already: to hand over each line costs more than all that is in it.
        while (lines.len() as u64) < left.min(AT_ONCE)
            && let Some(event) = follow.ready()
        {
            lines.push(form(&event)?);
        }
        left -= lines.len() as u64;
        output.print_all(lines).await?;
    }
    Ok(())
}
