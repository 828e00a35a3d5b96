//! The raw bound: what a delivery costs at least, if it is a sealed datagram of its own.
//!
//! A process on the server's processor sends to each member's socket; the crowd takes what comes
//! and lets it go on by a byte for each round, so that no socket overflows.

mod sender;

use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc};

use anyhow::{Context, Result, bail};
use tokio::{
    io::AsyncWriteExt,
    net::UdpSocket,
    process::{ChildStdin, Command},
    sync::Semaphore,
    task::JoinSet,
    time::{Duration, Instant, sleep},
};

use super::{
    host::{cpu_of, own_cpu, pinned},
    load::Window,
};

pub use sender::send;

/// Rounds under way: what one socket's buffer holds by far.
const ROUNDS: usize = 16;
/// More than any packet has.
const PACKET: usize = 2_048;

/// One measurement, after half as long of the same.
pub(super) async fn measure(
    clients: usize,
    at_once: u64,
    time: Duration,
    program: &Path,
) -> Result<Window> {
    let mut sockets = Vec::with_capacity(clients);
    for _ in 0..clients {
        sockets.push(UdpSocket::bind(("127.0.0.1", 0)).await?);
    }
    let addresses = sockets.iter().map(UdpSocket::local_addr).collect::<Result<Vec<_>, _>>()?;
    let mut command = Command::from(pinned(program));
    command.args(["bound", "--burst", &at_once.to_string()]);
    let mut child =
        command.stdin(Stdio::piped()).kill_on_drop(true).spawn().context("no sender")?;
    let id = child.id().context("it ended at once")?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(&line(&addresses)).await?;
    let arrived = Arc::new(Semaphore::new(0));
    let mut work = JoinSet::new();
    for socket in sockets {
        let arrived = Arc::clone(&arrived);
        work.spawn(async move {
            let mut packet = [0; PACKET];
            loop {
                socket.recv(&mut packet).await?;
                arrived.add_permits(1);
            }
        });
    }
    let of_a_round = clients * sender::packets(at_once).len();
    let rounds = Arc::new(Semaphore::new(0));
    work.spawn(keep_going(stdin, of_a_round, arrived, Arc::clone(&rounds)));
    let measured = async {
        sleep(time / 2).await;
        let (began, cpu, load_cpu) = (Instant::now(), cpu_of(id)?, own_cpu()?);
        let before = rounds.available_permits();
        sleep(time).await;
        Ok(Window {
            took: began.elapsed(),
            cpu: cpu_of(id)?.saturating_sub(cpu),
            load_cpu: own_cpu()?.saturating_sub(load_cpu),
            deliveries: (rounds.available_permits() - before) as u64 * clients as u64 * at_once,
            stored: 0,
            times: Vec::new(),
        })
    };
    let window = tokio::select! {
        window = measured => window,
        Some(ended) = work.join_next() => match ended.context("a reader broke off")? {
            Ok(()) => bail!("the sender ended"),
            Err(error) => Err(error),
        },
    };
    child.kill().await?;
    window
}

/// A byte for each round that may begin; one more whenever one has arrived.
async fn keep_going(
    mut stdin: ChildStdin,
    of_a_round: usize,
    arrived: Arc<Semaphore>,
    rounds: Arc<Semaphore>,
) -> Result<()> {
    let packets = u32::try_from(of_a_round)?;
    stdin.write_all(&[0; ROUNDS]).await?;
    loop {
        arrived.acquire_many(packets).await?.forget();
        rounds.add_permits(1);
        stdin.write_all(&[0]).await?;
    }
}

/// Whom it sends to, as it reads that.
fn line(addresses: &[SocketAddr]) -> Vec<u8> {
    let ports: Vec<_> = addresses.iter().map(|address| address.port().to_string()).collect();
    format!("{}\n", ports.join(",")).into_bytes()
}
