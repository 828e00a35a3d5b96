//! The server that is measured: a process, alone on a processor where there are two.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context, Result, bail};
use tertulia_certs::{KeyFingerprint, ServerIdentity, ServerLink};
use tokio::{task::spawn_blocking, time::Duration};

use crate::process::{ServerProcess, programs};

/// Nobody is held back: it is the machine's limit that is looked for. Whoever comes may register.
const CONFIG: &str = "registration = \"open\"\n[limits]\nsend_burst = 1000000\n\
    send_rate = 1000000\nrequest_burst = 1000000\nrequest_rate = 1000000\n\
    register_burst = 1000000\nregister_rate = 1000000\n[nearby]\nenabled = false\n";
/// Ticks of a second in the kernel's account (`USER_HZ`, 100 on every Linux).
const TICKS: u64 = 100;

pub(super) struct Host {
    process: ServerProcess,
    dir: PathBuf,
}

impl Host {
    /// Starts it in that folder.
    pub(super) async fn start(dir: &Path) -> Result<Self> {
        Self::start_at(dir, "127.0.0.1:0").await
    }

    /// Starts the baseline instead, which that program has as its command `baseline`.
    pub(super) async fn start_baseline(dir: &Path, program: &Path) -> Result<Self> {
        let (dir, program) = (dir.to_owned(), program.to_owned());
        spawn_blocking(move || {
            let data = dir.join("data");
            let mut command = pinned(&program);
            command.arg("baseline").arg("--data").arg(&data);
            Ok(Self { process: ServerProcess::run(command, &data)?, dir })
        })
        .await
        .context("no thread")?
    }

    async fn start_at(dir: &Path, listen: &str) -> Result<Self> {
        let (dir, listen) = (dir.to_owned(), listen.to_owned());
        spawn_blocking(move || {
            let (data, config) = (dir.join("data"), dir.join("server.toml"));
            fs::write(&config, CONFIG)?;
            let program = programs()?.join("tertulia-server");
            let mut command = pinned(&program);
            command.arg("--data").arg(&data).args(["--listen", &listen]);
            command.arg("--config").arg(config).env_remove("RUST_LOG");
            Ok(Self { process: ServerProcess::run(command, &data)?, dir })
        })
        .await
        .context("no thread")?
    }

    /// Stops it well and starts it again where it was.
    pub(super) async fn restart(self) -> Result<Self> {
        let (dir, address) = (self.dir.clone(), self.process.address().to_string());
        self.stop().await?;
        Self::start_at(&dir, &address).await
    }

    /// Stops it well.
    pub(super) async fn stop(self) -> Result<()> {
        let process = self.process;
        match spawn_blocking(|| process.terminate()).await.context("no thread")?? {
            Some(0) => Ok(()),
            code => bail!("the server stopped with {code:?}"),
        }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// What its clients know it by.
    pub(super) fn key(&self) -> Result<KeyFingerprint> {
        Ok(ServerIdentity::load_or_create(&self.dir.join("data"))?.fingerprint())
    }

    /// Its link without an invite.
    pub(super) fn link(&self) -> Result<ServerLink> {
        let kept = fs::read_to_string(self.dir.join("data/link"))?;
        let mut link: ServerLink = kept.trim().parse()?;
        let first = link.addresses.first_mut().context("a link without an address")?;
        let address = self.process.address();
        (first.host, first.port) = (address.ip().to_string(), address.port());
        Ok(link)
    }

    /// The link that makes its user the owner.
    pub(super) fn owner_link(&self) -> Result<ServerLink> {
        Ok(self.process.owner_link()?.parse()?)
    }

    /// The last that it logged.
    pub(super) fn last_words(&self) -> String {
        let log = self.process.log();
        log.lines().rev().take(3).collect::<Vec<_>>().join("; before that: ")
    }

    /// What it took of a processor since it began, all of its threads.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu_of(self.process.id())
    }

    /// Its resident memory, in KiB.
    pub(super) fn rss_kib(&self) -> Result<u64> {
        kib_of(self.process.id(), "VmRSS:")
    }
}

/// The most resident memory that a process had, in KiB.
pub(super) fn peak_rss_kib_of(pid: u32) -> Result<u64> {
    kib_of(pid, "VmHWM:")
}

fn kib_of(pid: u32, what: &str) -> Result<u64> {
    let status = proc(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kib.with_context(|| format!("no {what}"))
}

fn proc(pid: u32, name: &str) -> Result<String> {
    let path = Path::new("/proc").join(pid.to_string()).join(name);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The program on the server's processor, where there are two.
pub(super) fn pinned(program: &Path) -> Command {
    if !is_pinned() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

/// What this process took of a processor since it began.
pub(super) fn own_cpu() -> Result<Duration> {
    cpu_of(std::process::id())
}

/// What the kernel's account says of a process, all of its threads.
pub(super) fn cpu_of(process: u32) -> Result<Duration> {
    let stat = proc(process, "stat")?;
    // The name, in parentheses, may hold anything.
    let after = stat.rsplit_once(')').context("no name")?.1;
    let mut fields = after.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok());
    let (user, system) = ticks().zip(ticks()).context("no times")?;
    Ok(Duration::from_millis((user + system) * 1_000 / TICKS))
}

/// Whether the server has processor 0 and this process processor 1; tried at the first call.
pub(super) fn is_pinned() -> bool {
    static PINNED: OnceLock<bool> = OnceLock::new();
    *PINNED.get_or_init(|| {
        let own = std::process::id().to_string();
        let moved = Command::new("taskset").args(["-cp", "1", &own]).output();
        moved.is_ok_and(|moved| moved.status.success())
    })
}
