//! `tail ROOM [--since N] [--count N]`

use tertulia_client::{
    Follow,
    proto::{RoomListing, Seq},
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
    for _ in 0..count {
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
        output.print(&EventObject::new(&address.word(), &event), || line(&event)).await?;
    }
    Ok(())
}
