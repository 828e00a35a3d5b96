//! What connections cost that only are there.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use quinn::Endpoint;
use serde::Serialize;
use tertulia_certs::{DeviceIdentity, ServerLink};
use tokio::{
    task::JoinSet,
    time::{Duration, Instant, sleep, timeout},
};

use super::{
    crowd::{all_come, at, endpoints},
    host::{self, Host},
    row::ms,
};
use crate::speaker::{Speaker, hello};

/// Until what a connection needed only to begin is given back.
const SETTLED: Duration = Duration::from_secs(2);
/// What is not connected by then is lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// As a client of ours: after so long it begins anew.
const ATTEMPT: Duration = Duration::from_secs(10);
const ATTEMPTS: usize = 6;
/// Connecting at once, where it is no storm.
const AT_ONCE: usize = 16;

/// What an idle connection holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemoryRow {
    /// `tertulia`.
    pub system: &'static str,
    /// Connections.
    pub clients: usize,
    /// What the server's resident memory grew by, over the connections.
    pub rss_kib_per_client: f64,
    /// Its resident memory with all of them.
    pub rss_kib: u64,
}

/// What it costs to be connected again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectRow {
    /// `tertulia`.
    pub system: &'static str,
    /// Connections.
    pub clients: usize,
    /// Connected and welcomed for a second of the server's processor.
    pub connects_per_cpu_s: f64,
    /// What one took of the processor that the clients share, in microseconds: theirs may be the
    /// limit.
    pub clients_cpu_us: f64,
    /// From the first attempt, or from the restarted server's, until the last was welcomed.
    pub all_live_s: f64,
    /// Whether all came at once after a restart.
    pub storm: bool,
    /// The slowest one, in milliseconds.
    pub slowest_ms: f64,
    /// How often each tried.
    pub attempts_per_client: f64,
    /// Whether the server had a processor of its own.
    pub pinned: bool,
}

pub(super) async fn memory(clients: usize, dir: &Path) -> Result<MemoryRow> {
    let host = Host::start(dir).await?;
    let endpoints = endpoints(clients + 1)?;
    // What the first one needs is there already.
    let first = all_come(&endpoints, 0..1, &host.link()?, 1).await?;
    sleep(SETTLED).await;
    let before = host.rss_kib()?;
    let others = all_come(&endpoints, 1..clients + 1, &host.link()?, 1).await?;
    sleep(SETTLED).await;
    let rss_kib = host.rss_kib()?;
    drop((first, others));
    host.stop().await?;
    let rss_kib_per_client = rss_kib.saturating_sub(before) as f64 / clients as f64;
    Ok(MemoryRow { system: "tertulia", clients, rss_kib_per_client, rss_kib })
}

pub(super) async fn connect(clients: usize, storm: bool, dir: &Path) -> Result<ConnectRow> {
    let mut host = Host::start(dir).await?;
    let link = host.link()?;
    let (mut speakers, mut devices) = (Vec::new(), Vec::new());
    // Without lanes: they are not to be told of each other's registration, which is not measured.
    for (speaker, device) in all_come(&endpoints(clients)?, 0..clients, &link, 0).await? {
        speakers.push(speaker);
        devices.push(Arc::new(device));
    }
    if storm {
        host = host.restart().await?;
    }
    drop(speakers);
    sleep(SETTLED).await;
    let (cpu, own, began) = (host.cpu()?, host::own_cpu()?, Instant::now());
    let at_once = if storm { clients } else { AT_ONCE };
    let back = timeout(PATIENCE, all_back(&devices, at_once, &link))
        .await
        .context("not all came back")??;
    let (all_live, cpu) = (began.elapsed(), host.cpu()?.saturating_sub(cpu));
    let own = host::own_cpu()?.saturating_sub(own);
    ensure!(back.speakers.len() == clients, "{} of {clients}", back.speakers.len());
    let (slowest, attempts) = (back.slowest, back.attempts);
    drop(back);
    host.stop().await?;
    Ok(ConnectRow {
        system: "tertulia",
        clients,
        connects_per_cpu_s: clients as f64 / cpu.as_secs_f64().max(0.01),
        clients_cpu_us: own.as_secs_f64() * 1e6 / clients as f64,
        all_live_s: all_live.as_secs_f64(),
        storm,
        slowest_ms: ms(slowest),
        attempts_per_client: attempts as f64 / clients as f64,
        pinned: host::is_pinned(),
    })
}

/// How all came back.
#[derive(Default)]
struct Back {
    speakers: Vec<Speaker>,
    slowest: Duration,
    attempts: usize,
}

/// Everybody connects again.
async fn all_back(
    devices: &[Arc<DeviceIdentity>],
    at_once: usize,
    link: &ServerLink,
) -> Result<Back> {
    let endpoints = endpoints(devices.len())?;
    let (mut coming, mut all) = (JoinSet::<Result<_>>::new(), Back::default());
    let mut waiting = devices.iter().enumerate();
    loop {
        while coming.len() < at_once {
            let Some((number, device)) = waiting.next() else { break };
            let (endpoint, link) = (at(&endpoints, number), link.clone());
            let device = Arc::clone(device);
            coming.spawn(async move {
                let (began, mut attempts) = (Instant::now(), 1);
                loop {
                    match timeout(ATTEMPT, back(&endpoint, &link, &device)).await {
                        Ok(Ok(speaker)) => return Ok((speaker, began.elapsed(), attempts)),
                        Ok(Err(error)) if attempts >= ATTEMPTS => return Err(error),
                        _ => attempts += 1,
                    }
                }
            });
        }
        let Some(came) = coming.join_next().await else { return Ok(all) };
        let (speaker, took, attempts) = came.context("one broke off")??;
        all.slowest = all.slowest.max(took);
        all.attempts += attempts;
        all.speakers.push(speaker);
    }
}

async fn back(endpoint: &Endpoint, link: &ServerLink, device: &DeviceIdentity) -> Result<Speaker> {
    let mut speaker = Speaker::connect_from(endpoint.clone(), link, device).await?;
    speaker.greet("", link, hello(1)).await?;
    Ok(speaker)
}
