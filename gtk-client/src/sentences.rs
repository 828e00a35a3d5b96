//! Errors in plain words: what is the matter, and what one can do. The only place where they
//! become sentences.

mod files;

use tertulia_client::{
    JoinError, OpenError, RequestError, SendError, Trouble,
    certs::{HostPort, KeyChanged, LinkError, ServerLink},
    proto::{DisplayName, Handle, NameError, Refusal, Role, TextError, limits},
};

pub(crate) use self::files::transfer_error;
use crate::i18n::{figure, fill, tr};

/// What stops a person on the way in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// What to say.
    pub(crate) text: String,
    /// A free name to take instead.
    pub(crate) proposal: Option<String>,
    /// The server is not the one meant: nothing goes on.
    pub(crate) key_changed: Option<KeyChanged>,
}

impl From<String> for Obstacle {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

/// Where to, as typed, pasted or chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A link: it tells how to know the server.
    Link(ServerLink),
    /// An address: who is there has to be looked at first.
    Address(HostPort),
}

/// Reads a link, or an address.
pub(crate) fn read_destination(text: &str) -> Result<Destination, String> {
    match HostPort::typed(text) {
        Ok(address) if is_address(text.trim()) => Ok(Destination::Address(address)),
        _ => read_link(text).map(Destination::Link),
    }
}

/// Reads an invite link as typed or pasted.
pub(crate) fn read_link(text: &str) -> Result<ServerLink, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(tr("Paste the invite link that you were given, or type the server’s address.")
            .to_owned());
    }
    text.parse().map_err(|error| link_error(text, &error))
}

/// Reads a name as typed.
pub(crate) fn read_name(text: &str) -> Result<DisplayName, String> {
    let name = DisplayName::new(text).map_err(name_error)?;
    name.handle().map_err(name_error)?;
    Ok(name)
}

fn link_error(text: &str, error: &LinkError) -> String {
    if *error == LinkError::Scheme && is_address(text) {
        return fill(
            tr(
                "“{address}” is only an address. Ask for an invite link: it also tells how to know that server from an impostor.",
            ),
            &[("address", text)],
        );
    }
    match error {
        LinkError::Scheme => {
            tr("This is not an invite link. One begins with tertulia:// and comes from somebody on the server.")
        }
        _ => tr("This invite link is damaged or cut off. Copy the whole link again, or ask for a new one."),
    }
    .to_owned()
}

fn is_address(text: &str) -> bool {
    // A word alone is more likely a mistake than the name of a computer.
    let looks_so = text == "localhost" || text.contains(['.', ':']);
    looks_so && HostPort::typed(text).is_ok()
}

/// Why a name can't be used.
pub(crate) fn name_error(error: NameError) -> String {
    match error {
        NameError::TooShort => tr("Type a name with at least two letters."),
        NameError::TooLong => tr("This name is too long. Up to 40 characters fit."),
        NameError::BadCharacter => tr(
            "This name has characters that a name can't have. Letters, digits and spaces are fine.",
        ),
        NameError::Reserved => tr("This name is kept for the server itself. Choose another one."),
    }
    .to_owned()
}

/// Why a room's name can't be used.
pub(crate) fn room_name_error(error: NameError) -> &'static str {
    match error {
        NameError::TooShort => tr("Type a name for the room."),
        NameError::TooLong => tr("This name is too long. Up to 32 characters fit."),
        NameError::BadCharacter | NameError::Reserved => {
            tr("A room’s name has letters, digits, dots and dashes.")
        }
    }
}

/// Reads whom a person means: a handle, with or without its `@`, or a name as it is shown.
pub(crate) fn read_handle(text: &str) -> Result<Handle, String> {
    let text = text.trim();
    let named = || DisplayName::new(text).and_then(|name| name.handle());
    Handle::new(text.strip_prefix('@').unwrap_or(text))
        .or_else(|_| named())
        .map_err(|_| tr("Type who it is, like @ana.").to_owned())
}

/// Why a text can't be a topic.
pub(crate) fn topic_error(error: TextError) -> String {
    match error {
        TextError::TooLong { .. } => tr("This topic is too long.").to_owned(),
        error => text_error(error),
    }
}

