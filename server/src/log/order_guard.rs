//! Keeps an author's messages in order across a failure of the disk.
//!
//! A message that could not be stored is sent again; those that its author's client had sent
//! behind it must not slip in before. So after a failure a device's sends are refused likewise
//! until the failed one comes again, or until so long that it hardly will.

use std::{collections::BTreeMap, time::Duration};

use tertulia_proto::MessageId;

use crate::state::{Actor, DeviceKey, LogCommand, PostMessage};

/// A client that lives tries again within seconds.
const WAIT: Duration = Duration::from_secs(30);
/// Devices waited for at once; beyond, the oldest is forgotten.
const DEVICES: usize = 1_024;

/// Which device's sends wait for which message. Its time is since the server began, and not wall
/// time: a clock that is set must not let go of it.
#[derive(Debug, Default)]
pub(super) struct OrderGuard {
    waiting: BTreeMap<DeviceKey, Wait>,
}

#[derive(Debug)]
struct Wait {
    awaited: MessageId,
    until: Duration,
    /// The first that was refused meanwhile: its author's next, if the awaited one never comes.
    next: Option<MessageId>,
}

impl OrderGuard {
    /// Whether a command may be tried.
    pub(super) fn admits(&mut self, actor: &Actor, command: &LogCommand, now: Duration) -> bool {
        let Some((device, id)) = send(actor, command) else { return true };
        let Some(wait) = self.waiting.get_mut(&device) else { return true };
        if now >= wait.until {
            // The wait may end in the middle of what its author sends in order: the next is not
            // whatever comes now.
            match wait.next.take() {
                Some(next) => *wait = Wait::new(next, now),
                None => wait.awaited = id,
            }
        }
        if wait.awaited == id {
            self.waiting.remove(&device);
            return true;
        }
        wait.next.get_or_insert(id);
        false
    }

    /// A command could not be stored.
    pub(super) fn failed(&mut self, actor: &Actor, command: &LogCommand, now: Duration) {
        let Some((device, id)) = send(actor, command) else { return };
        if self.waiting.len() >= DEVICES && !self.waiting.contains_key(&device) {
            let oldest = self.waiting.iter().min_by_key(|(_, wait)| wait.until);
            if let Some(oldest) = oldest.map(|(device, _)| *device) {
                self.waiting.remove(&oldest);
            }
        }
        self.waiting.insert(device, Wait::new(id, now));
    }
}

impl Wait {
    fn new(awaited: MessageId, now: Duration) -> Self {
        Self { awaited, until: now + WAIT, next: None }
    }
}

fn send(actor: &Actor, command: &LogCommand) -> Option<(DeviceKey, MessageId)> {
    match command {
        // What a file becomes has no place among what is written: it comes when it is there.
        LogCommand::Send(PostMessage { file: Some(_), .. }) => None,
        LogCommand::Send(post) => Some((actor.device?, post.send.message_id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{AccountId, Body, MessageText, RoomId, Send};

    use super::*;

    fn message(id: u8) -> LogCommand {
        let send = Send {
            message_id: MessageId([id; 16]),
            room: RoomId(1),
            reply_to: None,
            body: Body::Text(MessageText::new("x").unwrap()),
        };
        LogCommand::Send(send.into())
    }

    fn actor(device: u16) -> Actor {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&device.to_be_bytes());
        Actor { account: AccountId(1), device: Some(key) }
    }

    #[test]
    fn what_was_sent_behind_a_failed_message_waits_for_it() {
        let (mut guard, now) = (OrderGuard::default(), Duration::ZERO);
        assert!(guard.admits(&actor(1), &message(1), now));
        guard.failed(&actor(1), &message(1), now);
        assert!(!guard.admits(&actor(1), &message(2), now));
        assert!(guard.admits(&actor(2), &message(2), now), "another device");
        assert!(guard.admits(&actor(1), &message(1), now), "it comes again");
        assert!(guard.admits(&actor(1), &message(2), now));
    }

    #[test]
    fn one_that_never_comes_again_is_not_waited_for_without_end() {
        let mut guard = OrderGuard::default();
        guard.failed(&actor(1), &message(1), Duration::ZERO);
        assert!(!guard.admits(&actor(1), &message(2), WAIT - Duration::from_millis(1)));
        assert!(guard.admits(&actor(1), &message(2), WAIT));
    }

    #[test]
    fn a_wait_that_ends_amid_a_resend_ends_with_its_first() {
        let (mut guard, end) = (OrderGuard::default(), WAIT);
        let before = end - Duration::from_millis(1);
        guard.failed(&actor(1), &message(1), Duration::ZERO);
        // 1 was taken back; of 2 and 3, sent again, 3 comes after the end.
        assert!(!guard.admits(&actor(1), &message(2), before));
        assert!(!guard.admits(&actor(1), &message(3), end));
        assert!(guard.admits(&actor(1), &message(2), end));
        assert!(guard.admits(&actor(1), &message(3), end));
    }

    #[test]
    fn it_is_bounded() {
        let mut guard = OrderGuard::default();
        for device in 0..=DEVICES as u16 {
            guard.failed(&actor(device), &message(1), Duration::from_millis(device.into()));
        }
        assert_eq!(guard.waiting.len(), DEVICES);
    }
}
