//! The client of one command: its profile, its deadline, its patience.

use std::{
    env,
    future::Future,
    path::PathBuf,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tertulia_client::{
    Client, ClientConfig, Congestion, Connection, RequestError, SystemEnv, Trouble,
    proto::{Refusal, RoomKind, RoomListing},
};
use tokio::time::{self, Instant};

use crate::{
    address::Address,
    args::Global,
    failure::{Failure, explain},
    members,
    terminal::say,
};

/// Between a question that got lost and the same again.
const AGAIN: Duration = Duration::from_millis(50);
/// Before the same again where it was refused for now and the server names no time.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The shortest and the longest of the times that a server may name.
const RETRY_WITHIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// See the module.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    deadline: Instant,
    timeout: Duration,
    /// The server that is being joined.
    joining: OnceLock<String>,
}

impl Session {
    /// Opens the profile and begins to connect.
    pub(crate) async fn open(global: &Global, is_live: bool) -> Result<Self, Failure> {
        let profile = global.profile()?;
        let timeout = Duration::from_secs(global.timeout);
        let deadline = Instant::now()
            .checked_add(timeout)
            .ok_or_else(|| Failure::wrong("--timeout is too long"))?;
        let config = ClientConfig {
            profile,
            live: is_live,
            cache: false,
            copies: true,
            congestion: Congestion::default(),
            env: Arc::new(SystemEnv),
        };
        let path = config.profile.display().to_string();
        match time::timeout_at(deadline, Client::open(config)).await {
            Ok(opened) => {
                Ok(Self { client: opened?.0, deadline, timeout, joining: OnceLock::new() })
            }
            Err(_) => Err(Failure::late(format!(
                "the profile {path} could not be opened{}; see whether its disk answers, and \
                 whether another program keeps it locked",
                gave_up(timeout)
            ))),
        }
    }

    /// Names the server that is being joined, for what there may be to say of it.
    pub(crate) fn joins(&self, server: &str) {
        // Said once: a command joins one server.
        let _ = self.joining.set(server.to_owned());
    }

    /// The time left.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// When `--timeout` is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What `--timeout` says.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Bounds a piece of work by `--timeout`.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match time::timeout_at(self.deadline, work).await {
            Ok(result) => result,
            Err(_) => Err(self.late()),
        }
    }

    /// The same for what a person waits for: where the server is silent, that is said at once.
    pub(crate) async fn in_time_aloud<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut work = pin!(self.in_time(work));
        tokio::select! {
            biased;
            result = &mut work => return result,
            trouble = self.client.doubted() => {
                let left = self.left().as_secs();
                say(&format!("{}; still trying for {left} s", explain(&trouble)));
            }
        }
        work.await
    }

    /// Asks the server, again whenever the connection is lost before the answer or the server
    /// refuses for now: for questions that can be asked twice. Ends with `--timeout` only where
    /// the caller sees to it.
    pub(crate) async fn ask<F, T>(&self, question: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        self.ask_raw(question).await?.map_err(Failure::from)
    }

    /// As [`Session::ask`], with final refusals handed back.
    pub(crate) async fn ask_raw<F, T>(
        &self,
        question: impl Fn(Client) -> F,
    ) -> Result<Result<T, RequestError>, Failure>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        loop {
            let answer = self.ask_once(&question).await?;
            match again_after(&answer) {
                Some(wait) => time::sleep(wait).await,
                None => return Ok(answer),
            }
        }
    }

    /// Asks once, as soon as there is a connection.
    pub(crate) async fn ask_once<F, T>(
        &self,
        question: impl Fn(Client) -> F,
    ) -> Result<Result<T, RequestError>, Failure>
    where
        F: Future<Output = Result<T, RequestError>>,
    {
        self.client.welcomed().await.map_err(|trouble| Failure::stopped(trouble.as_ref()))?;
        Ok(question(self.client.clone()).await)
    }

    /// A room by its address: one's own, or a public one.
    pub(crate) async fn room(&self, address: &str) -> Result<RoomListing, Failure> {
        self.room_at(&Address::parse(address)?).await
    }

    /// The same, parsed already.
    pub(crate) async fn room_at(&self, address: &Address) -> Result<RoomListing, Failure> {
        let rooms = self.ask(|client| async move { client.rooms().await }).await?;
        at(rooms, address)
    }

    /// A room by its address, entered if need be; a direct one is made if need be.
    pub(crate) async fn entered_room(&self, address: &str) -> Result<RoomListing, Failure> {
        let address = Address::parse(address)?;
        if let Address::Direct(handle) = &address {
            return members::open(self, handle).await;
        }
        let room = self.room_at(&address).await?;
        if room.is_entered() || room.kind != RoomKind::Public {
            return Ok(room);
        }
        let name = &room.name;
        let entered =
            self.ask_raw(|client| async move { client.enter_room(name.clone()).await }).await?;
        entered.map_err(|error| match error {
            RequestError::Refused { refusal: Refusal::NO_SUCH_ROOM, .. } => {
                Failure::no_such_room(&address)
            }
            error => error.into(),
        })
    }

    fn server(&self) -> String {
        let joining = || self.joining.get().cloned();
        let known = joining().or_else(|| self.client.status().server);
        known.unwrap_or_else(|| "the server".to_owned())
    }

    /// It did not happen in time, and why.
    pub(crate) fn late(&self) -> Failure {
        let snapshot = self.client.snapshot();
        let mut text = match (snapshot.connection, self.client.last_trouble()) {
            (Connection::Syncing | Connection::Live, _) => match snapshot.held_by {
                Some(refusal) => format!("{refusal}; its owner should see to its disk"),
                None => "it did not happen in time".to_owned(),
            },
            (Connection::Connecting { doubt: Some(trouble) }, _) => explain(&trouble),
            (_, Some(trouble)) => explain(&trouble),
            (_, None) => explain(&Trouble::NoAnswer { tried: self.server() }),
        };
        text.push_str(&gave_up(self.timeout));
        if snapshot.queued > 0 {
            text.push_str(&format!(
                "; {} unsent stay queued in the outbox and go out with the next command",
                snapshot.queued
            ));
        }
        Failure::late(text)
    }
}

