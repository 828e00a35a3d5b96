//! `history ROOM [--before N] [--limit N]`

use std::collections::VecDeque;

use tertulia_client::{
    RequestError,
    proto::{Refusal, Seq, Span, limits},
};

use crate::{
    address::Address,
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
    let address = &Address::parse(&args.room)?;
    let room = session.room_at(address).await?;
    let mut before = args.before.map(Seq);
    let mut missing = args.limit;
    let mut events = VecDeque::new();
    while missing > 0 && before != Some(Seq(1)) && before != Some(Seq(0)) {
        let span = before.map_or(Span::Newest, Span::Before);
        let limit = u16::try_from(missing).unwrap_or(u16::MAX).min(limits::PAGE_EVENTS);
        let id = room.room;
        let page = session
            .ask_raw(|client| async move { client.history(id, span, limit).await })
            .await?
            .map_err(|error| match error {
                RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. } => {
                    Failure::no_such_room(address)
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
    let word = address.word();
    for event in &events {
        output.print(&EventObject::new(&word, event), || line(event)).await?;
    }
    Ok(())
}
