//! How a command fails: an exit code, and one clear line that says what, why, and what to do.

use std::{io, process::ExitCode};

use tertulia_client::{
    JoinError, OpenError, RequestError, SendError, Trouble, certs::KeyChanged, proto::Refusal,
};

use crate::{
    address::Address,
    terminal::{one_line, say_lines},
};

/// The end of a command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    /// What was not written here went through [`one_line`]. Empty: nothing to say.
    text: String,
}

impl Failure {
    /// Refused or failed.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { code: 1, text: one_line(&text.into()) }
    }

    /// Wrong flags, or a broken profile.
    pub(crate) fn wrong(text: impl Into<String>) -> Self {
        Self { code: 2, text: one_line(&text.into()) }
    }

    /// No answer in time.
    pub(crate) fn late(text: impl Into<String>) -> Self {
        Self { code: 3, text: one_line(&text.into()) }
    }

    /// Everything was said already.
    pub(crate) fn quietly_failed() -> Self {
        Self::failed("")
    }

    /// Nobody reads the results any more: as good as done.
    pub(crate) fn closed_output() -> Self {
        Self { code: 0, text: String::new() }
    }

    /// A signal asked for the end.
    pub(crate) fn signalled(signal: u8) -> Self {
        Self { code: 128 + signal, text: String::new() }
    }

    /// Joining that server failed.
    pub(crate) fn joining(server: &str, error: JoinError) -> Self {
        let trouble = match error {
            JoinError::NoConnection(trouble) => trouble,
            JoinError::Refused { refusal, proposal } => {
                return Self::failed(refused(refusal, proposal));
            }
            JoinError::OtherServer { server } => {
                return Self::failed(format!(
                    "this profile belongs to {server}; one profile is one server: choose another \
                     folder with --profile DIR"
                ));
            }
            JoinError::KeyChanged(changed) => return Self::key_changed(&changed),
            JoinError::Io(text) => return Self::failed(text),
        };
        let text = explain_at(server, &trouble);
        match trouble {
            Trouble::NoAnswer { .. } | Trouble::Unreachable { .. } | Trouble::Lost(_) => {
                Self::late(text)
            }
            Trouble::KeyChanged(changed) => Self::key_changed(&changed),
            Trouble::Certificate(_) => Self::wrong(text),
            _ => Self::failed(text),
        }
    }

    /// There is no connection, and there will be none until a person acts.
    pub(crate) fn stopped(trouble: Option<&Trouble>) -> Self {
        match trouble {
            None => Self::failed(
                "this profile has joined no server yet; ask its owner for a link and run: \
                 tertulia-cli join LINK --name NAME",
            ),
            Some(Trouble::KeyChanged(changed)) => Self::key_changed(changed),
            Some(trouble @ Trouble::Certificate(_)) => Self::wrong(explain(trouble)),
            Some(trouble) => Self::failed(explain(trouble)),
        }
    }

    /// The hard stop. Nothing in it but the two keys is of the server's making.
    fn key_changed(changed: &KeyChanged) -> Self {
        Self { code: 2, text: changed.to_string() }
    }

    /// A room that is not there, or that one may not know of: one and the same.
    pub(crate) fn no_such_room(room: &Address) -> Self {
        Self::failed(format!(
            "there is no room {room} that you can see; list them with: tertulia-cli rooms"
        ))
    }

    /// Says what there is to say.
    pub(crate) fn tell(self) -> ExitCode {
        if !self.text.is_empty() {
            say_lines(&format!("tertulia-cli: {}", self.text));
        }
        ExitCode::from(self.code)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Broken(_) | OpenError::Newer(_) => Self::wrong(error.to_string()),
            OpenError::Io(_) => Self::failed(error.to_string()),
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::failed(format!("the message was not taken: {error}"))
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::closed_output(),
            _ => Self::failed(format!("the results can't be written: {error}")),
        }
    }
}

/// What, why, and what to do.
pub(crate) fn explain(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NameNotFound { host } => format!(
            "the name {host} was not found; check the link's spelling and this computer's network"
        ),
        Trouble::NoAnswer { tried } => {
            let open = match tried.rsplit_once(':') {
                Some((_, port)) => {
                    format!("UDP port {port} through (on the server: sudo ufw allow {port}/udp)")
                }
                None => "its UDP port through".to_owned(),
            };
            format!(
                "no answer from {tried} over UDP; check the address, that the server runs, and \
                 that its firewall lets {open}"
            )
        }
        Trouble::Unreachable { tried } => format!(
            "nothing listens on UDP {tried}, or there is no way to it; start the server, or check \
             address and port"
        ),
        Trouble::KeyChanged(changed) => changed.to_string(),
        Trouble::Certificate(why) => {
            format!("the server's certificate was refused ({why}); ask its owner for a new link")
        }
        Trouble::Version => {
            "server and client have no version in common; update the older one".into()
        }
        Trouble::Unregistered => {
            "the server does not know this device; ask its owner for an invite link and run: \
             tertulia-cli join LINK --name NAME"
                .into()
        }
        Trouble::Barred => {
            "this device was revoked or its account banned; talk to the server's owner".into()
        }
        Trouble::GoingAway => "the server is restarting; try again in a moment".into(),
        Trouble::Lost(why) => format!("the connection was lost ({why}); try again"),
    }
}

/// The same, with the server's address where the trouble itself does not say it.
pub(crate) fn explain_at(server: &str, trouble: &Trouble) -> String {
    let text = explain(trouble);
    match trouble {
        Trouble::NameNotFound { .. }
        | Trouble::NoAnswer { .. }
        | Trouble::Unreachable { .. }
        | Trouble::KeyChanged(_) => text,
        _ => format!("{server}: {text}"),
    }
}

fn refused(refusal: Refusal, proposal: Option<String>) -> String {
    match (refusal, proposal) {
        (Refusal::NAME_TAKEN, Some(free)) => {
            format!("the name is taken; {free} is free: try --name '{free}'")
        }
        (Refusal::NAME_TAKEN, None) => "the name is taken; choose another with --name".into(),
        (Refusal::NAME_UNUSABLE, _) => unusable_name().into(),
        (
            Refusal::INVITE_NEEDED
            | Refusal::INVITE_UNKNOWN
            | Refusal::INVITE_USED_UP
            | Refusal::INVITE_EXPIRED,
            _,
        ) => format!("{refusal}; ask the server's owner for a new invite link"),
        (refusal, _) => format!("the server refused: {refusal}"),
    }
}

/// Why a name will not do.
pub(crate) const fn unusable_name() -> &'static str {
    "the name can't be used; take 2 to 32 letters or digits, such as --name 'Ana María'"
}
