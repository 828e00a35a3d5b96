//! The machine that a server or a client runs on: its disk, its clock, its randomness, its power.
//!
//! Blocking jobs run on the run's one thread, after as long as the disk takes. A job runs whole:
//! no other task sees a database within a transaction.
//!
//! A crash is what `kill -9` is. At one instant the socket falls silent, no job runs any more, and
//! the files are copied as they are: the next process begins with the copy. Whatever the killed
//! process still does in memory reaches neither the network nor the copy. The instants:
//!
//! - between two jobs, and between two packets: some were told and others not, a receipt is half sent;
//! - before a job: what it would have committed is gone (before `BEGIN`, and likewise after each step
//!   of a batch, since SQLite writes nothing of a transaction before its `COMMIT`);
//! - within a commit: of what the job wrote to the write-ahead log only a first part is there;
//! - after a commit: it is durable, and nobody was told (before publish, before the receipt).
//!
//! Not here: writes that the disk reorders or forgets (power cuts), and `fsync` that does nothing.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use tertulia_proto::{Env, Job, Timestamp};
use tokio::{sync::Notify, time};

use super::{chance::Chance, clock::Clock, image, socket::SimSocket};

/// When a machine is to crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Now.
    AtOnce,
    /// When so many more packets were sent.
    AfterPackets(u64),
    /// In place of the next job.
    BeforeJob,
    /// In the middle of what the next commit writes.
    WithinCommit,
    /// When the next commit is durable, before anybody hears of it.
    AfterCommit,
}

/// How long jobs take, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct DiskSpeed {
    /// At least.
    pub from: u64,
    /// At most.
    pub to: u64,
}

impl DiskSpeed {
    /// A good one.
    pub const FAST: Self = Self { from: 0, to: 4 };
    /// One that is busy with something else.
    pub const SLOW: Self = Self { from: 200, to: 1_500 };
}

/// One machine, from its start to its crash.
pub struct Machine {
    clock: Clock,
    chance: Chance,
    dir: PathBuf,
    image: PathBuf,
    socket: Arc<SimSocket>,
    wrong_by_ms: AtomicI64,
    is_dead: AtomicBool,
    rest: Mutex<Rest>,
    crashed: Notify,
}

#[derive(Debug)]
struct Rest {
    speed: DiskSpeed,
    plan: Option<CrashPoint>,
}

impl Machine {
    /// A machine with its files in `dir`; a crash leaves them in `image`.
    pub fn new(
        clock: Clock,
        chance: Chance,
        (dir, image): (PathBuf, PathBuf),
        socket: Arc<SimSocket>,
    ) -> Arc<Self> {
        let rest = Rest { speed: DiskSpeed::FAST, plan: None };
        Arc::new(Self {
            clock,
            chance,
            dir,
            image,
            socket,
            wrong_by_ms: AtomicI64::new(0),
            is_dead: AtomicBool::new(false),
            rest: Mutex::new(rest),
            crashed: Notify::new(),
        })
    }

    /// Its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its clock is wrong by so much from now on.
    pub fn set_clock(&self, wrong_by_ms: i64) {
        self.wrong_by_ms.store(wrong_by_ms, Ordering::Relaxed);
    }

    /// Its disk is so fast from now on.
    pub fn set_speed(&self, speed: DiskSpeed) {
        self.rest().speed = speed;
    }

    /// Crashes then.
    pub fn crash(self: &Arc<Self>, point: CrashPoint) {
        match point {
            CrashPoint::AtOnce => self.die(None),
            CrashPoint::AfterPackets(packets) => {
                let machine = Arc::downgrade(self);
                self.socket.after(packets, move || {
                    if let Some(machine) = machine.upgrade() {
                        machine.die(None);
                    }
                });
            }
            later => self.rest().plan = Some(later),
        }
    }

    /// A crash that is still to come does not.
    pub fn calm(&self) {
        self.rest().plan = None;
        self.socket.never();
    }

    /// Waits for the crash. One waiter at a time.
    pub async fn crashed(&self) {
        while !self.is_dead() {
            self.crashed.notified().await;
        }
    }

    /// Whether it crashed: what its process says since then nobody hears.
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// Its process ended well: the next one begins with what it left.
    pub fn retire(&self) {
        self.die(None);
    }

    fn die(&self, torn: Option<image::Torn>) {
        if self.is_dead.swap(true, Ordering::Relaxed) {
            return;
        }
        self.socket.kill();
        image::take(&self.dir, &self.image, torn);
        self.crashed.notify_one();
    }

    fn run(&self, job: Job) {
        if self.is_dead() {
            return;
        }
        let plan = self.rest().plan;
        let Some(point) = plan else { return job() };
        if point == CrashPoint::BeforeJob {
            return self.die(None);
        }
        let before = image::wal_sizes(&self.dir);
        job();
        let Some(torn) = image::grown(&self.dir, &before, &self.chance) else {
            return;
        };
        self.die((point == CrashPoint::WithinCommit).then_some(torn));
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// What the machine's process sees of it.
#[derive(Debug, Clone)]
pub struct SimEnv(pub Arc<Machine>);

impl Env for SimEnv {
    fn wall_clock(&self) -> Timestamp {
        self.0.clock.wall(self.0.wrong_by_ms.load(Ordering::Relaxed))
    }

    fn fill_random(&self, out: &mut [u8]) {
        self.0.chance.fill(out);
    }

    fn run_blocking(&self, job: Job) {
        let machine = Arc::clone(&self.0);
        let DiskSpeed { from, to } = machine.rest().speed;
        let takes = machine.chance.ms(from..to + 1);
        tokio::spawn(async move {
            time::sleep(takes).await;
            machine.run(job);
        });
    }
}
