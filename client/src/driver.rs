//! The one task that owns everything that changes.
//!
//! Handles send it commands, a connection's tasks send it reports, stores answer its jobs, time
//! passes; nothing else happens. What it decides by is in [`crate::core`].

mod attempt;
mod cache;
mod command;
mod drafts;
mod follower;
mod knocking;
mod lane;
mod marks;
pub(crate) mod open;
mod outlet;
mod parting;
mod requests;
mod sending;
mod shared;
mod typing;

use std::{
    collections::{BTreeMap, BTreeSet},
    future,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tertulia_proto::{
    Done, Env, Features, InviteMade, MemberPage, Receipt, RoomId, RoomInfo, RoomPage,
    ServerMessage, Timestamp, UserPage, close::CloseCode,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{self, Instant},
};

pub(crate) use command::{Answer, Command, KeptTimeline, Question};
pub(crate) use follower::Feed;
pub(crate) use sending::Outcome;
pub(crate) use shared::Shared;

use crate::{
    connection::{Connected, Report, Tagged},
    core::{
        backoff,
        copies::EarlyCopies,
        liveness::Liveness,
        room::{Me, Room},
        session::{End, Haste, Session},
    },
    handle::Closed,
    model::{ClientEvent, Connection, PresenceView, Trouble},
    store::{Blocking, profile::Profile, room_names::RoomNames},
    transfer::Lines,
    transport::Dialer,
};

/// Commands of handles that wait for the task, and questions to the server, as many.
const COMMANDS: usize = 256;
/// Reports of a connection that wait for the task.
const REPORTS: usize = 64;
/// How often a standing connection is looked at, when nothing is asked of it.
const LOOK: Duration = Duration::from_secs(5);
/// How often, while answers are due.
const LOOK_CLOSELY: Duration = Duration::from_secs(1);
/// How often, while a sign of life is waited for.
const LOOK_NOW: Duration = Duration::from_millis(250);
/// How long a server that said goodbye may take for its last answers.
const LEAVE: Duration = Duration::from_secs(10);
/// Sleeping longer than this is as good as sleeping until something happens.
const NAP: Duration = Duration::from_secs(3_600);

/// See the module.
#[derive(Debug)]
pub(crate) struct Driver {
    env: Arc<dyn Env>,
    is_live: bool,
    features: Features,
    dialer: Dialer,
    started: Instant,
    dir: Blocking<PathBuf>,
    profile: Option<Profile>,
    names: Option<RoomNames>,
    me: Me,

    session: Session,
    attempt: Option<attempt::Attempt>,
    generation: u64,
    connection: Option<Connected>,
    liveness: Liveness,
    looked_at: Duration,
    /// The server said that it stops: nothing new is asked on this connection, which is left when
    /// every answer came, or at this time.
    leaves_by: Option<Duration>,
    knocking: knocking::Knocking,
    requests: requests::Requests,

    rooms: BTreeMap<RoomId, Room>,
    /// Rooms that the server opened on this connection: others are gone once it is live.
    opened: BTreeSet<RoomId>,
    /// Of those rooms, what came as copies before its turn.
    early: EarlyCopies,
    followers: BTreeMap<RoomId, follower::Follower>,
    presence: PresenceView,
    marks: marks::Marks,
    /// When one's own typing was last told, by room.
    typed: BTreeMap<RoomId, Duration>,
    refill_at: Option<Duration>,

    desk: sending::Desk,
    cache: cache::Cache,
    keeps_drafts: bool,
    /// The drafts being written.
    drafts_job: Option<oneshot::Receiver<()>>,

    outlet: outlet::Outlet,
    shared: Arc<Shared>,
    /// Here and nowhere else: who waits for the connection stops waiting when the task ends.
    watched: watch::Sender<Connection>,
    /// For files, which go by themselves.
    lines: Lines,
    commands: mpsc::Receiver<Command>,
    /// Apart, because they wait for the server: what needs no server never waits behind them.
    questions: mpsc::Receiver<Question>,
    reports: mpsc::Receiver<Tagged>,
    reporter: mpsc::Sender<Tagged>,
    closing: Option<Closing>,
}

#[derive(Debug)]
struct Closing {
    until: Duration,
    reply: oneshot::Sender<Closed>,
}

impl Driver {
    /// Runs until the client is closed, or its last handle is gone.
    pub(crate) async fn run(mut self) {
        let knocks = Arc::clone(&self.dialer.knocks);
        loop {
            self.pass_time();
            self.pump();
            if self.is_finished() {
                break;
            }
            let nap = self.nap();
            let takes_reports = self.cache.has_room();
            let takes_commands = self.closing.is_none();
            let takes_questions = takes_commands && !self.requests.is_busy();
            let is_lagging = self.outlet.is_lagging();
            tokio::select! {
                biased;
                stored = answer(&mut self.desk.job) => self.stored(stored),
                found = answer(&mut self.desk.search) => self.inherited(found),
                kept = answer(&mut self.cache.job) => self.cache.job_done(kept),
                _ = answer(&mut self.drafts_job) => {}
                () = knocks.answered() => self.way_is_back(),
                news = attempt::news(&mut self.attempt) => self.attempt_news(news).await,
                Some(report) = self.reports.recv(), if takes_reports => {
                    self.handle_report(report);
                    // A server that never pauses must not keep handles waiting.
                    if takes_commands && let Ok(command) = self.commands.try_recv() {
                        self.handle_command(command);
                    }
                    if takes_questions && let Ok(question) = self.questions.try_recv() {
                        self.handle_question(question);
                    }
                }
                command = self.commands.recv(), if takes_commands => match command {
                    Some(command) => {
                        self.handle_command(command);
                        // Nor must a handle that never pauses.
                        if takes_questions && let Ok(question) = self.questions.try_recv() {
                            self.handle_question(question);
                        }
                    }
                    None => break,
                },
                Some(question) = self.questions.recv(), if takes_questions => {
                    self.handle_question(question);
                }
                () = self.outlet.catch_up(), if is_lagging => {}
                () = time::sleep(nap) => {}
            }
        }
        self.shut_down().await;
    }

    /// Since the client was opened.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn wall_clock(&self) -> Timestamp {
        self.env.wall_clock()
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        self.env.fill_random(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Does what is due.
    fn pass_time(&mut self) {
        let now = self.now();
        if self.session.is_due(now) && self.attempt.is_none() {
            self.begin_attempt(None);
        }
        if let Some(connection) = &self.connection
            && now >= self.looked_at + self.look()
        {
            self.looked_at = now;
            let heard = connection.quic.stats().udp_rx.datagrams;
            let asked_at = self.requests.asked_at();
            if asked_at.is_some()
                && let Some(copies) = connection.copies()
            {
                copies.expect();
            }
            let seems_dead = connection.seems_dead();
            match self.liveness.is_dead(now, heard, asked_at) {
                true => self.fell_silent(self.liveness.is_in_doubt()),
                false if seems_dead => self.fell_silent(false),
                false => self.heard(),
            }
        }
        if self.refill_at.is_some_and(|at| at <= now) {
            self.refill_at = None;
            self.fill_holes();
        }
        self.knock(now);
        self.flush_marks(now);
        self.write_drafts(now);
        self.look_for_the_dead(now);
    }

    /// Sends what may be sent, stores what is to be stored.
    fn pump(&mut self) {
        let is_late = self.leaves_by.is_some_and(|at| at <= self.now());
        if is_late || (self.leaves_by.is_some() && self.requests.is_idle()) {
            self.disconnect(CloseCode::OK, End::retry(Trouble::GoingAway));
        }
        self.send_waiting();
        self.send_rows();
        self.desk.store();
        self.cache.store();
        self.publish_connection();
        self.shared.set_queued(self.desk.pending());
        let held_by = self.desk.outbox.held_by();
        if self.shared.set_held_by(held_by) {
            self.outlet.emit(ClientEvent::Held(held_by));
        }
    }

    /// How long nothing is due.
    fn nap(&self) -> Duration {
        // Only what can be done when it is due: else this would never sleep.
        let look = self.looked_at + self.look();
        let sends = self.connection.is_some() && self.way_out().is_some();
        let due = [
            self.session.wake_at().filter(|_| self.attempt.is_none()),
            self.connection.as_ref().map(|_| look),
            self.leaves_by,
            self.knock_at(),
            self.refill_at,
            self.marks.due(self.sends_marks()),
            self.drafts_due(),
            self.desk.search_at(),
            self.desk.outbox.wake_at().filter(|_| sends),
            self.closing.as_ref().map(|closing| closing.until),
        ];
        let now = self.now();
        due.into_iter().flatten().min().map_or(NAP, |at| at.saturating_sub(now)).min(NAP)
    }

    fn look(&self) -> Duration {
        let is_holding = self.connection.as_ref().is_some_and(Connected::is_holding);
        match self.requests.asked_at() {
            _ if self.liveness.is_in_doubt() || self.session.is_kept() || is_holding => LOOK_NOW,
            Some(_) => LOOK_CLOSELY,
            None => LOOK,
        }
    }

    fn handle_report(&mut self, (generation, report): Tagged) {
        if self.connection.as_ref().is_none_or(|c| c.generation != generation) {
            return;
        }
        let is_word = match report {
            Report::Turned => self.connection.as_ref().is_some_and(|c| !c.is_holding()),
            Report::Ended(_) => false,
            _ => true,
        };
        if is_word {
            self.heard();
        }
        match report {
            Report::Control(messages) => {
                for message in messages {
                    self.handle_message(message);
                }
            }
            Report::Lane(messages) => self.handle_lane(messages),
            Report::Page(req_id, events) => self.answered(req_id, Answer::Page(events)),
            Report::Copies(events) => self.handle_copies(events),
            Report::Typing(notice) => self.somebody_types(notice),
            Report::PageLost(req_id) => self.page_lost(req_id),
            // What was held goes out in the next turn.
            Report::Turned => {}
            Report::Ended(end) => self.disconnected(end),
        }
    }

    fn handle_message(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Presence(notice) => {
                self.presence.apply(notice);
                self.publish_presence();
            }
            ServerMessage::Typing(notice) => self.somebody_types(notice),
            ServerMessage::GoAway(go_away) => {
                self.session.going_away(backoff::asked_wait(go_away.retry_after_ms));
                let leaves_by = self.now() + LEAVE;
                self.leaves_by.get_or_insert(leaves_by);
            }
            ServerMessage::Rejected(rejected) => {
                self.answered(rejected.req_id, Answer::Refused(rejected));
            }
            ServerMessage::Welcome(_) | ServerMessage::Unregistered(_) => {
                let text = "the server broke the protocol: a second welcome".to_owned();
                self.disconnect(CloseCode::PROTOCOL, End::retry(Trouble::Lost(text)));
            }
            ServerMessage::Receipt(Receipt { req_id, .. })
            | ServerMessage::Done(Done { req_id })
            | ServerMessage::Rooms(RoomPage { req_id, .. })
            | ServerMessage::Users(UserPage { req_id, .. })
            | ServerMessage::Members(MemberPage { req_id, .. })
            | ServerMessage::Room(RoomInfo { req_id, .. })
            | ServerMessage::InviteMade(InviteMade { req_id, .. }) => {
                self.answered(req_id, Answer::Message(message));
            }
        }
    }

    fn publish_connection(&mut self) {
        let connection = self.session.connection();
        if let Connection::Offline { trouble, .. } | Connection::Stopped(trouble) = &connection {
            self.shared.set_trouble(trouble);
        }
        let is_news = self.watched.send_if_modified(|shown| {
            let differs = *shown != connection;
            if differs {
                shown.clone_from(&connection);
            }
            differs
        });
        if is_news {
            self.outlet.emit(ClientEvent::Connection(connection));
        }
    }

    fn publish_presence(&mut self) {
        self.shared.set_presence(&self.presence);
        self.outlet.emit(ClientEvent::Presence(self.presence.clone()));
    }

    fn publish_room(&mut self, room: RoomId) {
        if let Some(room) = self.rooms.get(&room) {
            self.shared.set_room(room.view());
            if self.outlet.is_heard() {
                self.outlet.emit(ClientEvent::Room(room.view().clone()));
            }
        }
    }

    /// Whether a close that was asked for may happen now.
    fn is_finished(&self) -> bool {
        let Some(closing) = &self.closing else {
            return false;
        };
        let is_flushed = self.desk.pending() == 0;
        is_flushed || closing.until <= self.now() || self.session.is_stopped()
    }

    async fn shut_down(mut self) {
        // Nobody is told of what comes now, but what was taken is kept.
        self.attempt = None;
        self.desk.settle().await;
        self.cache.settle().await;
        self.settle_drafts().await;
        if let Some(connection) = self.connection.take() {
            connection.goodbye().await;
        }
        let closed = End::stop(Trouble::Lost("closed".into()));
        self.session.ended(closed, self.now(), 0, Haste::None);
        self.publish_connection();
        if self.dialer.is_real {
            // The last packet is on its way once the endpoint is idle.
            let _ =
                time::timeout(Duration::from_millis(500), self.dialer.endpoint.wait_idle()).await;
        }
        let (closing, waiting) = (self.closing.take(), self.desk.outbox.pending());
        // Whoever hears the answer may end the process: files are let go before.
        drop(self);
        if let Some(closing) = closing {
            // Whoever asked may have gone.
            let _ = closing.reply.send(Closed { waiting });
        }
    }
}

/// Waits for a job's answer, if there is a job; `None`: it died. Cancel safe.
async fn answer<T>(job: &mut Option<oneshot::Receiver<T>>) -> Option<T> {
    match job {
        Some(rx) => {
            let answer = rx.await.ok();
            *job = None;
            answer
        }
        None => future::pending().await,
    }
}
