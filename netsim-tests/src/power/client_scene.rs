//! A client that is recorded from joining on, and its profile after cuts.
//!
//! The library is what is recorded, as `tertulia-bench writer`: the command line tells only of
//! receipts, and not of the outbox. What it told stands in the record itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tertulia_client::{Client, ClientConfig, SystemEnv};
use tertulia_proto::MessageId;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
    runtime,
};

use super::{
    cuts::Moment,
    image,
    promises::{self, Kept, LOBBY, Line},
    record::{self, recorded},
};
use crate::{
    process::{Called, Cli, ServerProcess},
    sim::facts::Facts,
};

/// A server takes what the outbox has left, after one cut in so many.
const SENT_EVERY: u64 = 16;
/// What the command line sends behind.
const LAST: Line = Line { writer: 9, number: 0 };

/// A recorded client, and what became of its messages.
#[derive(Debug)]
pub struct ClientScene {
    /// What the records are about is below this.
    pub root: PathBuf,
    /// In their order.
    pub records: Vec<PathBuf>,
    /// Messages that the server has, and since when (milliseconds since 1970).
    had: BTreeMap<MessageId, u64>,
    address: String,
    data: PathBuf,
    dir: TempDir,
}

impl ClientScene {
    /// Records one who joins and writes: with a server, without one, with one again; is killed, and
    /// goes on. So many lines each.
    pub async fn record(bench: &Path, lines: u32) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let root = dir.path().join("disk");
        std::fs::create_dir(&root)?;
        let profile = profile(&root);
        let records = ["joining", "first", "second"].map(|name| dir.path().join(name)).to_vec();
        let data = dir.path().join("data");
        let server = ServerProcess::start(&data)?;
        let address = server.address().to_string();
        let link = server.owner_link()?;
        let joining = Cli::new(&profile).command(&["join", &link, "--name", "olga"])?;
        let joined = Called::by(&mut recorded(&joining, &records[0]))?;
        ensure!(joined.code == 0, "{joined:?}");
        record::ended(&records[0])?;

        let mut writer = Writer::start(bench, &profile, &records[1])?;
        writer.write(0..lines).await?;
        server.kill()?;
        writer.write(lines..2 * lines).await?;
        let server = ServerProcess::start_with(&data, &address, &[])?;
        writer.write(2 * lines..3 * lines).await?;
        writer.kill().await?;
        record::ended(&records[1])?;
        let mut writer = Writer::start(bench, &profile, &records[2])?;
        writer.write(3 * lines..4 * lines).await?;
        writer.end().await?;
        record::ended(&records[2])?;
        server.kill()?;

        let facts = Facts::read(&data.join("tertulia.db"))?;
        let kept = promises::compare(&facts, [], u64::MAX);
        ensure!(kept.is_good(), "without any cut: {:?}", kept.troubles);
        let events = facts.rooms.get(&LOBBY).context("no lobby")?.events.iter();
        let had = events.filter_map(|event| Some((event.seen.message_id?, event.time))).collect();
        Ok(Self { root, records, had, address, data, dir })
    }

    /// Messages that were written, in all.
    pub fn messages(&self) -> usize {
        self.had.len()
    }

    /// Looks at what a cut left.
    pub fn judge(&self, moment: &Moment<'_>) -> Result<Kept> {
        let folder = image::folder()?;
        image::write(&moment.image, &self.root, folder.path())?;
        let profile = profile(folder.path());
        let printed = String::from_utf8_lossy(moment.printed);
        let queued: Vec<MessageId> = printed.lines().filter_map(queued).collect();
        let has_joined = printed.contains("\"handle\"");
        let mut kept = Kept { promises: queued.len() as u64, ..Kept::default() };
        if !has_joined {
            // Nothing was promised but that one can begin.
            if let Err(error) = waiting(&profile) {
                kept.trouble(|| format!("the profile does not open: {error:#}"));
            }
            return Ok(kept);
        }
        let waiting = match waiting(&profile) {
            Ok(waiting) => waiting,
            Err(error) => {
                kept.trouble(|| format!("the profile does not open: {error:#}"));
                return Ok(kept);
            }
        };
        compare(
            &queued,
            &waiting,
            |id| self.had.get(&id).is_some_and(|since| since.saturating_mul(1_000) < moment.until),
            &mut kept,
        );
        if moment.number % SENT_EVERY == SENT_EVERY - 1 {
            self.send(&profile, &mut kept)?;
        }
        Ok(kept)
    }

    /// What waits goes out to the server that has all of it, and nothing is there twice.
    fn send(&self, profile: &Path, kept: &mut Kept) -> Result<()> {
        let data = self.dir.path().join("copy");
        image::copy(&self.data, &data)?;
        let server = ServerProcess::start_with(&data, &self.address, &[])?;
        let called = Cli::new(profile).call(&["send", "lobby", &LAST.to_string()])?;
        if called.code != 0 {
            kept.trouble(|| format!("what waits does not go out: {called:?}"));
        }
        server.kill()?;
        let facts = Facts::read(&data.join("tertulia.db"))?;
        kept.add(promises::compare(&facts, [], u64::MAX));
        let posted = facts.rooms.get(&LOBBY).map_or(0, |room| {
            room.events.iter().filter(|event| event.seen.message_id.is_some()).count()
        });
        if posted != self.had.len() + 1 {
            kept.trouble(|| format!("{posted} messages instead of {}", self.had.len() + 1));
        }
        Ok(std::fs::remove_dir_all(&data)?)
    }
}

