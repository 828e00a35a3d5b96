//! The thread that carries packets from one device to the other.

use std::{
    io,
    os::{fd::AsFd, unix::net::UnixStream},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, ppoll},
    sys::{prctl::set_timerslack, time::TimeSpec},
    unistd::gettid,
};
use tokio::time::Instant;

use super::{
    End, Lateness, Pipeline,
    device::{BUFFER, Device},
    pipeline::Released,
};

/// Packets that are taken from a device before the other has its turn.
const TURN: usize = 256;
/// Where nothing is under way it looks around so often.
const IDLE: Duration = Duration::from_millis(100);

/// What the carrier's thread shares with everybody.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) pipeline: Mutex<Pipeline>,
    pub(super) tally: Mutex<Tally>,
    began: Instant,
}

/// How well the carrier did.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) lateness: Lateness,
    /// Packets that the kernel did not take.
    pub(super) refused: u64,
    /// Why it ended, if it did.
    pub(super) failure: Option<String>,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        let (pipeline, tally) = (Mutex::default(), Mutex::default());
        Arc::new(Self { pipeline, tally, began: Instant::now() })
    }

    /// Links' time.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// No code panics while it holds a lock; if one did, the maps are still whole.
    pub(super) fn with<T, R>(&self, what: &Mutex<T>, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut what.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends with this value.
#[derive(Debug)]
pub(super) struct Carrier {
    end: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Carrier {
    pub(super) fn start(shared: Arc<Shared>, server: Device, clients: Device) -> Result<Self> {
        let (end, ended) = UnixStream::pair()?;
        let thread = thread::Builder::new().name("carrier".to_owned()).spawn(move || {
            hurry();
            if let Err(error) = carry(&shared, [&server, &clients], &ended) {
                let failure = Some(format!("{error:#}"));
                shared.with(&shared.tally, |tally| tally.failure = failure);
            }
        })?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Before the programs that are measured, where the system allows it, and woken to the microsecond.
fn hurry() {
    let _ = set_timerslack(1);
    let _ = Command::new("chrt")
        .args(["-r", "-p", "20", &gettid().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn carry(shared: &Shared, [server, clients]: [&Device; 2], ended: &UnixStream) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut due = Vec::new();
    loop {
        release(shared, [server, clients], &mut due)?;
        let next_at = shared.with(&shared.pipeline, |pipeline| pipeline.next_at());
        let wait = next_at.map_or(IDLE, |at| at.saturating_sub(shared.now()).min(IDLE));
        let mut fds = [server.as_fd(), clients.as_fd(), ended.as_fd()]
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match ppoll(&mut fds, Some(TimeSpec::from_duration(wait)), None) {
            Err(Errno::EINTR) => continue,
            polled => drop(polled.context("the devices can't be waited for")?),
        }
        let [from_server, from_clients, is_over] = fds.map(|fd| fd.any().unwrap_or_default());
        if is_over {
            return Ok(());
        }
        for (is_ready, from, device) in
            [(from_server, End::Server, server), (from_clients, End::Clients, clients)]
        {
            if is_ready {
                take(shared, from, device, &mut buffer).context("a device can't be read")?;
            }
        }
    }
}

fn release(
    shared: &Shared,
    [server, clients]: [&Device; 2],
    due: &mut Vec<Released>,
) -> Result<()> {
    let now = shared.now();
    shared.with(&shared.pipeline, |pipeline| {
        due.extend(std::iter::from_fn(|| pipeline.due(now)).take(TURN));
    });
    if due.is_empty() {
        return Ok(());
    }
    let mut refused = 0;
    let mut late = Vec::with_capacity(due.len());
    for Released { at, to, packet } in due.drain(..) {
        let device = match to {
            End::Server => server,
            End::Clients => clients,
        };
        let is_sent = device.send(&packet).context("a device can't be written")?;
        refused += u64::from(!is_sent);
        late.push(shared.now().saturating_sub(at));
    }
    shared.with(&shared.tally, |tally| {
        tally.refused += refused;
        late.into_iter().for_each(|late| tally.lateness.add(late));
    });
    Ok(())
}

fn take(shared: &Shared, from: End, device: &Device, buffer: &mut [u8]) -> io::Result<()> {
    for _ in 0..TURN {
        let Some(packet) = device.receive(buffer)? else { break };
        let now = shared.now();
        shared.with(&shared.pipeline, |pipeline| pipeline.offer(now, from, packet));
    }
    Ok(())
}
