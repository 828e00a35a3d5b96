//! Messages of people who talk, in great numbers.

use anyhow::{Context, Result};
use tertulia_proto::{Body, MessageId, MessageText, Send, Timestamp};
use tertulia_server::{Bulk, SystemEnv};
use tokio::task::spawn_blocking;

use super::people::Village;

/// When it all began: 2024, in milliseconds since the Unix epoch.
const BEGINNING: u64 = 1_704_067_200_000;
/// Between two messages.
const EVERY_MS: u64 = 1_000;
/// Every so many messages one names the reader.
const NAMED_EVERY: u64 = 100;
const WORDS: &str = "tomorrow we meet at the harbour and bring bread, olives, the good knife, \
    three chairs and whoever has time; if it rains we go to the old mill instead, and then";

/// How far it is filled.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// Messages by this and by measuring.
    pub(super) messages: u64,
}

/// Fills the stopped server's history until it has so many messages.
pub(super) async fn up_to(size: u64, filled: &mut Filled, village: &Village) -> Result<()> {
    let people: Vec<_> =
        village.people.iter().map(|(id, device)| (*id, *device.fingerprint().as_bytes())).collect();
    let (large, small) = (village.large, village.small.clone());
    let (data, from) = (village.data(), filled.messages);
    let fill = move || -> Result<()> {
        let mut bulk = Bulk::open(&data, &SystemEnv)?;
        let time = |number: u64| Timestamp(BEGINNING + number * EVERY_MS);
        for number in from..size {
            // Not in turn, so that one person's messages lie scattered.
            let person = people[(scattered(number) % people.len() as u64) as usize];
            let room = match number % 5 {
                0 => small[(number / 5) as usize % small.len()],
                _ => large,
            };
            let body = Body::Text(MessageText::new(&text(number))?);
            let message = Send { message_id: id(number), room, reply_to: None, body };
            bulk.post(person, message, time(number))?;
        }
        Ok(bulk.finish(time(size))?)
    };
    spawn_blocking(fill).await.context("no thread")??;
    filled.messages = filled.messages.max(size);
    Ok(())
}

/// As clients make them: in the order of time, the rest by chance (UUID, version 7).
pub(super) fn id(number: u64) -> MessageId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&(BEGINNING + number * EVERY_MS).to_be_bytes()[2..]);
    bytes[8..].copy_from_slice(&scattered(number).to_be_bytes());
    bytes[6] = 0x70;
    MessageId(bytes)
}

/// 20 to 160 letters.
pub(super) fn text(number: u64) -> String {
    let length = 20 + scattered(number.rotate_left(7)) as usize % 140;
    let words = &WORDS[..length.min(WORDS.len())];
    match number % NAMED_EVERY {
        7 => format!("@person-0 {number}: {words}"),
        _ => format!("{number}: {words}"),
    }
}

/// A number that follows from another without looking like it (splitmix64).
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
