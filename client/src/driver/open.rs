//! Opening a profile: everything on disk is read, then the task starts.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use tertulia_certs::{DeviceIdentity, files};
use tertulia_proto::{Env, Features};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    COMMANDS, Command, Driver, Question, REPORTS, Shared, cache::Cache, marks::Marks,
    outlet::Outlet, requests::Requests, sending::Desk,
};
use crate::{
    core::{
        copies::EarlyCopies,
        drafts::Drafts,
        liveness::Liveness,
        outbox::{Row, RowId},
        room::{Me, Room},
        session::Session,
    },
    error::OpenError,
    handle::ClientConfig,
    model::{ClientEvent, PresenceView},
    store::{
        Blocking, DatabaseError, drafts_file,
        outbox_file::OutboxFile,
        profile::Profile,
        room_names::RoomNames,
        timelines::{Kept, Timelines},
    },
    transfer::Ground,
    transport::{Dialer, endpoint},
};

/// What the disk says.
struct Opened {
    device: DeviceIdentity,
    profile: Option<Profile>,
    names: Option<RoomNames>,
    outbox: OutboxFile,
    rows: Vec<(RowId, Row)>,
    timelines: Option<Timelines>,
    rooms: Vec<Kept>,
    drafts: Drafts,
}

/// The ends that handles hold.
pub(crate) struct Started {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) questions: mpsc::Sender<Question>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) ground: Arc<Ground>,
    pub(crate) events: async_channel::Receiver<ClientEvent>,
}

/// Opens the profile and starts the task, over `endpoint` or a socket of its own.
pub(crate) async fn start(
    config: ClientConfig,
    endpoint: Option<quinn::Endpoint>,
) -> Result<Started, OpenError> {
    let is_real = endpoint.is_none();
    let endpoint = match endpoint {
        Some(endpoint) => endpoint,
        None => endpoint::bind()
            .map_err(|error| OpenError::Io(format!("cannot open a UDP socket: {error}")))?,
    };
    let dir = Blocking::new(config.profile.clone(), Arc::clone(&config.env));
    let opened = dir.start({
        let config = config.clone();
        move |profile| open(profile, config.cache, &*config.env)
    });
    let lost = |_| OpenError::Io("opening the profile was cut short".to_owned());
    let opened = opened.await.map_err(lost)??;

    let (commands_tx, commands) = mpsc::channel(COMMANDS);
    let (questions_tx, questions) = mpsc::channel(COMMANDS);
    let (reporter, reports) = mpsc::channel(REPORTS);
    let (outlet, events) = Outlet::new();
    let session = Session::new(opened.profile.is_some());
    let account = opened.profile.as_ref().map(Profile::account);
    let me = opened.profile.as_ref().map_or(Me::NOBODY, Profile::me);
    let (watched, connection) = watch::channel(session.connection());
    let shared = Arc::new(Shared::new(connection, account, opened.drafts));
    let (lines, line) = watch::channel(None);
    let ground = Ground { env: Arc::clone(&config.env), profile: config.profile.clone(), line };
    let block = |file| Blocking::new(file, Arc::clone(&config.env));
    let rooms = opened.rooms.into_iter().map(|kept| {
        shared.set_room(&kept.view);
        (kept.view.listing.room, Room::new(kept.view, kept.have))
    });
    let driver = Driver {
        is_live: config.live,
        features: match config.copies {
            true => Features::OURS,
            false => Features(Features::OURS.0 & !Features::COPIES.0),
        },
        dialer: Dialer {
            endpoint,
            device: Arc::new(opened.device),
            is_real,
            congestion: config.congestion,
        },
        started: Instant::now(),
        dir,
        profile: opened.profile,
        names: opened.names,
        me,
        session,
        attempt: None,
        generation: 0,
        connection: None,
        liveness: Liveness::new(Duration::ZERO),
        looked_at: Duration::ZERO,
        leaves_by: None,
        requests: Requests::default(),
        rooms: rooms.collect(),
        opened: BTreeSet::new(),
        early: EarlyCopies::default(),
        followers: BTreeMap::new(),
        presence: PresenceView::default(),
        marks: Marks::default(),
        typed: BTreeMap::new(),
        refill_at: None,
        keeps_drafts: opened.timelines.is_some(),
        drafts_job: None,
        desk: Desk::new(block(opened.outbox), opened.rows),
        cache: Cache::new(
            opened.timelines.map(|file| Blocking::new(file, Arc::clone(&config.env))),
        ),
        outlet,
        shared: Arc::clone(&shared),
        watched,
        lines,
        commands,
        questions,
        reports,
        reporter,
        closing: None,
        env: config.env,
    };
    tokio::spawn(driver.run());
    Ok(Started {
        commands: commands_tx,
        questions: questions_tx,
        shared,
        ground: Arc::new(ground),
        events,
    })
}

fn open(profile: &Path, cache: bool, env: &dyn Env) -> Result<Opened, OpenError> {
    files::create_private_dir(profile)
        .map_err(|error| OpenError::Io(format!("cannot make {}: {error}", profile.display())))?;
    let device = DeviceIdentity::load_or_create(profile).map_err(|error| match error {
        tertulia_certs::IdentityError::Unusable { .. } => OpenError::Broken(error.to_string()),
        error => OpenError::Io(error.to_string()),
    })?;
    let record = Profile::load(profile)?;
    let mut outbox = OutboxFile::open(profile, env)?;
    let rows = outbox
        .take_over()
        .map_err(|error| OpenError::Io(format!("cannot read the outbox: {error}")))?;
    let timelines = match cache {
        true => Timelines::open(profile, record.as_ref().map(|record| record.epoch))?,
        false => None,
    };
    let rooms = match &timelines {
        Some(timelines) => timelines
            .rooms()
            .map_err(|error| OpenError::Io(format!("cannot read the timelines: {error}")))?,
        None => Vec::new(),
    };
    let drafts = match &timelines {
        Some(_) => drafts_file::load(profile, record.as_ref().map(|record| record.epoch)),
        None => Drafts::default(),
    };
    Ok(Opened {
        device,
        profile: record,
        names: RoomNames::load(profile),
        outbox,
        rows,
        timelines,
        rooms,
        drafts,
    })
}

impl From<DatabaseError> for OpenError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Newer { .. } => Self::Newer(error.to_string()),
            DatabaseError::Broken { .. } => Self::Broken(error.to_string()),
            DatabaseError::Io { .. } => Self::Io(error.to_string()),
        }
    }
}
