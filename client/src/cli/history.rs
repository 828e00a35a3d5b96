//! `history ROOM [--before N] [--limit N]`

use std::collections::VecDeque;

use tertulia_client::{
    RequestError,
    proto::{Refusal, Seq, Span, limits},
};

use crate::{
    args,
    event::{EventObject, line},
    failure::Failure,
    output::Output,
    session::Session,
};

pub(crate) async fn run(
    args: args::History,
    session: &Session,
    output: &Output,
) -> Result<(), Failure> {
    let room = session.room(&args.room).await?;
    let mut before = args.before.map(Seq);
    let mut missing = args.limit;
    let mut events = VecDeque::new();
    while missing > 0 && before != Some(Seq(1)) && before != Some(Seq(0)) {
        let span = before.map_or(Span::Newest, Span::Before);
        let limit = u16::try_from(missing).unwrap_or(u16::MAX).min(limits::PAGE_EVENTS);
        let (id, name) = (room.room, &room.name);
        let page = session
            .ask_raw(|client| async move { client.history(id, span, limit).await })
            .await?
            .map_err(|error| match error {
                RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. } => {
                    Failure::no_such_room(name)
                }
                error => error.into(),
            })?;
        let Some(first) = page.first() else {
            break;
        };
        before = Some(first.head.seq);
        missing = missing.saturating_sub(page.len() as u64);
        for event in page.into_iter().rev() {
            events.push_front(event);
        }
    }
    for event in &events {
        output.print(&EventObject::new(&room.name, event), || line(event)).await?;
    }
    Ok(())
}
