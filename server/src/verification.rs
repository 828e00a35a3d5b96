//! After a stop that was not clean the whole history is looked at once, beside serving: in small
//! steps, with pauses that grow with the load, and longer ones while something is written.
//!
//! Nothing is mended here and nothing refused: what is found is told, and the operator decides.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;
use tertulia_proto::Env;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing::{error, info, warn};

use crate::{
    limits,
    net::Shared,
    store::{
        Marks, open_for_reading,
        soundness::Pass,
        verify::{Step, step},
    },
};

/// A step takes at most so much of the time that passes ...
const SHARE: u32 = 10;
/// ... and of the time in which something is written.
const SHARE_WHILE_WRITING: u32 = 40;

/// Goes on with the pass that is under way until its end, if there is one.
pub(crate) async fn run(shared: Arc<Shared>, database: PathBuf, marks: Marks) {
    tell(&shared, &marks);
    if let Some(Pass { until, .. }) = marks.now().pass {
        info!(entries = until.0, "a stop was not clean: the history is verified meanwhile");
    }
    let mut connection = None;
    let mut head = shared.log.head();
    let mut pause = limits::VERIFICATION_PAUSE.0;
    while let Some(pass) = marks.now().pass {
        sleep(pause).await;
        let begun = Instant::now();
        let (lent, seen) = look(&*shared.env, connection, database.clone(), pass.clone()).await;
        connection = lent;
        let share = if shared.log.head() == head { SHARE } else { SHARE_WHILE_WRITING };
        head = shared.log.head();
        pause = pause_after(begun.elapsed(), share);
        let Step { next, looked, problems } = seen;
        let told = limits::VERIFICATION_LOGGED.saturating_sub(pass.found.problems);
        for problem in problems.iter().take(told as usize) {
            error!(problem, "the history is damaged");
        }
        marks.advance(next, looked, problems);
        tell(&shared, &marks);
    }
    let found = marks.now().found;
    if found.problems > 0 {
        let (problems, first) = (found.problems, found.first.unwrap_or_default());
        error!(problems, first, "the history is damaged: see `check`, `restore` and `recover`");
    }
}

fn pause_after(took: Duration, share: u32) -> Duration {
    let (shortest, longest) = limits::VERIFICATION_PAUSE;
    (took * (share - 1)).clamp(shortest, longest)
}

/// Where metrics are read.
fn tell(shared: &Shared, marks: &Marks) {
    let now = marks.now();
    shared.metrics.soundness(now.left(), now.damage().problems);
}

/// One step on a connection that is lent to it. What can't be read at all is a problem, and the
/// pass's end.
async fn look(
    env: &dyn Env,
    connection: Option<Connection>,
    database: PathBuf,
    pass: Pass,
) -> (Option<Connection>, Step) {
    let (done, seen) = oneshot::channel();
    env.run_blocking(Box::new(move || {
        let opened = connection.map_or_else(|| open_for_reading(&database), Ok);
        let stepped = opened.and_then(|db| {
            // A step sees one state.
            db.execute_batch("BEGIN")?;
            let stepped = step(&db, pass.at, pass.until);
            db.execute_batch("ROLLBACK")?;
            Ok((db, stepped?))
        });
        // Who waits may be gone: the server stops.
        let _ = done.send(stepped);
    }));
    match seen.await {
        Ok(Ok((db, step))) => (Some(db), step),
        Ok(Err(error)) => {
            warn!(%error, "the verification ends early");
            let problem = format!("the history can't be read: {error}");
            (None, Step { next: None, looked: 0, problems: vec![problem] })
        }
        // The job was dropped undone: so is the process, or soon.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leaves_most_of_the_time_to_others() {
        let took = Duration::from_millis(10);
        assert_eq!(pause_after(took, SHARE), took * 9);
        assert_eq!(pause_after(took, SHARE_WHILE_WRITING), took * 39);
        assert_eq!(pause_after(Duration::ZERO, SHARE), limits::VERIFICATION_PAUSE.0);
        assert_eq!(pause_after(took * 1_000, SHARE), limits::VERIFICATION_PAUSE.1);
    }
}