/// Why one could not join that server under that name.
pub(crate) fn join_error(error: JoinError, name: &str, server: &str) -> Obstacle {
    match error {
        JoinError::Refused {
            refusal: Refusal::NAME_TAKEN,
            proposal,
        } => Obstacle {
            text: fill(
                tr("Somebody here is called “{name}” already, or almost so."),
                &[("name", name)],
            ),
            proposal,
            key_changed: None,
        },
        JoinError::Refused { refusal, .. } => refusal_on_joining(refusal).into(),
        JoinError::NoConnection(Trouble::KeyChanged(changed)) | JoinError::KeyChanged(changed) => {
            Obstacle {
                text: tr("This is not the server you know").to_owned(),
                proposal: None,
                key_changed: Some(changed),
            }
        }
        JoinError::NoConnection(trouble) => trouble_at(server, &trouble).into(),
        JoinError::OtherServer { server } => fill(
            tr("You are already on {server} with this profile. To be on another server too, start with “tertulia --profile FOLDER”."),
            &[("server", &server)],
        )
        .into(),
        JoinError::Io(error) => storage(&error).into(),
    }
}

fn refusal_on_joining(refusal: Refusal) -> String {
    match refusal {
        Refusal::INVITE_NEEDED => {
            tr("This server lets people in by invite only, and this link has none. Ask for an invite link.")
        }
        Refusal::INVITE_UNKNOWN => {
            tr("The server does not know this invite. Perhaps it was withdrawn: ask for a new one.")
        }
        Refusal::INVITE_USED_UP => {
            tr("This invite was used up: others came in by it. Ask for a new one.")
        }
        Refusal::INVITE_EXPIRED => tr("This invite has expired. Ask for a new one."),
        Refusal::NAME_UNUSABLE => {
            tr("The server does not take this name. Letters, digits and spaces are fine.")
        }
        other => return self::refusal(other),
    }
    .to_owned()
}

/// Why a request was refused.
pub(crate) fn refusal(refusal: Refusal) -> String {
    match refusal {
        Refusal::UNSUPPORTED => tr("The server is too old for this."),
        Refusal::NO_SUCH_ROOM => tr("There is no such room."),
        Refusal::FORBIDDEN => tr("Your role does not allow this."),
        Refusal::NAME_TAKEN => tr("There is a room of this name already, or almost so."),
        Refusal::NAME_UNUSABLE => tr("This name can’t be used."),
        Refusal::RATE => tr("That was too often. Try again in a moment."),
        Refusal::STORAGE => tr("The server can’t store anything now. Its disk may be full."),
        Refusal::NO_SUCH_ACCOUNT => tr("There is nobody of that name here."),
        Refusal::ARCHIVED => tr("This room is archived."),
        Refusal::LIMIT => tr("A limit of the server was reached."),
        Refusal(code) => {
            return fill(
                tr("The server refused this (code {code})."),
                &[("code", &code.to_string())],
            );
        }
    }
    .to_owned()
}

/// Why a request got no result.
pub(crate) fn request_error(error: &RequestError) -> String {
    match error {
        RequestError::Offline | RequestError::Closed => {
            tr("This needs a connection to the server.").to_owned()
        }
        RequestError::Lost => {
            tr("The connection was lost before the answer came. Try again.").to_owned()
        }
        RequestError::Refused { refusal, .. } => self::refusal(*refusal),
    }
}

/// Why a message was not taken.
pub(crate) fn send_error(error: &SendError) -> String {
    match error {
        SendError::Storage(error) => storage(error),
        SendError::Closed => tr("Tertulia is closing: nothing more is sent.").to_owned(),
    }
}

/// Why a text can't be a message.
pub(crate) fn text_error(error: TextError) -> String {
    match error {
        TextError::Empty => tr("There is nothing to send.").to_owned(),
        TextError::Nul => tr("The message has a character that can’t be sent.").to_owned(),
        TextError::TooLong { bytes, .. } => fill(
            tr("This message is too long: {size} KiB, and {limit} KiB fit. Send it in parts."),
            &[
                ("size", &figure(&format!("{:.1}", bytes as f64 / 1_024.0))),
                ("limit", &(limits::TEXT_BYTES / 1_024).to_string()),
            ],
        ),
    }
}

