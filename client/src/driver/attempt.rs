//! From nothing to a welcome, and back.

use std::{future, time::Duration};

use tertulia_certs::ServerLink;
use tertulia_proto::{
    AccountId, DisplayName, Epoch, Features, Hello, ListUsers, Refusal, Register, RoomCursor, Seq,
    VersionRange, Welcome, close::CloseCode, limits,
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{Driver, requests::Asker};
use crate::{
    connection::{Connected, Ended, Greeting, Outgoing, Welcomed, greet},
    core::{
        drafts::Drafts,
        liveness::Liveness,
        room::Room,
        session::{End, Haste},
    },
    error::JoinError,
    model::{Account, ClientEvent, Trouble},
    store::profile::Profile,
    transfer::Line,
};

/// An attempt that lasts longer is begun anew when a person wants one now.
const FRESH: Duration = Duration::from_secs(2);
/// Sooner, where the one before had met with silence.
const FRESH_IN_SILENCE: Duration = Duration::from_millis(250);

/// An attempt under way. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Attempt {
    task: JoinSet<Step>,
    doubt: watch::Receiver<Option<Trouble>>,
    link: ServerLink,
    register: Option<Register>,
    /// Where requests go once there is a connection.
    outgoing: Option<Outgoing>,
    /// Whether they may go before the welcome.
    is_early: bool,
    /// The history that the hello named.
    epoch: Option<Epoch>,
    join: Option<oneshot::Sender<Result<Account, JoinError>>>,
    begun_at: Duration,
    /// Whether the one before had met with silence.
    is_silent: bool,
}

impl Attempt {
    /// Whether nobody has answered it, and it may be begun anew.
    fn is_unheard(&self) -> bool {
        self.join.is_none() && self.outgoing.is_none()
    }
}

/// What a person wants to join.
pub(super) struct Join {
    link: ServerLink,
    name: DisplayName,
    reply: oneshot::Sender<Result<Account, JoinError>>,
}

/// How far an attempt came.
#[derive(Debug)]
enum Step {
    Dialed(quinn::Connection),
    Ended(Box<Result<Welcomed, Ended>>),
}

/// What an attempt has to tell.
pub(super) enum News {
    /// There is a connection, on which nothing was said yet.
    Dialed(quinn::Connection),
    /// It is over.
    Ended(Result<Welcomed, Ended>),
    /// It goes on; this is in its way as far as it knows.
    Doubt(Option<Trouble>),
}

/// Waits for news of an attempt, if there is one. Cancel safe.
pub(super) async fn news(attempt: &mut Option<Attempt>) -> News {
    let Some(Attempt { task, doubt, .. }) = attempt else {
        return future::pending().await;
    };
    tokio::select! {
        biased;
        step = task.join_next() => match step {
            Some(Ok(Step::Dialed(quic))) => News::Dialed(quic),
            Some(Ok(Step::Ended(ended))) => News::Ended(*ended),
            // A panic is a bug of ours, and no news about the server.
            _ => News::Ended(Err(
                End::retry(Trouble::Lost("the attempt was lost".to_owned())).into()
            )),
        },
        Ok(()) = doubt.changed() => News::Doubt(doubt.borrow_and_update().clone()),
    }
}

impl Driver {
    /// Registers, or updates the address.
    pub(super) fn join(
        &mut self,
        link: ServerLink,
        name: DisplayName,
        reply: oneshot::Sender<Result<Account, JoinError>>,
    ) {
        let stranger = self.profile.as_ref().and_then(|profile| profile.compare(&link).err());
        if let Some(error) = stranger {
            // Whoever asked may have gone.
            let _ = reply.send(Err(error));
            return;
        }
        let replaced = End::retry(Trouble::Lost("joining anew".to_owned()));
        self.disconnect(CloseCode::OK, replaced);
        self.begin_attempt(Some(Join { link, name, reply }));
    }

    /// Begins an attempt; one that is under way ends.
    pub(super) fn begin_attempt(&mut self, join: Option<Join>) {
        let (link, register, join) = match join {
            Some(Join { link, name, reply }) => {
                let invite = link.invite.map(|invite| *invite.as_bytes());
                (link, Some(Register { name, invite }), Some(reply))
            }
            None => match &self.profile {
                Some(profile) => (profile.link.clone(), None, None),
                None => return self.session.restart(false),
            },
        };
        // Its requests go with the next one.
        if self.attempt.take().is_some_and(|attempt| attempt.outgoing.is_some()) {
            self.fail_requests();
        }
        let mut dialer = self.dialer.clone();
        let is_silent = self.session.is_unheard() || self.session.is_kept();
        dialer.is_silent = is_silent;
        let to = link.clone();
        let mut task = JoinSet::new();
        let (doubts, doubt) = watch::channel(None);
        task.spawn(async move {
            let quic = match dialer.dial(&to.addresses, Some(to.trust), &doubts).await {
                Ok(quic) => quic,
                Err(end) => return Step::Ended(Box::new(Err(end.into()))),
            };
            // It answers.
            doubts.send_if_modified(|doubt| doubt.take().is_some());
            Step::Dialed(quic)
        });
        self.session.begin();
        self.attempt = Some(Attempt {
            task,
            doubt,
            link,
            register,
            outgoing: None,
            is_early: false,
            epoch: None,
            join,
            begun_at: self.now(),
            is_silent,
        });
    }