/// What was acknowledged waits, or the server has it; and it waits in the order of writing.
fn compare(
    queued: &[MessageId],
    waiting: &[(MessageId, Line)],
    is_had: impl Fn(MessageId) -> bool,
    kept: &mut Kept,
) {
    let ids: BTreeSet<_> = waiting.iter().map(|(id, _)| *id).collect();
    for id in queued.iter().filter(|id| !ids.contains(id) && !is_had(**id)) {
        kept.lost += 1;
        kept.trouble(|| format!("lost: {id}"));
    }
    if ids.len() < waiting.len() {
        kept.twice += (waiting.len() - ids.len()) as u64;
        kept.trouble(|| "a message waits twice".to_owned());
    }
    let numbers = waiting.windows(2).filter(|pair| pair[0].1 >= pair[1].1).count();
    if numbers > 0 {
        kept.out_of_order += numbers as u64;
        kept.trouble(|| "messages do not wait in the order of writing".to_owned());
    }
}

/// What waits in a profile's outbox, by the library.
fn waiting(profile: &Path) -> Result<Vec<(MessageId, Line)>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let env = Arc::new(SystemEnv);
        let config = ClientConfig {
            profile: profile.into(),
            live: false,
            cache: true,
            copies: true,
            congestion: Default::default(),
            env,
        };
        let (client, _events) = Client::open(config).await?;
        let waiting = client.waiting().await;
        client.close(Duration::ZERO).await;
        let line = |text: &str| Line::from_str(text).map_err(anyhow::Error::from);
        let all = waiting.into_iter().filter_map(|(_, item)| Some((item.message_id?, item)));
        all.map(|(id, item)| match item.content {
            tertulia_client::Content::Text(text) => Ok((id, line(text.as_str())?)),
            _ => Err(anyhow::anyhow!("{id} is no text")),
        })
        .collect()
    })
}

fn queued(line: &str) -> Option<MessageId> {
    line.strip_prefix("queued ")?.parse().ok()
}

fn profile(root: &Path) -> PathBuf {
    root.join("people/olga")
}

/// The library as a process.
struct Writer {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(bench: &Path, profile: &Path, record: &Path) -> Result<Self> {
        let mut command = Command::new(bench);
        command.arg("writer").arg(profile).arg(LOBBY.0.to_string());
        let mut command = tokio::process::Command::from(recorded(&command, record));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().context("no stdin")?;
        let stdout = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        Ok(Self { child, stdin, stdout })
    }

    /// Hands it lines, each once the one before is in the outbox.
    async fn write(&mut self, numbers: std::ops::Range<u32>) -> Result<()> {
        for number in numbers {
            let line = format!("{}\n", Line { writer: 0, number });
            self.stdin.write_all(line.as_bytes()).await?;
            loop {
                let said = self.stdout.next_line().await?.context("the writer ended")?;
                if queued(&said).is_some() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// No more lines; waits until all have their receipts.
    async fn end(mut self) -> Result<()> {
        drop(self.stdin);
        while self.stdout.next_line().await?.is_some() {}
        let status = self.child.wait().await?;
        ensure!(status.success(), "the writer ended with {status}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::Timestamp;

    use super::*;

    fn id(n: u64) -> MessageId {
        MessageId::new(Timestamp(n), [0; 10])
    }

    fn counts(queued: &[u64], waiting: &[u64]) -> (u64, u64, u64) {
        let queued: Vec<_> = queued.iter().map(|n| id(*n)).collect();
        let line = |n: &u64| (id(*n), Line { writer: 0, number: *n as u32 });
        let waiting: Vec<_> = waiting.iter().map(line).collect();
        let mut kept = Kept::default();
        // The server has the first two.
        compare(&queued, &waiting, |had| had <= id(2), &mut kept);
        (kept.lost, kept.twice, kept.out_of_order)
    }

    #[test]
    fn what_was_acknowledged_waits_or_was_sent_once_and_in_order() {
        assert_eq!(counts(&[1, 2, 3, 4], &[3, 4]), (0, 0, 0));
        assert_eq!(counts(&[1, 2, 3], &[2, 3, 4]), (0, 0, 0), "receipted, or not told yet");
        assert_eq!(counts(&[1, 2, 3, 4], &[4]), (1, 0, 0));
        assert_eq!(counts(&[3, 4], &[4, 3]), (0, 0, 1));
        assert_eq!(counts(&[3], &[3, 3]), (0, 1, 1));
    }
}