/// Why there is no connection.
pub(crate) fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NameNotFound { host } => {
            fill(tr("There is no server called {host}, or no network to ask."), &[("host", host)])
        }
        Trouble::NoAnswer { tried } => {
            let silent = fill(tr("No answer from {server}."), &[("server", tried)]);
            format!("{silent} {}", what_to_check(tried))
        }
        Trouble::Unreachable { tried } => fill(
            tr("Nothing listens at {server}. Is the server running, and is the UDP port right?"),
            &[("server", tried)],
        ),
        Trouble::KeyChanged(_) => tr("This is not the server you know").to_owned(),
        Trouble::Certificate(why) => {
            fill(tr("The server’s certificate was refused: {why}"), &[("why", why)])
        }
        Trouble::Version => {
            tr("The server speaks another version. One of the two needs an update.").to_owned()
        }
        Trouble::Unregistered => {
            tr("The server does not know this device any more. Ask for a new invite link.")
                .to_owned()
        }
        Trouble::Barred => {
            tr("This device may not connect any more. Ask the owner of the server.").to_owned()
        }
        Trouble::GoingAway => tr("The server is restarting.").to_owned(),
        Trouble::Lost(_) => tr("The connection was lost.").to_owned(),
    }
}

/// The same, with the server's address where the trouble itself does not say it.
pub(crate) fn trouble_at(server: &str, trouble: &Trouble) -> String {
    let text = self::trouble(trouble);
    match trouble {
        Trouble::NameNotFound { .. } | Trouble::NoAnswer { .. } | Trouble::Unreachable { .. } => {
            text
        }
        _ => fill(tr("{server}: {trouble}"), &[("server", server), ("trouble", &text)]),
    }
}

/// What stands in the way of an attempt that still goes on, as far as is known.
pub(crate) fn doubt(doubt: &Trouble) -> String {
    match doubt {
        Trouble::NoAnswer { tried } => {
            let silent = fill(tr("No answer from {server} yet."), &[("server", tried)]);
            format!("{silent} {}", what_to_check(tried))
        }
        other => trouble(other),
    }
}

fn what_to_check(tried: &str) -> String {
    let port = tried.rsplit_once(':').map_or(tried, |(_, port)| port);
    fill(
        tr(
            "Is the address right, is the server running, and is UDP port {port} open in its firewall (sudo ufw allow {port}/udp)?",
        ),
        &[("port", port)],
    )
}

/// The same to one who was in before: there is nothing to check, and nothing is lost.
pub(crate) fn silence(doubt: &Trouble) -> String {
    match doubt {
        Trouble::NoAnswer { tried } => fill(
            tr("No answer from {server} yet. What you write waits here and is sent by itself."),
            &[("server", tried)],
        ),
        other => trouble(other),
    }
}

/// The same in half a sentence, for a strip over the messages.
pub(crate) fn short_trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NameNotFound { host } => fill(tr("{host} is not found"), &[("host", host)]),
        Trouble::NoAnswer { tried } => fill(tr("no answer from {server}"), &[("server", tried)]),
        Trouble::Unreachable { tried } => {
            fill(tr("nothing listens at {server}"), &[("server", tried)])
        }
        Trouble::GoingAway => tr("the server is restarting").to_owned(),
        Trouble::Lost(_) => tr("the connection was lost").to_owned(),
        other => self::trouble(other),
    }
}

/// Of a server where one needs a link.
pub(crate) fn by_invitation(server: &str) -> String {
    fill(
        tr("{server} lets people in by invitation only. Ask somebody there for an invite link."),
        &[("server", server)],
    )
}

/// Why a profile could not be opened: a headline, and what one can do. Which file it is, and the
/// system's own words, are in the error.
pub(crate) fn open_error(error: &OpenError) -> (&'static str, &'static str) {
    match error {
        OpenError::Broken(_) => (
            tr("Your profile is damaged"),
            tr(
                "A file in it can’t be read. Put its backup in place, or move it away and join again with an invite link.",
            ),
        ),
        OpenError::Newer(_) => (
            tr("Your profile is of a newer Tertulia"),
            tr("Open it with that newer version. This one leaves it as it is."),
        ),
        OpenError::Io(_) => (
            tr("Your profile can’t be opened"),
            tr(
                "The system did not allow it. Is the disk full, or does the folder belong to somebody else?",
            ),
        ),
    }
}