    /// A connection stands: says hello on it, and what waits right behind that, where the server
    /// is known to take it so.
    fn dialed(&mut self, quic: quinn::Connection) {
        // There is a way, and the one that fell silent is not heard on it.
        if self.session.is_kept() {
            let text = "a newer connection took its place".to_owned();
            self.disconnect(CloseCode::OK, End::retry(Trouble::Lost(text)));
        }
        let hello = self.hello();
        let Some(attempt) = &mut self.attempt else { return };
        let known = self.profile.as_ref().filter(|_| attempt.join.is_none());
        attempt.is_early = known.is_some_and(|profile| profile.is_early)
            && hello.features.has(Features::EARLY_REQUESTS);
        attempt.epoch = hello.epoch;
        let greeting = Greeting { hello, register: attempt.register.take() };
        let (outgoing, queue) = Outgoing::new();
        attempt.outgoing = Some(outgoing);
        // What is sent in this turn goes out together with the hello.
        let task = async move { Step::Ended(Box::new(greet(quic, greeting, queue).await)) };
        attempt.task.spawn(task);
    }

    /// Where requests can go now; none where nobody is welcome yet, or nothing is heard.
    pub(super) fn way_out(&self) -> Option<Outgoing> {
        if let Some(connection) = &self.connection {
            let takes = self.session.is_welcome() && self.leaves_by.is_none();
            return (takes && !connection.is_holding()).then(|| connection.outgoing.clone());
        }
        let attempt = self.attempt.as_ref().filter(|attempt| attempt.is_early)?;
        attempt.outgoing.clone()
    }

    /// A person wants to be connected now, or there is reason to doubt that one is.
    pub(super) fn wake(&mut self) {
        self.session.wake();
        let now = self.now();
        if let Some(connection) = &self.connection
            && self.leaves_by.is_none()
            && !self.liveness.is_in_doubt()
        {
            self.liveness.doubt(now, connection.quic.rtt());
            self.looked_at = now;
            self.dialer.move_on();
            if let Some(copies) = connection.copies() {
                copies.moved();
            }
            // Whom it finds does not matter: nobody has a number beyond that.
            self.ask(ListUsers { after: AccountId(i64::MAX as u64) }, Asker::Doubt);
        }
        let is_stale = |attempt: &Attempt| {
            let lasts = now.saturating_sub(attempt.begun_at);
            lasts >= FRESH && attempt.join.is_none()
                || lasts >= FRESH_IN_SILENCE && attempt.is_silent && attempt.is_unheard()
        };
        if self.attempt.as_ref().is_some_and(is_stale) {
            self.begin_attempt(None);
        }
    }

    /// How soon another attempt follows one that met with silence.
    pub(super) fn haste(&self) -> Haste {
        match self.knocking.server {
            Some(server) if self.dialer.knocks.knows(server) => Haste::Knocks,
            _ if self.desk.pending() > 0 => Haste::Waits,
            _ => Haste::None,
        }
    }

    /// There is a way again, where there was none: what has met with silence is begun anew.
    pub(super) fn way_is_back(&mut self) {
        if self.connection.is_some() || !self.session.is_unheard() {
            return;
        }
        tracing::info!("the server answers again");
        self.session.wake();
        if self.attempt.as_ref().is_some_and(|attempt| attempt.is_unheard()) {
            self.begin_attempt(None);
        }
    }

    pub(super) async fn attempt_news(&mut self, news: News) {
        match news {
            News::Dialed(quic) => self.dialed(quic),
            News::Ended(ended) => self.attempt_ended(ended).await,
            News::Doubt(doubt) => self.session.doubts(doubt),
        }
    }

    async fn attempt_ended(&mut self, ended: Result<Welcomed, Ended>) {
        let Some(Attempt { link, outgoing, epoch, join, .. }) = self.attempt.take() else {
            return;
        };
        match (ended, outgoing) {
            (Ok(welcomed), Some(outgoing)) => {
                let other = epoch.filter(|epoch| *epoch != welcomed.welcome.epoch);
                let is_deaf = welcomed.welcome.features.has(Features::EARLY_REQUESTS);
                let stored = self.welcomed(&link, welcomed, outgoing, join.is_some()).await;
                if other.is_some() && is_deaf {
                    // The server takes no requests on this one: they may be meant for before.
                    let text = "the server's history is another one".to_owned();
                    self.disconnect(CloseCode::OK, End::retry(Trouble::Lost(text)));
                    self.session.wake();
                }
                if let (Some(reply), Some(profile)) = (join, &self.profile) {
                    let account = profile.account();
                    // Whoever asked may have gone.
                    let _ = reply.send(stored.map(|()| account));
                }
            }
            (Err(ended), outgoing) => {
                if outgoing.is_some() {
                    self.fail_requests();
                }
                self.attempt_failed(ended, join);
            }
            (Ok(_), None) => {
                // Whoever said no hello is not welcomed.
                let end = End::retry(Trouble::Lost("a welcome before the hello".to_owned()));
                self.attempt_failed(end.into(), join);
            }
        }
    }

