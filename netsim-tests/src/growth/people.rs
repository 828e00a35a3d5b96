//! Who lives on the server: fifty people in a large room, and in some small ones.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tertulia_certs::{DeviceIdentity, ServerLink};
use tertulia_proto::{
    AccountId, CreateRoom, EnterRoom, HistoryPolicy, RoomId, RoomKind, RoomName, ServerMessage,
    Topic,
};
use tokio::task::spawn_blocking;

use crate::{
    process::ServerProcess,
    speaker::{Speaker, hello},
};

const PEOPLE: usize = 50;
/// Rooms beside the large one.
const SMALL_ROOMS: usize = 20;
/// Where four of five messages go.
const LARGE: &str = "plaza";

/// The server's people and rooms. The first person owns it, has entered all rooms and reads none.
#[derive(Debug)]
pub(super) struct Village {
    dir: PathBuf,
    pub(super) people: Vec<(AccountId, DeviceIdentity)>,
    pub(super) large: RoomId,
    pub(super) small: Vec<RoomId>,
}

impl Village {
    /// Makes the server, its people and rooms, and stops it.
    pub(super) async fn found(dir: &Path) -> Result<Self> {
        let data = dir.join("data");
        let server = started(&data).await?;
        let owner: ServerLink = server.owner_link()?.parse()?;
        let uses = PEOPLE.to_string();
        let invite = server.invite(&["--uses", &uses])?.parse::<ServerLink>()?;
        let mut people = Vec::new();
        let (mut large, mut small) = (RoomId(0), Vec::new());
        for number in 0..PEOPLE {
            let device = DeviceIdentity::load_or_create(&dir.join(format!("person-{number}")))?;
            let link = if number == 0 { &owner } else { &invite };
            let mut speaker = Speaker::connect(link, &device).await?;
            let welcome = speaker.greet(&format!("Person {number}"), link, hello(0)).await?;
            if number == 0 {
                large = make(&mut speaker, LARGE).await?;
                for room in 0..SMALL_ROOMS {
                    small.push(make(&mut speaker, &format!("corner-{room}")).await?);
                }
            } else {
                speaker.request(EnterRoom { name: RoomName::new(LARGE)? }).await?;
                room(speaker.answer().await?)?;
            }
            people.push((welcome.account, device));
            speaker.leave().await;
        }
        stopped(server).await?;
        Ok(Self { dir: dir.to_owned(), people, large, small })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// The one who looks on.
    pub(super) fn reader(&self) -> &DeviceIdentity {
        &self.people[0].1
    }
}

/// A server on that directory.
pub(super) async fn started(data: &Path) -> Result<ServerProcess> {
    let data = data.to_owned();
    spawn_blocking(move || ServerProcess::start(&data)).await.context("no thread")?
}

/// Stops it well.
pub(super) async fn stopped(server: ServerProcess) -> Result<()> {
    match spawn_blocking(|| server.terminate()).await.context("no thread")?? {
        Some(0) => Ok(()),
        code => bail!("the server stopped with {code:?}"),
    }
}

async fn make(speaker: &mut Speaker, name: &str) -> Result<RoomId> {
    let (kind, history) = (RoomKind::Public, HistoryPolicy::All);
    let name = RoomName::new(name)?;
    speaker.request(CreateRoom { name, kind, topic: Topic::default(), history }).await?;
    room(speaker.answer().await?)
}

fn room(answer: ServerMessage) -> Result<RoomId> {
    match answer {
        ServerMessage::Room(info) => Ok(info.room.room),
        other => bail!("no room: {other:?}"),
    }
}
