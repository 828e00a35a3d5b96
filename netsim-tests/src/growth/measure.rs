//! One size: the server is started, asked, killed and started again.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use tertulia_certs::ServerLink;
use tertulia_proto::{
    AccountId, Body, History, LaneMessage, LaneNotice, ListMembers, ListRooms, MessageText,
    RoomCursor, RoomId, Send, Seq, ServerMessage, Span, StreamKind, limits,
};
use tokio::{
    task::spawn_blocking,
    time::{Duration, Instant},
};

use super::{
    fill::{Filled, id, text},
    people::{Village, started, stopped},
    row::{Row, median_ms},
};
use crate::{
    process::{ServerProcess, operate},
    speaker::{Speaker, hello},
};

/// Events of one page.
const PAGE: u16 = 100;
/// How far back a client is that comes back.
const BEHIND: u64 = 20;
/// Messages committed one by one before a kill, so that there is something to look at.
const UNFOLDED: u64 = 200;

pub(super) async fn all(
    village: &Village,
    size: u64,
    repeats: usize,
    filled: &mut Filled,
) -> Result<Row> {
    let data = village.data();
    let (mut clean, mut killed) = (Vec::new(), Vec::new());
    for _ in 0..repeats.div_ceil(4) {
        let began = Instant::now();
        let server = started(&data).await?;
        clean.push(began.elapsed());
        post(&server, village, UNFOLDED, filled).await?;
        spawn_blocking(|| server.kill()).await.context("no thread")??;
        let began = Instant::now();
        let server = started(&data).await?;
        killed.push(began.elapsed());
        stopped(server).await?;
    }
    let server = started(&data).await?;
    let resident_at_start = resident_mib(server.id())?;
    let asked = asked(&server, village, repeats, filled).await?;
    let resident = resident_mib(server.id())?;
    let mut stats = Vec::new();
    for _ in 0..repeats.div_ceil(4) {
        let (began, data) = (Instant::now(), data.clone());
        let called =
            spawn_blocking(move || operate(&data, &["stats"])).await.context("no thread")??;
        stats.push(began.elapsed());
        ensure!(called.code == 0, "{called:?}");
    }
    stopped(server).await?;
    Ok(Row {
        system: "tertulia",
        messages: size,
        n: repeats,
        database_mib: mib(fs::metadata(data.join("tertulia.db"))?.len()),
        start_ms: median_ms(clean),
        start_after_kill_ms: median_ms(killed),
        resume_ms: median_ms(asked.resume),
        rooms_ms: median_ms(asked.rooms),
        members_ms: median_ms(asked.members),
        newest_page_ms: median_ms(asked.newest),
        middle_page_ms: median_ms(asked.middle),
        oldest_page_ms: median_ms(asked.oldest),
        receipt_ms: median_ms(asked.receipt),
        stats_ms: median_ms(stats),
        rss_mib_at_start: resident_at_start,
        rss_mib: resident,
    })
}

#[derive(Default)]
struct Asked {
    resume: Vec<Duration>,
    rooms: Vec<Duration>,
    members: Vec<Duration>,
    newest: Vec<Duration>,
    middle: Vec<Duration>,
    oldest: Vec<Duration>,
    receipt: Vec<Duration>,
}

async fn asked(
    server: &ServerProcess,
    village: &Village,
    repeats: usize,
    filled: &mut Filled,
) -> Result<Asked> {
    let (link, room) = (link_of(village, server)?, village.large);
    let mut asked = Asked::default();
    for _ in 0..repeats {
        let mut speaker = Speaker::connect(&link, village.reader()).await?;
        let welcome = speaker.greet("", &link, hello(0)).await?;
        let began = Instant::now();
        speaker.request(ListRooms { after: RoomId(0) }).await?;
        let ServerMessage::Rooms(page) = speaker.answer().await? else { bail!("no rooms") };
        asked.rooms.push(began.elapsed());
        let head = page.rooms.iter().find(|listing| listing.room == room);
        let head = head.context("the large room is not there")?.head;
        let cursors = page.rooms.iter().map(|listing| {
            let behind = if listing.room == room { BEHIND } else { 0 };
            RoomCursor { room: listing.room, seq: Seq(listing.head.0.saturating_sub(behind)) }
        });
        let cursors = cursors.collect();
        let began = Instant::now();
        speaker.request(ListMembers { room, after: AccountId(0) }).await?;
        let ServerMessage::Members(_) = speaker.answer().await? else { bail!("no members") };
        asked.members.push(began.elapsed());
        let middle = Span::Before(Seq(head.0 / 2 + u64::from(PAGE) / 2));
        for (span, times) in [
            (Span::Newest, &mut asked.newest),
            (middle, &mut asked.middle),
            (Span::After(Seq(0)), &mut asked.oldest),
        ] {
            let began = Instant::now();
            let asked = speaker.request(History { room, span, limit: PAGE }).await?;
            let page = speaker.page(asked).await?;
            times.push(began.elapsed());
            ensure!(page.len() > usize::from(PAGE), "{} frames of {span:?}", page.len());
        }
        speaker.leave().await;
        let mut speaker = Speaker::connect(&link, village.reader()).await?;
        let began = Instant::now();
        let resuming =
            tertulia_proto::Hello { epoch: Some(welcome.epoch), cursors, ..hello(limits::LANES) };
        let lanes = speaker.greet("", &link, resuming).await?.lanes;
        for lane in 0..lanes {
            live(&mut speaker, lane).await?;
        }
        asked.resume.push(began.elapsed());
        speaker.leave().await;
    }
    asked.receipt = post(server, village, repeats as u64, filled).await?;
    Ok(asked)
}

/// Waits until a lane is live.
async fn live(speaker: &mut Speaker, lane: u8) -> Result<()> {
    loop {
        let frame = speaker.frame_of(StreamKind::Live(lane)).await?.context("a lane ended")?;
        if let Some(LaneMessage::Notice(LaneNotice::Live(_))) = LaneMessage::decode(&frame)? {
            return Ok(());
        }
    }
}

/// Posts one message after the other; how long each took until its receipt.
async fn post(
    server: &ServerProcess,
    village: &Village,
    messages: u64,
    filled: &mut Filled,
) -> Result<Vec<Duration>> {
    let link = link_of(village, server)?;
    // The second person: the first one's marker would move.
    let mut speaker = Speaker::connect(&link, &village.people[1].1).await?;
    speaker.greet("", &link, hello(0)).await?;
    let mut times = Vec::new();
    for _ in 0..messages {
        let number = filled.messages;
        let body = Body::Text(MessageText::new(&text(number))?);
        let (message_id, room) = (id(number), village.large);
        let began = Instant::now();
        speaker.request(Send { message_id, room, reply_to: None, body }).await?;
        let ServerMessage::Receipt(_) = speaker.answer().await? else { bail!("no receipt") };
        times.push(began.elapsed());
        filled.messages += 1;
    }
    speaker.leave().await;
    Ok(times)
}

/// The link that the server wrote down, at the address that it has now.
fn link_of(village: &Village, server: &ServerProcess) -> Result<ServerLink> {
    let kept = fs::read_to_string(village.data().join("link"))?;
    let mut link: ServerLink = kept.trim().parse()?;
    let first = link.addresses.first_mut().context("a link without an address")?;
    let address = server.address();
    (first.host, first.port) = (address.ip().to_string(), address.port());
    Ok(link)
}

fn resident_mib(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(mib(kib.context("no resident size")? << 10))
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
