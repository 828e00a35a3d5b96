//! From nothing to a welcome, and back.

use std::{future, time::Duration};

use tertulia_certs::ServerLink;
use tertulia_proto::{
    AccountId, DisplayName, Epoch, Hello, ListUsers, Refusal, Register, RoomCursor, Seq,
    VersionRange, Welcome, close::CloseCode, limits,
};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{Driver, requests::Asker};
use crate::{
    connection::{Connected, Ended, Greeting, Welcomed, greet},
    core::{drafts::Drafts, liveness::Liveness, room::Room, session::End},
    error::JoinError,
    model::{Account, ClientEvent, Trouble},
    store::profile::Profile,
    transfer::Line,
};

/// An attempt that lasts longer is begun anew when a person wants one now.
const FRESH: Duration = Duration::from_secs(2);

/// An attempt under way. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Attempt {
    task: JoinSet<Result<Welcomed, Ended>>,
    doubt: watch::Receiver<Option<Trouble>>,
    link: ServerLink,
    join: Option<oneshot::Sender<Result<Account, JoinError>>>,
    begun_at: Duration,
}

/// What a person wants to join.
pub(super) struct Join {
    link: ServerLink,
    name: DisplayName,
    reply: oneshot::Sender<Result<Account, JoinError>>,
}

/// What an attempt has to tell.
pub(super) enum News {
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
        ended = task.join_next() => News::Ended(match ended {
            Some(Ok(ended)) => ended,
            // A panic is a bug of ours, and no news about the server.
            _ => Err(End::retry(Trouble::Lost("the attempt was lost".to_owned())).into()),
        }),
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
        let greeting = Greeting { hello: self.hello(), register };
        let dialer = self.dialer.clone();
        let to = link.clone();
        let mut task = JoinSet::new();
        let (doubts, doubt) = watch::channel(None);
        task.spawn(async move {
            let quic = dialer.dial(&to.addresses, Some(to.trust), &doubts).await?;
            // It answers.
            doubts.send_if_modified(|doubt| doubt.take().is_some());
            greet(quic, greeting).await
        });
        self.session.begin();
        self.attempt = Some(Attempt { task, doubt, link, join, begun_at: self.now() });
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
            // Whom it finds does not matter: nobody has a number beyond that.
            self.ask(ListUsers { after: AccountId(i64::MAX as u64) }, Asker::Doubt);
        }
        let is_stale = |attempt: &Attempt| {
            attempt.join.is_none() && now.saturating_sub(attempt.begun_at) >= FRESH
        };
        if self.attempt.as_ref().is_some_and(is_stale) {
            self.begin_attempt(None);
        }
    }

    pub(super) async fn attempt_news(&mut self, news: News) {
        match news {
            News::Ended(ended) => self.attempt_ended(ended).await,
            News::Doubt(doubt) => self.session.doubts(doubt),
        }
    }

    async fn attempt_ended(&mut self, ended: Result<Welcomed, Ended>) {
        let Some(Attempt { link, join, .. }) = self.attempt.take() else {
            return;
        };
        match ended {
            Ok(welcomed) => {
                let stored = self.welcomed(&link, welcomed, join.is_some()).await;
                if let (Some(reply), Some(profile)) = (join, &self.profile) {
                    let account = profile.account();
                    // Whoever asked may have gone.
                    let _ = reply.send(stored.map(|()| account));
                }
            }
            Err(ended) => self.attempt_failed(ended, join),
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
            let (now, random) = (self.now(), self.random());
            return self.session.ended(end, now, random);
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
        let connected = Connected::start(welcomed, self.generation, reporter, self.dialer.is_real);
        self.shared.set_path(Some((connected.quic.clone(), connected.copies.clone())));
        self.lines.send_replace(Some(Line {
            generation: self.generation,
            quic: connected.quic.clone(),
            features: welcome.features,
            epoch: welcome.epoch,
        }));
        self.connection = Some(connected);
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

    /// Gives a standing connection up.
    pub(super) fn disconnect(&mut self, code: CloseCode, end: End) {
        if let Some(connection) = self.connection.take() {
            connection.abandon(code);
            self.disconnected(end);
        }
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self, end: End) {
        tracing::info!(trouble = ?end.trouble, stops = end.stops, "disconnected");
        self.connection = None;
        self.leaves_by = None;
        self.refill_at = None;
        self.shared.set_path(None);
        self.lines.send_replace(None);
        let (now, random) = (self.now(), self.random());
        self.session.ended(end, now, random);
        self.fail_requests();
        if self.presence.current {
            self.presence.current = false;
            self.publish_presence();
        }
        self.publish_connection();
    }
}
