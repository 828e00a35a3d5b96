//! Opening a profile: everything on disk is read, then the task starts.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use tertulia_certs::{DeviceIdentity, files};
use tertulia_proto::{Env, Features};
use tertulia_quic::Knocks;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    COMMANDS, Command, Driver, Question, REPORTS, Shared, cache::Cache, knocking::Knocking,
    marks::Marks, outlet::Outlet, requests::Requests, sending::Desk,
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
    transfer::{Ground, Lines},
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
    endpoint: Option<(quinn::Endpoint, Arc<Knocks>)>,
) -> Result<Started, OpenError> {
    let is_real = endpoint.is_none();
    let (endpoint, knocks) = match endpoint {
        Some(given) => given,
        None => {
            let knocks = Arc::default();
            let endpoint = endpoint::bind(&knocks);
            let failed = |error| OpenError::Io(format!("cannot open a UDP socket: {error}"));
            (endpoint.map_err(failed)?, knocks)
        }
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
    let lines = Lines::default();
    let line = lines.watch();
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
            false => Features::OURS.without(Features::COPIES).without(Features::EARLY_REQUESTS),
        },
        dialer: Dialer {
            endpoint,
            device: Arc::new(opened.device),
            knocks,
            is_silent: false,
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
        knocking: Knocking::default(),
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
        cache: Cache::new(opened.timelines, &config.env),
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
    let epoch = record.as_ref().map(|record| record.epoch);
    let (timelines, rooms) = match cache {
        true => Timelines::open(profile, epoch)?.unzip(),
        false => (None, None),
    };
    let drafts = match &timelines {
        Some(_) => drafts_file::load(profile, epoch),
        None => Drafts::default(),
    };
    Ok(Opened {
        device,
        profile: record,
        names: RoomNames::load(profile),
        outbox,
        rows,
        timelines,
        rooms: rooms.unwrap_or_default(),
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
