//! The other end: what a message costs who receives it, as a process of its own.

use std::{path::Path, sync::mpsc};

use anyhow::{Context, Result, bail, ensure};
use tertulia_proto::{Body, MessageId, MessageText, RoomId, Send, ServerMessage};
use tokio::{
    task::spawn_blocking,
    time::{Duration, interval, sleep},
};

use super::{
    crowd::{all_come, endpoints},
    host::{Host, cpu_of, peak_rss_kib_of},
};
use crate::{
    process::{Cli, Running},
    speaker::Speaker,
};

/// Messages under way, where they come as fast as they can.
const UNDER_WAY: u64 = 64;
/// Between two messages where they come one by one: each wakes whoever reads.
const EVERY: Duration = Duration::from_millis(5);
/// As long as what people write.
const LETTERS: usize = 150;
/// A line that does not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `tertulia-cli tail` took.
pub(super) struct Received {
    /// Of a processor, for a message that came among many.
    pub(super) saturated_us: f64,
    /// The same for one that came alone.
    pub(super) paced_us: f64,
    /// The most memory that it had, in KiB.
    pub(super) peak_rss_kib: u64,
}

/// So many messages to one who reads in the lobby; a tenth of them one by one.
pub(super) async fn received(messages: u64, dir: &Path) -> Result<Received> {
    let host = Host::start(dir).await?;
    let link = host.link()?;
    let mut writer = Writer::come(&host).await?;
    let (profile, text) = (dir.join("reader"), link.to_string());
    let mut tail = spawn_blocking(move || Tail::start(&profile, &text)).await??;
    // It follows from the first line on that it prints.
    while tail.lines.try_recv().is_err() {
        writer.write(1).await?;
        sleep(Duration::from_millis(50)).await;
    }
    sleep(Duration::from_millis(500)).await;
    while tail.lines.try_recv().is_ok() {}
    let before = cpu_of(tail.running.id())?;
    writer.write(messages).await?;
    tail = tail.reads(messages).await?;
    let saturated = cpu_of(tail.running.id())?.saturating_sub(before);
    let (before, few) = (cpu_of(tail.running.id())?, messages.div_ceil(10));
    let mut ticks = interval(EVERY);
    for _ in 0..few {
        ticks.tick().await;
        writer.write(1).await?;
    }
    tail = tail.reads(few).await?;
    let paced = cpu_of(tail.running.id())?.saturating_sub(before);
    let peak_rss_kib = peak_rss_kib_of(tail.running.id())?;
    drop((tail, writer));
    host.stop().await?;
    let each = |cpu: Duration, of: u64| cpu.as_secs_f64() * 1e6 / of as f64;
    Ok(Received {
        saturated_us: each(saturated, messages),
        paced_us: each(paced, few),
        peak_rss_kib,
    })
}

/// A reader's process, and its lines as they come.
struct Tail {
    running: Running,
    lines: mpsc::Receiver<()>,
}

impl Tail {
    fn start(profile: &Path, link: &str) -> Result<Self> {
        let cli = Cli::joined(profile, link, "Reader")?;
        let mut running = cli.start(&["tail", "lobby"])?;
        Ok(Self { lines: running.lines_beside()?, running })
    }

    /// Waits for so many lines.
    async fn reads(self, lines: u64) -> Result<Self> {
        let read = move || -> Result<Self> {
            for line in 0..lines {
                let came = self.lines.recv_timeout(PATIENCE);
                came.with_context(|| format!("{line} of {lines} lines came"))?;
            }
            Ok(self)
        };
        spawn_blocking(read).await.context("no thread")?
    }
}

struct Writer {
    speaker: Speaker,
    next: u128,
}

impl Writer {
    async fn come(host: &Host) -> Result<Self> {
        let came = all_come(&endpoints(1)?, 0..1, &host.owner_link()?, 1).await?;
        let (speaker, _) = came.into_iter().next().context("nobody came")?;
        Ok(Self { speaker, next: 1 })
    }

    /// Writes so many messages, and waits until all are stored.
    async fn write(&mut self, messages: u64) -> Result<()> {
        let text = MessageText::new(&"w".repeat(LETTERS))?;
        let (mut sent, mut stored) = (0, 0);
        while stored < messages {
            if sent < messages && sent - stored < UNDER_WAY {
                let message_id = MessageId(self.next.to_be_bytes());
                let (room, body) = (RoomId::LOBBY, Body::Text(text.clone()));
                self.speaker.request(Send { message_id, room, reply_to: None, body }).await?;
                (sent, self.next) = (sent + 1, self.next + 1);
                continue;
            }
            match self.speaker.answer().await? {
                ServerMessage::Receipt(_) => stored += 1,
                other => bail!("no receipt: {other:?}"),
            }
        }
        ensure!(stored == messages, "more receipts than messages");
        Ok(())
    }
}
