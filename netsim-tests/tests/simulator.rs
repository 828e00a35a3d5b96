//! The simulator itself: whoever judges by it has to know that it does what it says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::poll_fn,
    io::IoSliceMut,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::ready,
    time::Duration,
};

use quinn::{
    AsyncUdpSocket,
    udp::{RecvMeta, Transmit},
};
use rusqlite::Connection;
use tertulia_netsim::{
    link::{Conditions, Loss, Profile},
    sim::{
        chance::Chance,
        clock::Clock,
        full_disk::{self, Fullness, Victim},
        machine::{CrashPoint, Machine, SimEnv},
        net::{Net, SERVER},
        socket::SimSocket,
        trace::Trace,
    },
};
use tertulia_proto::Env;
use tokio::time;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

struct Stage {
    clock: Clock,
    trace: Arc<Trace>,
    net: Arc<Net>,
    server: Arc<SimSocket>,
    client: Arc<SimSocket>,
}

impl Stage {
    fn new(conditions: Conditions, seed: u64) -> Self {
        let clock = Clock::begin();
        let trace = Arc::new(Trace::new(clock));
        let net = Net::new(clock, Arc::clone(&trace), 2);
        net.set_link(0, Profile::symmetric(conditions), seed);
        tokio::spawn(Arc::clone(&net).carry());
        let (server, client) = (net.bind_server(), net.bind(0));
        Self { clock, trace, net, server, client }
    }

    /// What arrives at a socket within so long: when, and the first byte.
    async fn arrivals(&self, socket: &SimSocket, within: Duration) -> Vec<(Duration, u8)> {
        let mut all = Vec::new();
        let receive = async {
            loop {
                let (_, byte) = receive(socket).await;
                all.push((self.clock.now(), byte));
            }
        };
        let _: Result<(), _> = time::timeout(within, receive).await;
        all
    }
}

fn send(socket: &SimSocket, to: std::net::SocketAddr, byte: u8, bytes: usize) {
    let contents = vec![byte; bytes];
    let transmit = Transmit {
        destination: to,
        ecn: None,
        contents: &contents,
        segment_size: None,
        src_ip: None,
    };
    socket.try_send(&transmit).unwrap();
}

async fn receive(socket: &SimSocket) -> (std::net::SocketAddr, u8) {
    let mut buffer = [0; 1_500];
    let mut meta = [RecvMeta::default()];
    let meta = poll_fn(|context| {
        let count =
            ready!(socket.poll_recv(context, &mut [IoSliceMut::new(&mut buffer)], &mut meta));
        assert_eq!(count.unwrap(), 1);
        std::task::Poll::Ready(meta[0])
    })
    .await;
    (meta.addr, buffer[0])
}

#[tokio::test(start_paused = true)]
async fn packets_arrive_exactly_when_they_should() {
    let stage = Stage::new(Conditions { delay: ms(10), ..Conditions::default() }, 1);
    for byte in 0..3 {
        send(&stage.client, SERVER, byte, 100);
        time::sleep(ms(10)).await;
    }
    assert_eq!(
        stage.arrivals(&stage.server, ms(100)).await,
        [(ms(30), 0), (ms(30), 1), (ms(30), 2)]
    );
    let stage = Stage::new(Conditions { delay: ms(10), ..Conditions::default() }, 1);
    let arrivals = stage.arrivals(&stage.server, ms(100));
    let sending = async {
        for byte in 0..3 {
            send(&stage.client, SERVER, byte, 100);
            time::sleep(ms(10)).await;
        }
    };
    let (arrivals, ()) = tokio::join!(arrivals, sending);
    assert_eq!(arrivals, [(ms(10), 0), (ms(20), 1), (ms(30), 2)]);
}

#[tokio::test(start_paused = true)]
async fn as_many_packets_are_lost_as_should_be() {
    let loss = Loss::Random { share: 0.2 };
    let stage = Stage::new(Conditions { loss, ..Conditions::default() }, 7);
    let mut arrived = 0;
    for _ in 0..100 {
        for _ in 0..100 {
            send(&stage.client, SERVER, 0, 100);
        }
        arrived += stage.arrivals(&stage.server, ms(10)).await.len();
    }
    assert!((7_850..8_150).contains(&arrived), "{arrived} of 10000 arrived");
    let counts = stage.net.counts();
    assert_eq!((counts.packets, counts.lost), (10_000, 10_000 - arrived as u64));
}

