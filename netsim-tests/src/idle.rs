//! What a client costs that only is there: its packets, and how often it wakes the processor. A real
//! server and a real client, with a link in between that counts.

use std::{
    cell::RefCell,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tertulia_certs::ServerLink;
use tokio::{
    sync::oneshot,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use crate::{
    link::{Conditions, Counts, Profile, ProxyConfig, proxy::Proxy},
    process::{Cli, Running, ServerProcess},
};

/// By then what a beginning needs is over: a handshake, and the search for the largest packet.
pub const SETTLED: Duration = Duration::from_secs(20);
/// What headers of IPv4 and UDP add to a payload.
const HEADERS: u64 = 28;
const HOUR: f64 = 3_600.0;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `tertulia`.
    pub system: &'static str,
    /// How long it was looked at.
    pub seconds: f64,
    /// Both ways, with headers of IP and UDP.
    pub bytes_per_minute: f64,
    /// Both ways.
    pub packets_per_minute: f64,
    /// Times that a thread of the client's was given the processor.
    pub wakeups_per_minute: f64,
    /// As above.
    pub bytes_per_hour: f64,
    /// As above.
    pub wakeups_per_hour: f64,
    /// The client's processor time.
    pub cpu_ms_per_hour: f64,
}

/// Counts for so long, once the client has been there for `settled`. `dir` is for files.
pub async fn run(dir: &Path, rtt: Duration, settled: Duration, lasts: Duration) -> Result<Row> {
    let data = dir.join("server");
    let (server, invite) = spawn_blocking(move || {
        let server = ServerProcess::start(&data)?;
        let invite: ServerLink = server.invite(&[])?.parse()?;
        anyhow::Ok((server, invite))
    })
    .await??;
    let conditions = Conditions { delay: rtt / 2, ..Conditions::default() };
    let proxy = Proxy::bind(ProxyConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        to: server.address(),
        profile: Profile::symmetric(conditions),
        seed: 1,
        rebind_every: None,
    })?;
    let link = through(&invite, proxy.local_addr()?)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let counted = Rc::new(RefCell::new(Counts::default()));
    let seen = Rc::clone(&counted);
    let working = proxy.run(async { drop(stopped.await) }, move |report| {
        *seen.borrow_mut() = report.up + report.down;
    });
    let counting = async {
        let profile = dir.join("client");
        let client = spawn_blocking(move || {
            let cli = Cli::joined(profile, &link, "Ana")?;
            cli.start(&["tail", "lobby"])
        });
        let client: Running = client.await??;
        sleep(settled).await;
        let look = || anyhow::Ok((Instant::now(), *counted.borrow(), Woken::of(client.id())?));
        let (begun, before, woken) = look()?;
        sleep(lasts).await;
        let (ended, after, then) = look()?;
        drop(client);
        drop(stop);
        let seconds = (ended - begun).as_secs_f64();
        let per_minute = |count: u64| count as f64 * 60.0 / seconds;
        let packets = after.packets - before.packets;
        let bytes = after.bytes - before.bytes + packets * HEADERS;
        ensure!(packets > 0, "the client is not there");
        let wakeups = then.times - woken.times;
        Ok(Row {
            system: "tertulia",
            seconds,
            bytes_per_minute: per_minute(bytes),
            packets_per_minute: per_minute(packets),
            wakeups_per_minute: per_minute(wakeups),
            bytes_per_hour: per_minute(bytes) * 60.0,
            wakeups_per_hour: per_minute(wakeups) * 60.0,
            cpu_ms_per_hour: (then.cpu - woken.cpu).as_secs_f64() * 1e3 * HOUR / seconds,
        })
    };
    let (_, row) = tokio::join!(working, counting);
    row
}

/// The link by way of that address.
fn through(invite: &ServerLink, address: SocketAddr) -> Result<String> {
    let invite = ServerLink { addresses: vec![address.to_string().parse()?], ..invite.clone() };
    Ok(invite.to_string())
}

/// What the kernel counts of a process.
#[derive(Debug, Clone, Copy)]
struct Woken {
    times: u64,
    cpu: Duration,
}

impl Woken {
    fn of(process: u32) -> Result<Self> {
        let (mut times, mut cpu) = (0, Duration::ZERO);
        for task in fs::read_dir(format!("/proc/{process}/task"))? {
            let task = task?.path();
            times += voluntary(&fs::read_to_string(task.join("status"))?)?;
            cpu += ran(&fs::read_to_string(task.join("schedstat"))?)?;
        }
        Ok(Self { times, cpu })
    }
}

/// How often a thread gave the processor away of its own will: it came back as often.
fn voluntary(status: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    Ok(line.context("the kernel does not count wake-ups")?.trim().parse()?)
}

/// How long it had the processor: the first of the numbers, in nanoseconds.
fn ran(schedstat: &str) -> Result<Duration> {
    let nanos = schedstat.split(' ').next().context("the kernel does not count time")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_of_a_thread_is_read() {
        let status = "Name:\ttokio\nvoluntary_ctxt_switches:\t42\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(voluntary(status).unwrap(), 42);
        assert!(voluntary("Name:\tx\n").is_err());
        assert_eq!(ran("1500000 20 3\n").unwrap(), Duration::from_micros(1_500));
    }
}
