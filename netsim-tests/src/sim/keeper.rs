//! Whoever runs the server: starts it, and starts it again.

use std::{sync::Arc, time::Duration};

use tokio::time;

use super::{
    server_host::ServerHost,
    world::{Phase, World},
};

/// Keeps the server running until the run is over; the server as it runs then. `None`: it does not
/// start, which the ledger knows.
pub async fn keep(world: Arc<World>) -> Option<ServerHost> {
    let chance = world.chance("keeper");
    for life in 0.. {
        let mut host = match ServerHost::start(&world, life).await {
            Ok(host) => host,
            Err(error) => {
                world.ledger.violated(format!("the server does not start: {error:#}"));
                return None;
            }
        };
        world.trace.note(format_args!("server {life} runs"));
        if world.link.set(host.link()).is_ok() {
            world.phase.set(Phase::Busy);
        }
        world.server.put(Some(Arc::clone(&host.machine)));
        let machine = Arc::clone(&host.machine);
        tokio::select! {
            biased;
            () = machine.crashed() => {
                world.trace.note(format_args!("the server crashes"));
                drop(host.server);
            }
            () = world.server.restart.notified() => {
                tokio::select! {
                    biased;
                    () = machine.crashed() => {}
                    () = host.server.shutdown() => machine.retire(),
                }
                world.trace.note(format_args!("the server stops"));
            }
            () = host.server.failed() => {
                world.ledger.violated("the server's writer ended by itself");
                return None;
            }
            () = world.reached(Phase::Over) => return Some(host),
        }
        world.server.put(None);
        let pause: Duration = chance.ms(1..chance.of_range(2..10_000));
        time::sleep(pause).await;
    }
    None
}