    fn attempt_failed(
        &mut self,
        ended: Ended,
        join: Option<oneshot::Sender<Result<Account, JoinError>>>,
    ) {
        let Some(reply) = join else {
            let end = match ended {
                Ended::End(end) => end,
                Ended::Refused { .. } | Ended::Stranger(_) => End::stop(Trouble::Unregistered),
            };
            let (now, random, stops) = (self.now(), self.random(), end.stops);
            let haste = self.haste();
            self.session.ended(end, now, random, haste);
            if stops && let Some(kept) = self.connection.take() {
                kept.abandon(CloseCode::OK);
                self.session.gave_up();
                self.lost_connection();
            }
            return;
        };
        // As it was before: the link that did not work is not kept.
        self.session.restart(self.profile.is_some());
        let error = match ended {
            Ended::Refused { refusal, proposal } => JoinError::Refused { refusal, proposal },
            Ended::End(End { trouble: Trouble::KeyChanged(changed), .. }) => {
                JoinError::KeyChanged(changed)
            }
            Ended::Stranger(_) | Ended::End(End { trouble: Trouble::Unregistered, .. }) => {
                JoinError::Refused { refusal: Refusal::INVITE_NEEDED, proposal: None }
            }
            Ended::End(end) => {
                self.shared.set_trouble(&end.trouble);
                JoinError::NoConnection(end.trouble)
            }
        };
        let _ = reply.send(Err(error));
    }

    async fn welcomed(
        &mut self,
        link: &ServerLink,
        welcomed: Welcomed,
        outgoing: Outgoing,
        is_join: bool,
    ) -> Result<(), JoinError> {
        let welcome = welcomed.welcome.clone();
        let lanes = match self.is_live {
            true => welcome.lanes.min(limits::LANES),
            false => 0,
        };
        let stored = self.become_account(link, &welcome, is_join).await;

        self.generation += 1;
        let reporter = self.reporter.clone();
        let is_real = self.dialer.is_real;
        let connected = Connected::start(welcomed, outgoing, self.generation, reporter, is_real);
        self.lines.set(Some(Line {
            generation: self.generation,
            quic: connected.quic.clone(),
            features: welcome.features,
            epoch: welcome.epoch,
        }));
        self.knocking.server = Some(connected.quic.remote_address());
        self.connection = Some(connected);
        self.show_path();
        let now = self.now();
        self.liveness = Liveness::new(now);
        self.looked_at = now;
        self.leaves_by = None;
        self.opened.clear();
        self.early.clear();
        self.session.welcomed(lanes, now);
        self.publish_connection();
        self.fill_holes();
        stored
    }

    async fn become_account(
        &mut self,
        link: &ServerLink,
        welcome: &Welcome,
        is_join: bool,
    ) -> Result<(), JoinError> {
        let profile = Profile::new(link, welcome);
        if self.profile.as_ref().is_none_or(|known| known.epoch != profile.epoch) {
            self.begin_history(profile.epoch);
        }
        if !is_join && self.profile.as_ref() == Some(&profile) {
            return Ok(());
        }
        self.set_profile(profile.clone());
        let saved = self.dir.start(move |dir| match is_join {
            true => profile.save(dir).map(|()| profile),
            false => profile.update(dir),
        });
        let failure = match saved.await {
            Ok(Ok(saved)) => {
                self.set_profile(saved);
                return Ok(());
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the job was lost".to_owned(),
        };
        tracing::error!(%failure, "the profile can't be written");
        Err(JoinError::Io(format!("the profile can't be written: {failure}")))
    }

    fn set_profile(&mut self, profile: Profile) {
        let account = profile.account();
        self.me = profile.me();
        self.profile = Some(profile);
        if self.shared.set_account(Some(&account)) {
            self.outlet.emit(ClientEvent::Account(account));
        }
    }

    /// The server has another history than the one known, if one was: what is known of rooms counts
    /// nothing.
    fn begin_history(&mut self, epoch: Epoch) {
        if self.profile.is_some() {
            tracing::warn!("the server's history was replaced: timelines begin anew");
        }
        self.cache.clear(epoch);
        self.shared.with_drafts(Drafts::clear);
        for (id, room) in &mut self.rooms {
            *room = Room::new(room.view().clone(), Seq(0));
            self.outlet.emit(ClientEvent::TimelineReset(*id));
        }
        for follower in self.followers.values_mut() {
            follower.forget();
        }
    }

    fn hello(&self) -> Hello {
        let live = self.is_live.then_some(&self.rooms);
        let cursors = live.into_iter().flatten().take(limits::ROOMS_PER_ACCOUNT);
        Hello {
            versions: VersionRange::OURS,
            features: self.features,
            lanes: if self.is_live { limits::LANES } else { 0 },
            epoch: self.profile.as_ref().map(|profile| profile.epoch),
            cursors: cursors
                .map(|(room, state)| RoomCursor { room: *room, seq: state.have() })
                .collect(),
        }
    }
}