#[tokio::test(start_paused = true)]
async fn a_cut_direction_carries_nothing_and_the_other_everything() {
    let stage = Stage::new(Conditions::default(), 1);
    send(&stage.client, SERVER, 0, 100);
    let (client, _) = receive(&stage.server).await;
    for (up, down) in [(true, false), (false, true), (true, true), (false, false)] {
        stage.net.set_cut(0, up, down);
        send(&stage.client, SERVER, 1, 100);
        send(&stage.server, client, 2, 100);
        assert_eq!(stage.arrivals(&stage.server, ms(50)).await.is_empty(), up);
        assert_eq!(stage.arrivals(&stage.client, ms(50)).await.is_empty(), down);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_address_is_the_only_one_that_leads_back() {
    let stage = Stage::new(Conditions::default(), 1);
    send(&stage.client, SERVER, 0, 100);
    let (before, _) = receive(&stage.server).await;
    stage.net.rebind(0);
    send(&stage.server, before, 1, 100);
    assert!(stage.arrivals(&stage.client, ms(50)).await.is_empty());
    send(&stage.client, SERVER, 2, 100);
    let (after, _) = receive(&stage.server).await;
    assert_ne!(after, before);
    send(&stage.server, after, 3, 100);
    assert_eq!(receive(&stage.client).await, (SERVER, 3));
}

#[tokio::test(start_paused = true)]
async fn nothing_reaches_a_killed_process_or_its_successor_from_it() {
    let stage = Stage::new(Conditions { delay: ms(5), ..Conditions::default() }, 1);
    stage.client.kill();
    send(&stage.client, SERVER, 0, 100);
    assert!(stage.arrivals(&stage.server, ms(50)).await.is_empty());
    let next = stage.net.bind(0);
    send(&next, SERVER, 1, 100);
    let (client, _) = receive(&stage.server).await;
    send(&stage.server, client, 2, 100);
    assert_eq!(receive(&next).await, (SERVER, 2));
    assert!(stage.arrivals(&stage.client, ms(50)).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn too_large_packets_get_nowhere() {
    let stage = Stage::new(Conditions::default(), 1);
    send(&stage.client, SERVER, 0, 1_472);
    send(&stage.client, SERVER, 1, 1_473);
    assert_eq!(stage.arrivals(&stage.server, ms(50)).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_digest_tells_any_difference() {
    let conditions =
        Conditions { jitter: ms(50), loss: Loss::Random { share: 0.1 }, ..Conditions::default() };
    let mut digests = Vec::new();
    for (seed, bytes) in [(1, 100), (1, 100), (2, 100), (1, 101)] {
        let stage = Stage::new(conditions, seed);
        for _ in 0..50 {
            send(&stage.client, SERVER, 0, bytes);
        }
        stage.arrivals(&stage.server, ms(100)).await;
        digests.push(stage.trace.digest());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_ne!(digests[0], digests[3]);
}

/// A machine with a database of one table, and what of it a crash at `point` leaves of ten jobs
/// that insert ten rows each.
async fn rows_after(point: CrashPoint, seed: u64) -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let (dir, image) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::create_dir(&dir).unwrap();
    let db = Connection::open(dir.join("x.db")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.execute_batch("CREATE TABLE t (x BLOB) STRICT").unwrap();
    let clock = Clock::begin();
    let net = Net::new(clock, Arc::new(Trace::new(clock)), 1);
    let machine = Machine::new(clock, Chance::of(seed, 1), (dir, image.clone()), net.bind(0));
    let env = SimEnv(Arc::clone(&machine));
    let (db, ran) = (Arc::new(std::sync::Mutex::new(db)), Arc::new(AtomicU32::new(0)));
    for n in 0..10 {
        if n == 5 {
            machine.crash(point);
        }
        let (db, ran) = (Arc::clone(&db), Arc::clone(&ran));
        env.run_blocking(Box::new(move || {
            let mut db = db.lock().unwrap();
            let transaction = db.transaction().unwrap();
            for _ in 0..10 {
                transaction.execute("INSERT INTO t VALUES (randomblob(2000))", []).unwrap();
            }
            transaction.commit().unwrap();
            ran.fetch_add(1, Ordering::Relaxed);
        }));
        time::sleep(ms(10)).await;
    }
    machine.crashed().await;
    let ran = ran.load(Ordering::Relaxed);
    assert_eq!(
        ran,
        if matches!(point, CrashPoint::AtOnce | CrashPoint::BeforeJob) { 5 } else { 6 }
    );
    count(&image.join("x.db"))
}

fn count(path: &Path) -> i64 {
    let db = Connection::open(path).unwrap();
    let verdict: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    db.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_crash_leaves_what_was_committed_and_nothing_else() {
    assert_eq!(rows_after(CrashPoint::AtOnce, 1).await, 50);
    assert_eq!(rows_after(CrashPoint::BeforeJob, 1).await, 50);
    assert_eq!(rows_after(CrashPoint::AfterCommit, 1).await, 60);
    for seed in 0..20 {
        assert_eq!(rows_after(CrashPoint::WithinCommit, seed).await, 50, "all or nothing");
    }
}

#[test]
fn a_full_disk_refuses_and_a_freed_one_takes_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = Connection::open(folder.path().join("tertulia.db")).unwrap();
    db.execute_batch("CREATE TABLE log (time INTEGER NOT NULL) STRICT").unwrap();
    let insert = |time: i64| db.execute("INSERT INTO log VALUES (?1)", [time]).is_ok();
    let set = |fullness| full_disk::set(folder.path(), Victim::SERVER, fullness).unwrap();
    set(Fullness::Full);
    assert!(!insert(1));
    set(Fullness::AtTimes);
    assert!(insert(0) && !insert(8));
    set(Fullness::Free);
    assert!(insert(8));
}
