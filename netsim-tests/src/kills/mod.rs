//! Kills under load, on the real programs: of the server, and of those who write.
//!
//! Two write by `tertulia-cli send`, which tells of receipts; two by the library, which tells of
//! the outbox, too. One reads. Whoever is killed is started again at once; in the end everything
//! that anybody was told is compared with what the server has.

mod person;
mod report;

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{self, Duration, Instant},
};

use crate::{
    link::rng::Rng,
    power::{
        promises::{
            LOBBY,
            Promise::{Posted, Shown},
            Told, compare_but,
        },
        writer,
    },
    process::{Cli, ServerProcess},
    sim::facts::Facts,
};

use person::{By, Person};
pub use report::{Report, Spread};

/// Who writes.
const WRITERS: [(&str, By); 4] = [
    ("ana", By::CommandLine),
    ("beto", By::CommandLine),
    ("carla", By::Library),
    ("dani", By::Library),
];
/// So many lines are acknowledged between two kills, at most; and so long is waited then.
const BETWEEN: (f64, f64) = (40.0, 0.03);
/// After a kill somebody must get on by then.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many kills.
    pub kills: u32,
    /// Whom, and when.
    pub seed: u64,
    /// `tertulia-bench`, which is the library as a process.
    pub bench: PathBuf,
}

/// Does it. `progress` is told so far.
pub async fn run(plan: &Plan, mut progress: impl FnMut(&Report)) -> Result<Report> {
    let mut stage = Stage::set(plan).await?;
    let (mut rng, mut report) = (Rng::of(plan.seed, 0), Report::default());
    for _ in 0..plan.kills {
        stage.pass((rng.unit() * BETWEEN.0) as u64).await?;
        time::sleep(Duration::from_secs_f64(rng.unit() * BETWEEN.1)).await;
        match rng.chance(0.5) {
            true => stage.kill_server(&mut report).await?,
            false => {
                let victim = (rng.unit() * WRITERS.len() as f64) as usize;
                stage.people[victim].kill().await?;
                report.clients_killed += 1;
            }
        }
        progress(&report);
    }
    stage.end(report).await
}

struct Stage {
    server: Option<ServerProcess>,
    address: String,
    people: Vec<Person>,
    reading: JoinHandle<Result<()>>,
    head: watch::Sender<Option<u64>>,
    told: mpsc::UnboundedReceiver<Told>,
    all: Vec<Told>,
    dir: TempDir,
}

impl Stage {
    async fn set(plan: &Plan) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let server = ServerProcess::start(&dir.path().join("data"))?;
        let address = server.address().to_string();
        let (tell, told) = mpsc::unbounded_channel();
        let reader = Cli::joined(dir.path().join("olga"), &server.owner_link()?, "olga")?;
        let link = server.invite(&["--uses", "4"])?;
        let mut people = Vec::new();
        for (writer, (name, by)) in WRITERS.into_iter().enumerate() {
            let cli = Cli::joined(dir.path().join(name), &link, name)?;
            people.push(Person::start(cli, writer, by, &plan.bench, tell.clone()));
        }
        let (head, seen) = watch::channel(None);
        let reading = tokio::spawn(writer::read(reader, seen, tell));
        let server = Some(server);
        Ok(Self { server, address, people, reading, head, told, all: Vec::new(), dir })
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Waits until so many more things were told.
    async fn pass(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            let told = time::timeout(PATIENCE, self.told.recv()).await;
            self.all.push(told.context("nobody got on")?.context("everybody ended")?);
        }
        while let Ok(told) = self.told.try_recv() {
            self.all.push(told);
        }
        Ok(())
    }

    /// Kills and starts it; returns when somebody has a receipt of the new one.
    async fn kill_server(&mut self, report: &mut Report) -> Result<()> {
        let server = self.server.take().context("no server")?;
        let killed_at = Instant::now();
        server.kill()?;
        let (data, address) = (self.data(), self.address.clone());
        self.server = Some(ServerProcess::start_with(&data, &address, &[])?);
        let serving_at = Instant::now();
        // What was told before the kill may not have been heard yet.
        self.pass(0).await?;
        let before = self.posted();
        while self.posted() == before {
            self.pass(1).await?;
        }
        report.restarts.push(serving_at - killed_at);
        report.reconnects.push(serving_at.elapsed());
        Ok(())
    }

    fn posted(&self) -> usize {
        self.all.iter().filter(|told| matches!(told.what, Posted(..) | Shown(..))).count()
    }

    /// Everybody comes to rest, and is compared with what there is.
    async fn end(mut self, mut report: Report) -> Result<Report> {
        let mut excused = BTreeSet::new();
        for person in std::mem::take(&mut self.people) {
            let ended = time::timeout(PATIENCE, person.end()).await;
            excused.extend(ended.context("somebody's messages do not go out")??);
        }
        let facts = Facts::read(&self.data().join("tertulia.db"))?;
        let lobby = facts.rooms.get(&LOBBY).context("no lobby")?;
        self.head.send(Some(lobby.head.0))?;
        let read = time::timeout(PATIENCE, &mut self.reading).await;
        read.context("the reader does not see everything")???;
        self.pass(0).await?;
        let server = self.server.take().context("no server")?;
        ensure!(server.terminate()? == Some(0), "the server did not stop well");
        let check = tertulia_server::check(&self.data())?;
        if !check.problems.is_empty() {
            bail!("check: {:?}", check.problems);
        }
        report.messages = facts.rooms.values().flat_map(|room| &room.events).count() as u64;
        report.kept = compare_but(&excused, &facts, &self.all, u64::MAX);
        Ok(report)
    }
}
