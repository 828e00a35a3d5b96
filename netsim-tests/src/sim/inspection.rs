//! What each client shows in the end, against the server's database.

use std::{collections::BTreeSet, time::Duration};

use tertulia_client::{Delivery, RequestError, RoomView};
use tertulia_proto::{RoomId, Seq, Span, limits};
use tokio::time;

use super::{
    eyes,
    facts::{Facts, RoomFacts},
    files,
    ledger::{Seen, Told},
    person::Resident,
    world::PATIENCE,
};

/// Compares everything that a client at rest shows with what there is.
pub async fn inspect(resident: &Resident, facts: &Facts) {
    let process = &resident.process;
    let (ledger, who) = (&process.world.ledger, process.person);
    let Some(account) = facts.accounts.get(&format!("person{who}")) else {
        return ledger.violated(format!("{who} has no account"));
    };
    if let Ok(event) = resident.events.try_recv() {
        let text = format!("{who} still hears news, though everything is at rest: {event:?}");
        ledger.violated(text);
    }
    failures(resident).await;
    let views = process.client.snapshot().rooms;
    for (room, of_room) in &facts.rooms {
        let is_member = of_room.members.contains_key(account);
        let view = views.iter().find(|view| view.listing.room == *room);
        match (view, is_member) {
            (Some(view), true) => {
                head(resident, view, of_room, *account);
                let from = facts.readable_from(*account, *room).unwrap_or_default();
                let whole = wanted(of_room, from);
                shown(resident, *room, of_room, from);
                compare(resident, *room, "history", history(resident, *room).await, &whole);
                compare(resident, *room, "timeline", timeline(resident, *room).await, &whole);
                files::fetch_all(process, *room, of_room, from).await;
            }
            (None, false) => {}
            (Some(_), false) => {
                ledger.violated(format!("{who} shows room {room} without being in it"))
            }
            (None, true) => ledger.violated(format!("{who} does not show room {room}")),
        }
    }
}

/// The outbox has nothing but what the server will not have, and all of that.
async fn failures(resident: &Resident) {
    let (ledger, who) = (&resident.process.world.ledger, resident.process.person);
    let waiting = resident.process.client.waiting().await;
    if waiting.iter().any(|(_, item)| !matches!(item.delivery, Delivery::Failed(_))) {
        ledger.violated(format!("{who}'s outbox is not empty"));
    }
    let shown: BTreeSet<_> = waiting.iter().filter_map(|(_, item)| item.message_id).collect();
    for (number, message) in ledger.written().iter().enumerate() {
        // A file is no matter of the outbox.
        let is_refused =
            message.told == Told::Refused && !message.is_unwanted && message.file.is_none();
        let is_shown = message.id.is_some_and(|id| shown.contains(&id));
        if message.person == who && is_refused && !is_shown {
            ledger.violated(format!("message {number} is refused, and not shown as such"));
        }
        if is_shown && !matches!(message.told, Told::Refused | Told::Nothing | Told::Stored) {
            ledger.violated(format!(
                "message {number} is shown as failed, and is {:?}",
                message.told
            ));
        }
    }
}

/// A room as a list shows it.
fn head(resident: &Resident, view: &RoomView, facts: &RoomFacts, me: u64) {
    let listing = &view.listing;
    let unread = facts.events.iter().filter(|event| {
        event.seen.message_id.is_some() && event.account != me && event.seq > listing.read
    });
    let unread = unread.count().min(1_000) as u32;
    let role = facts.members.get(&me).map(|(role, _)| *role);
    let shown = (
        listing.head,
        listing.members,
        listing.topic.as_str(),
        listing.role.map(|role| role as i64),
        listing.unread,
    );
    let there = (facts.head, facts.member_count, facts.topic.as_str(), role, unread);
    if shown != there {
        let (who, room) = (resident.process.person, listing.room);
        let text = format!(
            "{who} shows of room {room} {shown:?}, there is {there:?} (head, members, topic, role, unread)"
        );
        resident.process.world.ledger.violated(text);
    }
}

/// What came live: no gap, up to the newest; and who follows has everything.
fn shown(resident: &Resident, room: RoomId, facts: &RoomFacts, from: Seq) {
    let (ledger, who) = (&resident.process.world.ledger, resident.process.person);
    let sights = resident.eyes.sights();
    if let Some(shown) = sights.shown.get(&room).filter(|_| !sights.lagged)
        && let Some(first) = shown.others.first()
    {
        let missing = facts.events.iter().map(|event| event.seq).find(|seq| {
            seq >= first && *seq >= from && !shown.others.contains(seq) && !shown.own.contains(seq)
        });
        if let Some(missing) = missing {
            ledger.violated(format!("{who} was not shown {missing} of room {room}"));
        }
    }
    if let Some(last) = sights.followed.get(&room)
        && *last != facts.head
    {
        ledger.violated(format!("{who} follows room {room} up to {last} of {}", facts.head));
    }
}

fn wanted(facts: &RoomFacts, from: Seq) -> Vec<(Seq, Seen)> {
    let readable = facts.events.iter().filter(|event| event.seq >= from);
    readable.map(|event| (event.seq, event.seen.clone())).collect()
}

fn compare(
    resident: &Resident,
    room: RoomId,
    what: &str,
    found: Result<Vec<(Seq, Seen)>, RequestError>,
    wanted: &[(Seq, Seen)],
) {
    let who = resident.process.person;
    let differs = match found {
        Ok(found) if found == wanted => return,
        Ok(found) => {
            let place = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
            let place = place.unwrap_or_else(|| found.len().min(wanted.len()));
            let seqs = |of: &[(Seq, Seen)]| of.get(place).map(|(seq, _)| *seq);
            let (have, want) = (seqs(&found), seqs(wanted));
            format!("has {have:?} where {want:?} stands ({} of {})", found.len(), wanted.len())
        }
        Err(error) => format!("can't be had: {error}"),
    };
    resident.process.world.ledger.violated(format!("{who}'s {what} of room {room} {differs}"));
}

/// All pages, from the oldest on.
async fn history(resident: &Resident, room: RoomId) -> Result<Vec<(Seq, Seen)>, RequestError> {
    let client = &resident.process.client;
    let (mut all, mut after): (Vec<(Seq, Seen)>, _) = (Vec::new(), Seq(0));
    loop {
        let span = Span::After(after);
        let page = patient(client.history(room, span, limits::PAGE_EVENTS)).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.head.seq;
        all.extend(page.iter().map(|event| (event.head.seq, eyes::seen(event))));
    }
}

/// The same as a window shows it, from the newest back.
async fn timeline(resident: &Resident, room: RoomId) -> Result<Vec<(Seq, Seen)>, RequestError> {
    let client = &resident.process.client;
    let (mut all, mut before): (Vec<(Seq, Seen)>, _) = (Vec::new(), None);
    loop {
        let page = patient(client.timeline(room, before, limits::PAGE_EVENTS)).await?;
        let placed = page.iter().filter_map(|item| Some((item.seq?, eyes::seen_item(item))));
        let page: Vec<_> = placed.collect();
        let Some((first, _)) = page.first() else { return Ok(all) };
        before = Some(*first);
        all.splice(0..0, page);
    }
}

/// Nothing is wrong any more, so an answer comes.
async fn patient<T>(
    question: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    time::timeout(PATIENCE, question).await.unwrap_or(Err(RequestError::Lost))
}

/// After this long at rest nothing is under way any more.
pub const REST: Duration = Duration::from_secs(5);
