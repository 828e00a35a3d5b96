//! One preset's run: a server, writers, readers.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tertulia_certs::ServerLink;
use tokio::{
    sync::mpsc,
    task::{JoinSet, spawn_blocking},
    time::{self, Duration, Instant},
};

use super::{
    Plan, READERS, Row, Tally, WRITERS,
    person::{Person, Read},
};
use crate::{
    link::{Preset, ProxyConfig},
    process::ServerProcess,
};

/// Who reads has his outages so much later than who writes: while some wait to be heard, others
/// see nothing.
const READERS_LATER: Duration = Duration::from_secs(12);
/// What was read waits here for being counted.
const READ: usize = 1_024;
/// After the last message: what comes twice comes by then.
const AFTERWARDS: Duration = Duration::from_secs(1);
const NAMES: [&str; WRITERS + READERS] = ["Ana", "Beto", "Carla", "Dani"];

/// Everybody in place. What is dropped ends.
#[derive(Debug)]
struct Stage {
    people: Vec<Person>,
    _server: ServerProcess,
    _dir: TempDir,
}

/// Plays it until everything has arrived, or until then.
pub(super) async fn play(preset: Preset, plan: &Plan, ends_at: Instant) -> Row {
    let mut tally = Tally::new(READERS, WRITERS, plan.messages);
    let result = match time::timeout_at(ends_at, Stage::set(preset, plan)).await {
        Ok(Ok(stage)) => act(stage, plan, ends_at, &mut tally).await,
        Ok(Err(error)) => Err(error),
        Err(_) => Err(anyhow::anyhow!("not everybody could join in time")),
    };
    let sent = WRITERS as u64 * u64::from(plan.messages);
    Row::new(preset, sent, &tally, result.err().map(|error| format!("{error:#}")))
}

impl Stage {
    async fn set(preset: Preset, plan: &Plan) -> Result<Self> {
        let (dir, server, invite) = spawn_blocking(|| {
            let dir = tempfile::tempdir()?;
            let server = ServerProcess::start(&dir.path().join("data"))?;
            let invite: ServerLink = server.invite(&[])?.parse()?;
            anyhow::Ok((dir, server, invite))
        })
        .await??;
        let mut joining = JoinSet::new();
        for (place, name) in NAMES.into_iter().enumerate() {
            let later = if place < WRITERS { Duration::ZERO } else { READERS_LATER };
            let config = ProxyConfig {
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                to: server.address(),
                profile: preset.profile().shifted(later),
                seed: plan.seed ^ ((place as u64) << 32),
                rebind_every: None,
            };
            let (folder, invite) = (dir.path().to_owned(), invite.clone());
            joining.spawn(async move {
                Person::join(name, &folder, &invite, config).await.map(|person| (place, person))
            });
        }
        let mut people = joining.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        people.sort_by_key(|(place, _)| *place);
        let people = people.into_iter().map(|(_, person)| person).collect();
        Ok(Self { people, _server: server, _dir: dir })
    }
}

async fn act(mut stage: Stage, plan: &Plan, ends_at: Instant, tally: &mut Tally) -> Result<()> {
    let began = Instant::now();
    let (read_tx, read) = mpsc::channel(READ);
    let mut reading = Vec::new();
    for (reader, person) in stage.people[WRITERS..].iter().enumerate() {
        let begins = person.read(reader, read_tx.clone());
        let begun = time::timeout_at(ends_at, begins).await;
        reading.push(begun.context("a reader saw nothing in time")??);
    }
    let mut writing = JoinSet::new();
    for (writer, person) in stage.people.drain(..WRITERS).enumerate() {
        writing.spawn(person.write(writer, plan.clone(), began));
    }
    let watched = watch(read, &mut writing, began, ends_at, tally).await;
    // Before their folders go.
    writing.shutdown().await;
    for mut reading in reading {
        reading.shutdown().await;
    }
    watched
}

/// Counts until all is there and nobody writes any more, or until `ends_at`.
async fn watch(
    mut read: mpsc::Receiver<Read>,
    writing: &mut JoinSet<Result<()>>,
    began: Instant,
    ends_at: Instant,
    tally: &mut Tally,
) -> Result<()> {
    let mut over_at = ends_at;
    loop {
        tokio::select! {
            biased;
            Some((reader, event, at)) = read.recv() => count(tally, reader, &event?, at - began)?,
            Some(written) = writing.join_next() => written??,
            () = time::sleep_until(over_at) => break,
        }
        if tally.is_complete() && writing.is_empty() && over_at == ends_at {
            over_at = ends_at.min(Instant::now() + AFTERWARDS);
        }
    }
    match writing.len() {
        0 => Ok(()),
        late => bail!("{late} writers had no answer in time"),
    }
}

fn count(tally: &mut Tally, reader: usize, event: &Value, at: Duration) -> Result<()> {
    if event["kind"] != "posted" {
        return Ok(());
    }
    let seq = event["seq"].as_u64().context("an event without a seq")?;
    let text = event["text"].as_str().context("a message without a text")?;
    tally.saw(reader, seq, text.parse()?, at);
    Ok(())
}
