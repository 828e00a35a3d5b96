//! A server that is recorded from its first start on, while people write; and its files after cuts.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tempfile::TempDir;
use tertulia_server::{Server, ServerConfig, SystemEnv};
use tokio::{
    runtime,
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    cuts::Moment,
    image,
    promises::{self, Kept, Promise, Told},
    record::{self, recorded},
    writer::{self, now, place},
};
use crate::{
    process::{Cli, ServerProcess},
    sim::facts::Facts,
};

/// Who writes at once.
pub const WRITERS: usize = 3;
/// The real program is started on the files of one cut in so many.
const REAL_EVERY: u64 = 16;

/// A recorded server, and what it promised.
#[derive(Debug)]
pub struct ServerScene {
    /// What the records are about is below this.
    pub root: PathBuf,
    /// In their order.
    pub records: Vec<PathBuf>,
    told: Vec<Told>,
    address: String,
    reader: Cli,
    _dir: TempDir,
}

impl ServerScene {
    /// Records a first start, people who join and write so many lines each, a clean stop, a second
    /// start, as many lines again, and a kill.
    pub async fn record(lines: u32) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        // The folders above the data are the server's to make, and to keep.
        let root = dir.path().join("disk");
        std::fs::create_dir(&root)?;
        let data = data(&root);
        let records = ["first", "second"].map(|name| dir.path().join(name)).to_vec();
        let (tell, mut told) = mpsc::unbounded_channel();

        let server = start(&data, "127.0.0.1:0", &records[0])?;
        let address = server.address().to_string();
        let key = key(&server.owner_link()?)?;
        tell.send(Told { at: now(), what: Promise::Key(key) })?;
        let mut people = Vec::new();
        let owner = server.owner_link()?;
        for (place, name) in ["olga", "ana", "beto", "carla"].into_iter().enumerate() {
            let link = match place {
                0 => owner.clone(),
                _ => server.invite(&["--uses", "1"])?,
            };
            people.push(Cli::joined(dir.path().join(name), &link, name)?);
            tell.send(Told { at: now(), what: Promise::Joined(name.to_owned()) })?;
        }
        let reader = people.remove(0);
        // Four have joined before.
        let (_last, events) = watch::channel(Some(4 + 2 * WRITERS as u64 * u64::from(lines)));
        let reading = tokio::spawn(writer::read(reader.clone(), events, tell.clone()));
        write(&people, 0..lines, &tell).await?;
        ensure!(server.terminate()? == Some(0), "the server did not stop well");
        record::ended(&records[0])?;
        let server = start(&data, &address, &records[1])?;
        write(&people, lines..2 * lines, &tell).await?;
        reading.await??;
        server.kill()?;
        record::ended(&records[1])?;

        drop(tell);
        let mut all = Vec::new();
        while let Some(one) = told.recv().await {
            all.push(one);
        }
        Ok(Self { root, records, told: all, address, reader, _dir: dir })
    }

    /// Receipts that were given, in all.
    pub fn receipts(&self) -> usize {
        self.told.iter().filter(|told| matches!(told.what, Promise::Posted(..))).count()
    }

    /// Looks at what a cut left.
    pub fn judge(&self, moment: &Moment<'_>) -> Result<Kept> {
        let (until, number) = (moment.until, moment.number);
        let folder = image::folder()?;
        image::write(&moment.image, &self.root, folder.path())?;
        let data = data(folder.path());
        let mut kept = Kept::default();
        if number % REAL_EVERY == REAL_EVERY - 1 {
            self.start_for_real(&data, until, &mut kept);
        } else if let Err(error) = self.start(&data, until, &mut kept) {
            kept.trouble(|| format!("the server does not start: {error:#}"));
        }
        match tertulia_server::check(&data) {
            Ok(report) => {
                let problems = report.problems.into_iter();
                problems.for_each(|problem| kept.trouble(|| format!("check: {problem}")));
            }
            Err(error) => kept.trouble(|| format!("check: {error}")),
        }
        match Facts::read(&data.join("tertulia.db")) {
            Ok(facts) => kept.add(promises::compare(&facts, &self.told, until)),
            Err(error) => kept.trouble(|| format!("the database can't be read: {error:#}")),
        }
        Ok(kept)
    }

    /// The server itself, in this process, begun as the program begins it.
    fn start(&self, data: &Path, until: u64, kept: &mut Kept) -> Result<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let mut config = ServerConfig::new(data);
        config.listen = ([127, 0, 0, 1], 0).into();
        let server = runtime.block_on(Server::bind(config, std::sync::Arc::new(SystemEnv)))?;
        self.compare_key(&server.link().trust.to_string(), until, kept);
        Ok(())
    }

    /// The program, and one who has the history by it.
    fn start_for_real(&self, data: &Path, until: u64, kept: &mut Kept) {
        let started = ServerProcess::start_with(data, &self.address, &[]);
        let server = match started {
            Ok(server) => server,
            Err(error) => return kept.trouble(|| format!("the program does not start: {error:#}")),
        };
        let is_known = |told: &Told| told.at < until && told.what == Promise::Joined("olga".into());
        if self.told.iter().any(is_known) {
            let history = self.reader.objects(&["history", "lobby", "--limit", "1000000"]);
            let places = history.and_then(|events| {
                let posted = events.iter().filter(|event| event["kind"] == "posted");
                posted.map(place).collect::<Result<std::collections::BTreeSet<_>>>()
            });
            match places {
                Ok(places) => {
                    for told in self.told.iter().filter(|told| told.at < until) {
                        if let Promise::Posted(line, seq, id) = &told.what
                            && !places.contains(&(*seq, *id))
                        {
                            kept.trouble(|| format!("{line:?} is not in the history"));
                        }
                    }
                }
                Err(error) => kept.trouble(|| format!("no history: {error:#}")),
            }
        }
        match server.terminate() {
            Ok(Some(0)) => {}
            other => kept.trouble(|| format!("it does not stop well: {other:?}")),
        }
    }

    fn compare_key(&self, found: &str, until: u64, kept: &mut Kept) {
        for Told { what, .. } in self.told.iter().filter(|told| told.at < until) {
            if let Promise::Key(key) = what
                && key != found
            {
                kept.lost += 1;
                kept.trouble(|| "the server has another key".to_owned());
            }
        }
    }
}

fn data(root: &Path) -> PathBuf {
    root.join("chat/server")
}

fn start(data: &Path, listen: &str, record: &Path) -> Result<ServerProcess> {
    let command = ServerProcess::command(data, listen, &[])?;
    ServerProcess::run(recorded(&command, record), data)
}

/// A link's key.
fn key(link: &str) -> Result<String> {
    let link: tertulia_certs::ServerLink = link.parse()?;
    Ok(link.trust.to_string())
}

async fn write(people: &[Cli], numbers: std::ops::Range<u32>, tell: &writer::Tell) -> Result<()> {
    let mut writing = JoinSet::new();
    for (writer, cli) in people.iter().enumerate() {
        writing.spawn(writer::write(cli.clone(), writer, numbers.clone(), tell.clone()));
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(())
}