/// What a person is on the server; members are the usual and go without.
pub(crate) fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Owner => Some(tr("owner")),
        Role::Moderator => Some(tr("moderator")),
        Role::Guest => Some(tr("guest")),
        Role::Member => None,
    }
}

fn storage(error: &str) -> String {
    fill(tr("Your profile can’t be written: {error}. Is the disk full?"), &[("error", error)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_is_told_from_nonsense_and_from_a_cut_link() {
        for address in ["chat.example", "chat.example:7575", "192.0.2.7", "[::1]:7575"] {
            let said = read_link(address).unwrap_err();
            assert!(said.contains("only an address"), "{address}: {said}");
        }
        assert!(read_link("hello there").unwrap_err().contains("not an invite link"));
        assert!(read_link("tertulia://chat.example:7575").unwrap_err().contains("cut off"));
        assert!(read_link("  ").unwrap_err().contains("Paste"));
    }

    #[test]
    fn an_address_is_a_destination_and_a_word_is_none() {
        for (typed, read) in [
            ("chat.example", "chat.example:7575"),
            (" 192.0.2.7:7576 ", "192.0.2.7:7576"),
            ("localhost", "localhost:7575"),
            ("::1", "[::1]:7575"),
        ] {
            let address = Destination::Address(read.parse().unwrap());
            assert_eq!(read_destination(typed), Ok(address));
        }
        let link = format!("tertulia://chat.example:7575/{}", "a".repeat(52));
        assert!(matches!(read_destination(&link), Ok(Destination::Link(_))));
        assert!(read_destination("hello").unwrap_err().contains("not an invite link"));
        assert!(read_destination("tertulia://chat.example:7575").unwrap_err().contains("cut off"));
        assert!(read_destination("").unwrap_err().contains("Paste"));
    }

    #[test]
    fn names_are_read_as_typed() {
        assert_eq!(read_name(" Ana  María ").unwrap().as_str(), "Ana María");
        assert!(read_name("x").unwrap_err().contains("two letters"));
        assert!(read_name("🌱🌱").is_err());
        assert!(read_name("admin").unwrap_err().contains("server itself"));
    }

    #[test]
    fn people_are_found_by_handle_and_by_name() {
        for text in ["@ana.maría", "ana.maría", " Ana María "] {
            assert_eq!(read_handle(text).unwrap().as_str(), "ana.maría", "{text}");
        }
        assert!(read_handle("@").unwrap_err().contains("like @ana"));
    }

    #[test]
    fn a_taken_name_comes_with_its_proposal() {
        let error =
            JoinError::Refused { refusal: Refusal::NAME_TAKEN, proposal: Some("ana-2".into()) };
        let obstacle = join_error(error, "Ana", "chat.example:7575");
        assert!(obstacle.text.contains("“Ana”"));
        assert_eq!(obstacle.proposal.as_deref(), Some("ana-2"));
    }

    #[test]
    fn no_answer_names_what_to_check() {
        let silent = Trouble::NoAnswer { tried: "chat.example:7576".to_owned() };
        for said in [trouble(&silent), doubt(&silent)] {
            for word in ["chat.example:7576", "UDP port 7576", "firewall", "ufw allow 7576/udp"] {
                assert!(said.contains(word), "{said}");
            }
        }
        assert!(doubt(&silent).contains("yet") && !trouble(&silent).contains("yet"));
        assert_eq!(doubt(&Trouble::Version), trouble(&Trouble::Version));
    }

    #[test]
    fn whatever_is_the_matter_the_server_is_named() {
        let server = "chat.example:7576";
        let tried = server.to_owned();
        for trouble in [
            Trouble::NoAnswer { tried: tried.clone() },
            Trouble::Unreachable { tried },
            Trouble::Version,
            Trouble::Certificate("it has expired".into()),
            Trouble::Lost("cut".into()),
        ] {
            let said = join_error(JoinError::NoConnection(trouble), "Ana", server).text;
            assert_eq!(said.matches(server).count(), 1, "{said}");
        }
    }

    #[test]
    fn a_long_text_is_measured() {
        let said = text_error(TextError::TooLong { bytes: 17 * 1_024, limit: limits::TEXT_BYTES });
        assert!(said.contains("17.0 KiB, and 16 KiB"), "{said}");
    }
}
