//! The reference against what really became of everything.

use std::collections::BTreeMap;

use tertulia_proto::{RoomId, Seq};

use super::{
    facts::{EventFacts, Facts},
    ledger::{Ledger, Told, Written},
};

/// Compares what was written, told and seen with the server's database.
pub fn judge(ledger: &Ledger, facts: &Facts) {
    numbers(ledger, facts);
    let written = ledger.written();
    let posted = posted(ledger, facts, &written);
    for (number, (message, places)) in written.iter().zip(&posted).enumerate() {
        told(ledger, number, message, places);
    }
    order(ledger, &written, &posted);
    files(ledger, facts, &written, &posted);
    seen(ledger, facts);
}

/// Seqs are dense from 1; places in the log and times never go back.
fn numbers(ledger: &Ledger, facts: &Facts) {
    for (id, room) in &facts.rooms {
        let dense = (1..).zip(&room.events).all(|(n, event)| event.seq == Seq(n));
        if !dense || room.head.0 != room.events.len() as u64 {
            ledger
                .violated(format!("the seqs of room {id} have holes, or do not end with its head"));
        }
        let back = room.events.windows(2).any(|pair| {
            let [first, second] = pair else { return false };
            first.position > second.position || first.time > second.time
        });
        if back {
            ledger.violated(format!("places or times of room {id} go back"));
        }
        if room.members.len() != room.member_count as usize {
            ledger.violated(format!("room {id} has another number of members than it says"));
        }
    }
}

type Place = (RoomId, Seq);

/// Where each message stands. A text that nobody wrote, or somebody else's, stands nowhere.
fn posted(ledger: &Ledger, facts: &Facts, written: &[Written]) -> Vec<Vec<Place>> {
    let by_text: BTreeMap<&str, usize> = written
        .iter()
        .enumerate()
        .map(|(number, message)| (message.text.as_str(), number))
        .collect();
    let mut posted = vec![Vec::new(); written.len()];
    for (id, room) in &facts.rooms {
        for event in room.events.iter().filter(|event| event.seen.message_id.is_some()) {
            match whose(facts, event, written, &by_text) {
                Some(number) => posted[number].push((*id, event.seq)),
                None => ledger.violated(format!(
                    "event {} of room {id} is a message that its author did not write",
                    event.seq
                )),
            }
        }
    }
    posted
}

fn whose(
    facts: &Facts,
    event: &EventFacts,
    written: &[Written],
    by_text: &BTreeMap<&str, usize>,
) -> Option<usize> {
    let number = *by_text.get(event.seen.text.as_deref()?)?;
    let message = &written[number];
    let account = facts.accounts.get(&format!("person{}", message.person));
    let is_known = message.id.is_none() || message.id == event.seen.message_id;
    (account == Some(&event.account) && is_known).then_some(number)
}

/// Nothing that was promised is missing, nothing is twice, nothing came of what was refused.
fn told(ledger: &Ledger, number: usize, message: &Written, places: &[Place]) {
    let told = message.told;
    let is_right = match (told, places) {
        (_, [_, _, ..]) => {
            return ledger.violated(format!("message {number} is there twice: {places:?}"));
        }
        (_, [(room, _)]) if *room != message.room => false,
        (Told::Receipted(seq), [(_, place)]) => *place == seq,
        (Told::Receipted(_), []) => false,
        // Everybody is at rest, so every outbox is empty.
        (Told::Stored, places) => places.len() == 1,
        (Told::Refused | Told::Cancelled | Told::NotStored, places) => places.is_empty(),
        (Told::Nothing | Told::BeingCancelled, _) => true,
    };
    if !is_right {
        ledger.violated(format!("message {number} is {told:?}, and stands at {places:?}"));
    }
}

/// What brought a file brought the one that was sent, and nothing else did.
fn files(ledger: &Ledger, facts: &Facts, written: &[Written], posted: &[Vec<Place>]) {
    for (number, (message, places)) in written.iter().zip(posted).enumerate() {
        let sent = message.file.as_ref().map(|file| (file.hash, file.size));
        for (room, seq) in places {
            let events = facts.rooms.get(room).map_or(&[][..], |room| room.events.as_slice());
            let brought = (seq.0 as usize).checked_sub(1).and_then(|place| events.get(place)?.file);
            if brought != sent {
                ledger.violated(format!("message {number} brought {brought:?}, not {sent:?}"));
            }
        }
    }
}

/// What one person wrote into one room stands in the order of writing; a file takes its time.
fn order(ledger: &Ledger, written: &[Written], posted: &[Vec<Place>]) {
    let mut newest: BTreeMap<(usize, RoomId), (usize, Seq)> = BTreeMap::new();
    for (number, (message, places)) in written.iter().zip(posted).enumerate() {
        let Some((room, seq)) = places.first().filter(|_| message.file.is_none()) else { continue };
        let before = newest.insert((message.person, *room), (number, *seq));
        if let Some((earlier, before)) = before
            && before > *seq
        {
            ledger.violated(format!("message {number} stands before message {earlier} in {room}"));
        }
    }
}

/// What anybody saw is what stands there.
fn seen(ledger: &Ledger, facts: &Facts) {
    for ((room, seq), seen) in ledger.seen() {
        let events = facts.rooms.get(&room).map(|room| room.events.as_slice()).unwrap_or_default();
        let event = (seq.0 as usize).checked_sub(1).and_then(|index| events.get(index));
        if event.is_none_or(|event| event.seen != seen) {
            ledger
                .violated(format!("somebody saw another event {seq} of room {room} than there is"));
        }
    }
}