/// The room of that address among those listed. Where there are several of one name none is
/// meant: whoever can make a room could draw in what was written for another.
pub(crate) fn at(rooms: Vec<RoomListing>, address: &Address) -> Result<RoomListing, Failure> {
    let mut found = rooms.into_iter().filter(|room| address.is(room));
    match (found.next(), found.next()) {
        (Some(room), None) => Ok(room),
        (None, _) => Err(Failure::no_such_room(address)),
        (Some(_), Some(_)) => Err(Failure::failed(format!(
            "there are several rooms {address} that you can see; leave one, or have one renamed"
        ))),
    }
}

/// How long to wait before the same question; `None`: this is the answer.
pub(crate) fn again_after<T>(answer: &Result<T, RequestError>) -> Option<Duration> {
    match answer {
        Err(RequestError::Offline | RequestError::Lost) => Some(AGAIN),
        Err(RequestError::Refused { refusal, retry_after }) if !refusal.is_final() => {
            let (shortest, longest) = RETRY_WITHIN;
            Some(retry_after.unwrap_or(RETRY_AFTER).clamp(shortest, longest))
        }
        _ => None,
    }
}

fn gave_up(timeout: Duration) -> String {
    format!(" (gave up after {} s)", timeout.as_secs())
}

impl Global {
    /// The profile's folder.
    pub(crate) fn profile(&self) -> Result<PathBuf, Failure> {
        self.profile.clone().map_or_else(default_profile, Ok)
    }
}

fn default_profile() -> Result<PathBuf, Failure> {
    let from = |variable: &str| {
        let path = env::var_os(variable).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let data = from("XDG_DATA_HOME").or_else(|| Some(from("HOME")?.join(".local/share")));
    let data = data.ok_or_else(|| Failure::wrong("HOME is not set; name a --profile DIR"))?;
    Ok(data.join("tertulia/profiles/default"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal, retry_after: Option<Duration>) -> Option<Duration> {
        again_after::<()>(&Err(RequestError::Refused { refusal, retry_after }))
    }

    #[test]
    fn what_is_refused_for_now_is_asked_again_when_the_server_says() {
        let ms = Duration::from_millis;
        for refusal in [Refusal::RATE, Refusal::STORAGE] {
            assert_eq!(refused(refusal, Some(ms(700))), Some(ms(700)));
            assert_eq!(refused(refusal, None), Some(ms(1_000)));
            assert_eq!(refused(refusal, Some(Duration::ZERO)), Some(ms(100)));
            assert_eq!(refused(refusal, Some(Duration::MAX)), Some(ms(60_000)));
        }
        assert_eq!(refused(Refusal::NO_SUCH_ROOM, Some(ms(700))), None);
        assert_eq!(again_after(&Ok(())), None);
        assert_eq!(again_after::<()>(&Err(RequestError::Closed)), None);
        assert!(again_after::<()>(&Err(RequestError::Lost)).is_some());
    }
}
