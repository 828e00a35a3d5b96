//! How soon a client shows what it had, with much of it on its disk.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, ensure};
use tertulia_certs::DeviceIdentity;
use tertulia_client::{Client, ClientConfig, Congestion, SystemEnv};
use tertulia_proto::{
    AccountId, Body, DisplayName, HistoryPolicy, MessageId, MessageText, RoomId, RoomKind,
    RoomName, Send, Timestamp, Topic, limits,
};
use tertulia_server::Bulk;
use tokio::{
    task::spawn_blocking,
    time::{Duration, Instant, sleep, timeout},
};

use super::{
    host::{Host, cpu_of},
    row::{median, ms},
};

/// Events that a client keeps of a room over a start.
const OF_A_ROOM: u64 = 5_000;
/// Rooms that one account makes; a server takes 100 of each.
const MADE_BY_ONE: usize = 50;
/// Items of the page that is shown first.
const PAGE: u16 = 50;
const BEGINNING: u64 = 1_704_067_200_000;
/// Longer than it takes to fetch all of it.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a start took.
pub(super) struct Started {
    /// Cached events, all rooms'.
    pub(super) cached: u64,
    pub(super) rooms: usize,
    /// From nothing to all rooms and a room's newest page.
    pub(super) start_ms: f64,
    /// The same where the client before was killed, so that all is looked through.
    pub(super) start_after_kill_ms: f64,
    /// Of a processor, for an event that was fetched and kept.
    pub(super) kept_us: f64,
}

/// With so many events cached, as many times.
pub(super) async fn started(cached: u64, repeats: usize, dir: &Path) -> Result<Started> {
    let host = Host::start(dir).await?;
    let profile = dir.join("profile");
    let (client, _) = Client::open(config(&profile)).await?;
    let name = DisplayName::new("Reader")?;
    let account = client.join(&host.link()?, &name).await?.id;
    let rooms = make_rooms(cached.div_ceil(OF_A_ROOM), &client, &host, dir).await?;
    ensure!(rooms.len() < limits::ROOMS_PER_ACCOUNT, "more than the rooms of one account hold");
    client.close(Duration::ZERO).await;
    let data = dir.join("data");
    host.stop().await?;
    fill(account, &profile, &data, rooms.clone(), cached).await?;
    let host = Host::start(dir).await?;

    // Events of the client's own making are counted too: a few for each room.
    let before = cpu_of(std::process::id())?;
    let (client, _) = Client::open(config(&profile)).await?;
    client.join(&host.link()?, &name).await?;
    let got = timeout(PATIENCE, fetch(&client, &rooms)).await.context("not all was fetched")??;
    client.close(Duration::ZERO).await;
    let fetching = cpu_of(std::process::id())?.saturating_sub(before);
    ensure!(got >= cached, "{got} of {cached} are cached");

    let killed = dir.join("killed");
    let (client, _) = Client::open(config(&profile)).await?;
    live(&client).await?;
    copy_unclosed(&profile, &killed).await?;
    client.close(Duration::ZERO).await;
    host.stop().await?;

    let mut starts = (Vec::new(), Vec::new());
    for number in 0..repeats {
        starts.0.push(ms(start(&profile, &rooms).await?));
        let copy = dir.join(format!("killed-{number}"));
        copy_all(&killed, &copy)?;
        starts.1.push(ms(start(&copy, &rooms).await?));
        fs::remove_dir_all(copy)?;
    }
    Ok(Started {
        cached: got,
        rooms: rooms.len(),
        start_ms: median(starts.0),
        start_after_kill_ms: median(starts.1),
        kept_us: fetching.as_secs_f64() * 1e6 / got as f64,
    })
}

/// Makes rooms, and has the client enter them.
async fn make_rooms(count: u64, client: &Client, host: &Host, dir: &Path) -> Result<Vec<RoomId>> {
    let numbers: Vec<_> = (0..count).collect();
    let mut rooms = Vec::new();
    for (turn, numbers) in numbers.chunks(MADE_BY_ONE).enumerate() {
        let (maker, _) = Client::open(config(&dir.join(format!("maker-{turn}")))).await?;
        maker.join(&host.link()?, &DisplayName::new(&format!("Maker {turn}"))?).await?;
        for number in numbers {
            let (kind, history) = (RoomKind::Public, HistoryPolicy::All);
            let name = RoomName::new(&format!("room-{number}"))?;
            maker.create_room(name.clone(), kind, Topic::default(), history).await?;
            rooms.push(client.enter_room(name).await?.room);
        }
        maker.close(Duration::ZERO).await;
    }
    Ok(rooms)
}

fn config(profile: &Path) -> ClientConfig {
    ClientConfig {
        profile: profile.to_owned(),
        live: true,
        cache: true,
        copies: true,
        congestion: Congestion::default(),
        env: Arc::new(SystemEnv),
    }
}

/// Fills the stopped server's rooms.
async fn fill(
    account: AccountId,
    profile: &Path,
    data: &Path,
    rooms: Vec<RoomId>,
    messages: u64,
) -> Result<()> {
    let device = *DeviceIdentity::load_or_create(profile)?.fingerprint().as_bytes();
    let data = data.to_owned();
    let fill = move || -> Result<()> {
        let mut bulk = Bulk::open(&data, &SystemEnv)?;
        let text = MessageText::new(&"w".repeat(150))?;
        for number in 0..messages {
            let room = rooms[(number / OF_A_ROOM) as usize];
            let (message_id, body) = (MessageId(u128::from(number).to_be_bytes()), text.clone());
            let message = Send { message_id, room, reply_to: None, body: Body::Text(body) };
            bulk.post((account, device), message, Timestamp(BEGINNING + number))?;
        }
        Ok(bulk.finish(Timestamp(BEGINNING + messages))?)
    };
    spawn_blocking(fill).await.context("no thread")?
}

async fn live(client: &Client) -> Result<()> {
    let stopped = |trouble| anyhow!("the client stopped: {trouble:?}");
    timeout(PATIENCE, client.live()).await.context("the client is not live")?.map_err(stopped)
}

/// Reads all rooms to their beginnings; how many events that were.
async fn fetch(client: &Client, rooms: &[RoomId]) -> Result<u64> {
    live(client).await?;
    let mut got = 0;
    for &room in rooms {
        let mut before = None;
        loop {
            let items = client.timeline(room, before, limits::PAGE_EVENTS).await?;
            let Some(first) = items.first().and_then(|item| item.seq) else { break };
            (got, before) = (got + items.len() as u64, Some(first));
        }
    }
    Ok(got)
}

/// From nothing to what is shown first.
async fn start(profile: &Path, rooms: &[RoomId]) -> Result<Duration> {
    let began = Instant::now();
    let (client, _) = Client::open(config(profile)).await?;
    let shown = client.snapshot().rooms.len();
    let page = client.kept(rooms[rooms.len() / 2], PAGE).await.context("no page")?;
    let took = began.elapsed();
    ensure!(shown >= rooms.len(), "{shown} rooms are shown");
    ensure!(page.len() == usize::from(PAGE), "{} items are shown", page.len());
    client.close(Duration::ZERO).await;
    Ok(took)
}

/// The profile's files as a kill would leave them: with something in the cache's log.
async fn copy_unclosed(profile: &Path, to: &Path) -> Result<()> {
    let log = profile.join("timeline.db-wal");
    let written = async {
        while !fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, written).await.context("the client wrote nothing")?;
    copy_all(profile, to)
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path: PathBuf = entry?.path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().context("no name")?))?;
        }
    }
    Ok(())
}
