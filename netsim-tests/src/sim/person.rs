//! One person: joins, does things, and comes back after whatever happens to the client.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tertulia_client::{ClientEvent, Connection, Delivery, JoinError};
use tertulia_proto::DisplayName;
use tokio::time;

use super::{
    chance::Chance,
    deeds,
    eyes::Eyes,
    ledger::Told,
    process::Process,
    world::{PATIENCE, Phase, World},
};

/// Somebody at rest: connected, nothing waiting.
#[derive(Debug)]
pub struct Resident {
    /// Their client.
    pub process: Process,
    /// What it showed.
    pub eyes: Eyes,
    /// What it still has to show.
    pub events: async_channel::Receiver<ClientEvent>,
}

impl Resident {
    /// Looks at everything that was shown meanwhile, and at what was refused: a process before
    /// this one may have ended before it could tell.
    pub async fn see_all(&self) {
        while let Ok(event) = self.events.try_recv() {
            self.eyes.see(&self.process, event);
        }
        for (_, item) in self.process.client.waiting().await {
            if let (Delivery::Failed(_), Some(id)) = (item.delivery, item.message_id) {
                self.process.world.ledger.told_by_id(id, Told::Refused);
            }
        }
    }
}

/// Lives until everything has settled. `None`: that failed, which the ledger knows.
pub async fn live(world: Arc<World>, person: usize) -> Option<Resident> {
    let chance = world.chance(&format!("person {person}"));
    let cache = chance.happens(0.5);
    for life in 0.. {
        let (process, events) = match Process::open(&world, person, life, cache).await {
            Ok(opened) => opened,
            Err(error) => {
                world.ledger.violated(format!("{person} can't open the profile: {error}"));
                return None;
            }
        };
        world.trace.note(format_args!("{person} opens client {life}"));
        let place = &world.people[person];
        place.put(Some(Arc::clone(&process.machine)));
        let (machine, eyes) = (Arc::clone(&process.machine), Eyes::default());
        tokio::select! {
            biased;
            () = machine.crashed() => world.trace.note(format_args!("{person} crashes")),
            () = place.restart.notified() => {
                let flush = chance.ms(0..3_000);
                tokio::select! {
                    biased;
                    () = machine.crashed() => {}
                    () = process.clone().close(flush) => {}
                }
                world.trace.note(format_args!("{person} closes"));
            }
            is_settled = use_it(&process, &eyes, &events, &chance) => {
                return is_settled.then_some(Resident { process, eyes, events });
            }
        }
        place.put(None);
        drop(process);
        time::sleep(deeds::break_between(&chance)).await;
    }
    None
}

async fn use_it(
    process: &Process,
    eyes: &Eyes,
    events: &async_channel::Receiver<ClientEvent>,
    chance: &Chance,
) -> bool {
    let use_it = async {
        join(process, chance).await;
        deeds::busy(process, eyes, chance).await;
        process.world.reached(Phase::Settling).await;
        time::timeout(PATIENCE, settle(process)).await.is_ok()
    };
    tokio::select! {
        biased;
        // Ends only with the client.
        () = eyes.watch(process, events) => false,
        is_settled = use_it => {
            if !is_settled {
                let shown = process.client.snapshot();
                let (connection, queued) = (shown.connection, shown.queued);
                let who = process.person;
                process.world.ledger.violated(format!("{who} does not settle: {connection:?}, {queued} queued"));
            }
            is_settled
        }
    }
}

async fn join(process: &Process, chance: &Chance) {
    let (client, world) = (&process.client, &process.world);
    world.reached(Phase::Busy).await;
    let name = DisplayName::new(&format!("person{}", process.person));
    let (Some(link), Ok(name)) = (world.link.get(), name) else { return };
    while client.snapshot().connection == Connection::Unjoined {
        let may_pass = match client.join(link, &name).await {
            Ok(_) => return,
            Err(JoinError::Refused { refusal, .. }) if refusal.is_final() => {
                Err(refusal.to_string())
            }
            Err(JoinError::Refused { .. } | JoinError::NoConnection(_) | JoinError::Io(_)) => {
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = may_pass {
            return world.ledger.violated(format!("{} can't join: {reason}", process.person));
        }
        time::sleep(chance.ms(100..3_000)).await;
    }
}

/// Waits until the client is up to date and everything it had to send is sent.
async fn settle(process: &Process) {
    let client = &process.client;
    loop {
        // A client that has stopped for good never settles.
        let is_live = client.live().await.is_ok();
        // What was handed over before has been counted once this is answered.
        client.waiting().await;
        let has_files = process.uploads.load(Ordering::Relaxed) > 0;
        if is_live && !has_files && client.snapshot().queued == 0 {
            return;
        }
        time::sleep(Duration::from_millis(500)).await;
    }
}
