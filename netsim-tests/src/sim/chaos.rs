//! What goes wrong, and when.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time};

use super::{
    chance::Chance,
    full_disk::{self, Fullness, Victim},
    machine::{CrashPoint, DiskSpeed, Machine},
    preset::Fault,
    world::{Place, World},
};
use crate::link::Profile;

/// The largest step of a clock: two days, in milliseconds.
const CLOCK_STEP_MS: u64 = 2 * 24 * 3_600 * 1_000;

/// Makes things go wrong for so long, then makes everything good.
pub async fn reign(world: Arc<World>, lasts: Duration) {
    let chance = world.chance("chaos");
    for person in 0..world.people.len() {
        world.net.set_link(person, world.preset.link(&chance), chance.bits());
    }
    let mut healing = JoinSet::new();
    let all = async {
        loop {
            time::sleep(chance.ms(world.preset.pause_ms())).await;
            while healing.try_join_next().is_some() {}
            strike(&world, &chance, &mut healing);
        }
    };
    let _ = time::timeout(lasts, all).await;
    healing.abort_all();
    while healing.join_next().await.is_some() {}
    heal(&world);
}

fn strike(world: &Arc<World>, chance: &Chance, healing: &mut JoinSet<()>) {
    let fault = world.preset.fault(chance);
    let person = chance.below(world.people.len() as u64) as usize;
    world.trace.note(format_args!("{fault:?} for {person}"));
    world.count(fault);
    let lasts = chance.ms(10..chance.of_range(11..40_000));
    match fault {
        Fault::Link => world.net.set_link(person, world.preset.link(chance), chance.bits()),
        Fault::Cut => cut(world, person, (true, true), lasts, healing),
        Fault::HalfCut => {
            let up = chance.happens(0.5);
            cut(world, person, (up, !up), lasts, healing);
        }
        Fault::Address => world.net.rebind(person),
        Fault::ServerCrash => crash(world, &world.server, chance),
        Fault::ClientCrash => crash(world, &world.people[person], chance),
        Fault::ServerRestart => world.server.restart.notify_one(),
        Fault::ClientRestart => world.people[person].restart.notify_one(),
        Fault::ServerDiskFull => fill(&world.server, Victim::SERVER, lasts, chance, healing),
        Fault::ClientDiskFull => {
            fill(&world.people[person], Victim::CLIENT, lasts, chance, healing)
        }
        Fault::SlowDisk => {
            let place = if chance.happens(0.3) { &world.server } else { &world.people[person] };
            let Some(machine) = place.machine() else { return };
            machine.set_speed(DiskSpeed::SLOW);
            healing.spawn(async move {
                time::sleep(lasts).await;
                machine.set_speed(DiskSpeed::FAST);
            });
        }
        Fault::Clock => {
            let place = if chance.happens(0.5) { &world.server } else { &world.people[person] };
            let step = chance.below(2 * CLOCK_STEP_MS) as i64 - CLOCK_STEP_MS as i64;
            if let Some(machine) = place.machine() {
                machine.set_clock(step);
            }
        }
    }
}

fn cut(
    world: &Arc<World>,
    person: usize,
    (up, down): (bool, bool),
    lasts: Duration,
    healing: &mut JoinSet<()>,
) {
    world.net.set_cut(person, up, down);
    let world = Arc::clone(world);
    healing.spawn(async move {
        time::sleep(lasts).await;
        world.net.set_cut(person, false, false);
    });
}

fn crash(world: &World, place: &Place, chance: &Chance) {
    let points = [
        CrashPoint::AtOnce,
        CrashPoint::AfterPackets(chance.of_range(1..60)),
        CrashPoint::AfterPackets(chance.of_range(1..60)),
        CrashPoint::BeforeJob,
        CrashPoint::WithinCommit,
        CrashPoint::AfterCommit,
    ];
    if let (Some(machine), Some(point)) = (place.machine(), chance.pick(&points)) {
        world.trace.note(format_args!("{point:?}"));
        machine.crash(*point);
    }
}

fn fill(
    place: &Place,
    victim: Victim,
    lasts: Duration,
    chance: &Chance,
    healing: &mut JoinSet<()>,
) {
    let Some(machine) = place.machine() else { return };
    let fullness = if chance.happens(0.5) { Fullness::Full } else { Fullness::AtTimes };
    set_disk(&machine, victim, fullness);
    healing.spawn(async move {
        time::sleep(lasts).await;
        set_disk(&machine, victim, Fullness::Free);
    });
}

fn set_disk(machine: &Machine, victim: Victim, fullness: Fullness) {
    if !machine.is_dead() {
        // The files are the run's own, and no transaction is under way between two jobs.
        full_disk::set(machine.dir(), victim, fullness).expect("a run's database can be opened");
    }
}

fn heal(world: &World) {
    world.trace.note(format_args!("all is well"));
    for (person, place) in world.people.iter().enumerate() {
        world.net.set_link(person, Profile::default(), 0);
        world.net.set_cut(person, false, false);
        if let Some(machine) = place.machine() {
            mend(&machine, Victim::CLIENT);
        }
    }
    if let Some(machine) = world.server.machine() {
        mend(&machine, Victim::SERVER);
    }
}

fn mend(machine: &Machine, victim: Victim) {
    machine.calm();
    machine.set_speed(DiskSpeed::FAST);
    set_disk(machine, victim, Fullness::Free);
}
