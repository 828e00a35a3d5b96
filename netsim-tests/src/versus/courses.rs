//! What happens to pairs, one pair of each course beside those of all others, again and again.

use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinSet;

use super::{
    System,
    pair::{Ground, Pair},
};
use crate::emu::{SelfCheck, World};

/// What happens to a pair.
pub(super) trait Course: Copy + Send + Sync + 'static {
    /// Pairs that have the same course at the same time.
    const LANES: u32;

    /// What came of it, any number of times.
    type Found: Found;

    /// What carries the messages.
    fn system(self) -> System;

    /// Addresses that a pair needs which has it so many times.
    fn addresses(times: u32) -> usize;

    /// A pair has it so many times.
    fn live(self, pair: Pair, times: u32) -> impl Future<Output = Result<Self::Found>> + Send;
}

/// What can be put together.
pub(super) trait Found: Clone + Send + 'static {
    /// As if nothing had happened yet.
    fn none() -> Self;

    /// What came of others, too.
    fn add(&mut self, other: Self);
}

/// Runs courses, all at once, each so many times: what came of each.
pub(super) fn run<C: Course>(
    world: World,
    ground: &Ground,
    courses: &[C],
    times: u32,
) -> Result<(Vec<C::Found>, SelfCheck)> {
    let world = Arc::new(world);
    let (ground, courses) = (ground.clone(), courses.to_vec());
    let played = world.clients().handle().spawn(play(Arc::clone(&world), ground, courses, times));
    world.clients().handle().block_on(played)?
}

async fn play<C: Course>(
    world: Arc<World>,
    ground: Ground,
    courses: Vec<C>,
    times: u32,
) -> Result<(Vec<C::Found>, SelfCheck)> {
    let systems = courses.iter().map(|course| course.system());
    let servers = super::serve(&world, &ground.dir, systems).await?;
    let addresses = C::addresses(times.div_ceil(C::LANES));
    let mut pairs = Vec::new();
    for lane in 0..C::LANES.min(times) {
        let share = times / C::LANES + u32::from(lane < times % C::LANES);
        for (place, course) in courses.iter().enumerate() {
            let number = (pairs.len(), addresses);
            let pair = Pair::new(&world, &ground, &servers, course.system(), number).await?;
            pairs.push((place, *course, share, pair));
        }
    }
    world.self_check();
    let mut running = JoinSet::new();
    for (place, course, share, pair) in pairs {
        running.spawn(async move { (place, course.live(pair, share).await) });
    }
    let mut found = vec![C::Found::none(); courses.len()];
    while let Some(ended) = running.join_next().await {
        let (place, came) = ended?;
        found[place].add(came?);
    }
    let check = world.self_check();
    servers.0.stop().await;
    Ok((found, check))
}
