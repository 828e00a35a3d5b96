//! What people do with their clients.

use std::{future::Future, time::Duration};

use tertulia_client::{RequestError, proto::RoomListing};
use tertulia_proto::{
    DisplayName, Handle, HistoryPolicy, Role, RoomId, RoomKind, RoomName, Seq, Span, Topic, limits,
};
use tokio::time;

use super::{chance::Chance, eyes::Eyes, files, ledger::Told, process::Process, world::PATIENCE};

/// Names of rooms that people make: few, so that they meet.
const ROOM_NAMES: u64 = 6;
/// Messages of one burst.
const BURST: u64 = 80;

/// Does things until nothing more is to be done.
pub async fn busy(process: &Process, eyes: &Eyes, chance: &Chance) {
    files::go_on(process);
    while process.world.is_busy() {
        time::sleep(chance.ms(0..chance.of_range(2..6_000))).await;
        one(process, eyes, chance).await;
    }
}

async fn one(process: &Process, eyes: &Eyes, chance: &Chance) {
    let Some(listing) = some_room(process, chance) else {
        // Nothing to do anything in: looks what there is.
        return asked(process, process.client.rooms()).await;
    };
    let (room, client) = (listing.room, &process.client);
    match chance.below(100) {
        0..40 => {
            let reply_to = Some(listing.head).filter(|head| head.0 > 0 && chance.happens(0.2));
            process.send(room, text(process, chance), reply_to).await;
        }
        40..55 => {
            for _ in 0..chance.of_range(2..BURST) {
                process.queue(room, text(process, chance)).await;
            }
        }
        55..60 => {
            let seq = Seq(chance.below(listing.head.0 + 1));
            client.mark_read(room, if chance.happens(0.5) { listing.head } else { seq });
        }
        60..65 => {
            let span = match chance.below(3) {
                0 => Span::Newest,
                1 => Span::Before(Seq(chance.below(listing.head.0 + 2))),
                _ => Span::After(Seq(chance.below(listing.head.0 + 2))),
            };
            let limit = chance.of_range(1..u64::from(limits::PAGE_EVENTS) + 1) as u16;
            asked(process, client.history(room, span, limit)).await;
        }
        65..70 if process.client.live().await.is_ok() => {
            let after = Seq(chance.below(listing.head.0 + 1));
            tokio::spawn(eyes.clone().follow(process.clone(), room, after));
        }
        70..74 => asked(process, client.timeline(room, None, 50)).await,
        74..77 => cancel_one(process, chance).await,
        77..78 => client.wake(),
        78..79 => client.typing(room),
        79..82 => files::send(process, room, chance).await,
        82..84 => files::fetch_one(process, room, chance).await,
        _ => rooms(process, &listing, chance).await,
    }
}

/// Rooms come and go, and so do their members.
async fn rooms(process: &Process, listing: &RoomListing, chance: &Chance) {
    let (room, client) = (listing.room, &process.client);
    let name = RoomName::new(&format!("room{}", chance.below(ROOM_NAMES)));
    let whom = Handle::new(&format!("person{}", chance.below(process.world.people.len() as u64)));
    let (Ok(name), Ok(whom)) = (name, whom) else { return };
    match chance.below(10) {
        0 | 1 => {
            let kind = if chance.happens(0.5) { RoomKind::Public } else { RoomKind::Private };
            let history = match chance.happens(0.3) {
                true => HistoryPolicy::SinceJoined,
                false => HistoryPolicy::All,
            };
            asked(process, client.create_room(name, kind, Topic::default(), history)).await;
        }
        2 | 3 => asked(process, client.enter_room(name)).await,
        4 => asked(process, client.leave_room(room)).await,
        5 => asked(process, client.open_direct(whom)).await,
        6 => {
            let roles = [None, Some(Role::Guest), Some(Role::Member), Some(Role::Owner)];
            let role = chance.pick(&roles).copied().flatten();
            asked(process, client.set_member(room, whom, role)).await;
        }
        7 => asked(process, client.remove_member(room, whom)).await,
        8 => {
            let topic = Topic::try_from(format!("topic {}", chance.below(1_000)));
            let Ok(topic) = topic else { return };
            asked(process, client.set_topic(room, topic)).await;
        }
        _ => {
            asked(process, client.members(room)).await;
            asked(process, client.users()).await;
            let name = DisplayName::new(&format!("Person {} {}", process.person, chance.below(9)));
            let Ok(name) = name else { return };
            asked(process, client.rename(name)).await;
        }
    }
}

/// An answer comes, or it is said that none does. Which one, the comparison in the end knows.
async fn asked<T>(process: &Process, question: impl Future<Output = Result<T, RequestError>>) {
    if time::timeout(PATIENCE, question).await.is_err() {
        process.world.ledger.violated(format!("{} waits for an answer", process.person));
    }
}

async fn cancel_one(process: &Process, chance: &Chance) {
    let waiting = process.client.waiting().await;
    let Some(id) = chance.pick(&waiting).and_then(|(_, item)| item.message_id) else { return };
    let ledger = &process.world.ledger;
    ledger.told_by_id(id, Told::BeingCancelled);
    let cancelled = process.client.cancel(id).await;
    if !process.machine.is_dead() {
        match cancelled {
            Ok(true) => ledger.told_by_id(id, Told::Cancelled),
            Ok(false) => ledger.told_by_id(id, Told::Stored),
            Err(_) => {}
        }
    }
}

/// One of one's own rooms, the lobby more often than others.
fn some_room(process: &Process, chance: &Chance) -> Option<RoomListing> {
    let rooms = process.client.snapshot().rooms;
    let lobby = rooms.iter().find(|view| view.listing.room == RoomId(1));
    let room = match chance.happens(0.4) {
        true => lobby.or_else(|| chance.pick(&rooms)),
        false => chance.pick(&rooms),
    };
    room.map(|view| view.listing.clone())
}

/// A text that nobody wrote before; now and then a very long one.
fn text(process: &Process, chance: &Chance) -> String {
    let mut text = format!("{}.{}.{:x} ", process.person, process.life, chance.bits());
    let longest = if chance.happens(0.03) { limits::TEXT_BYTES as u64 } else { 200 };
    let len = chance.of_range(30..longest) as usize;
    while text.len() < len {
        text.push('.');
    }
    text
}

/// How long people leave a closed client alone.
pub fn break_between(chance: &Chance) -> Duration {
    chance.ms(1..chance.of_range(2..20_000))
}
