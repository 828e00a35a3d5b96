//! `profile.json`: which server this profile belongs to, and who one is there.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use tertulia_certs::{HostPort, KeyChanged, ServerLink, Trust, files};
use tertulia_proto::{AccountId, Author, DisplayName, Epoch, Features, Handle, Role, Welcome};

use crate::{
    core::room::Me,
    error::{JoinError, OpenError},
    model::Account,
};

pub(super) const FILE: &str = "profile.json";
const VERSION: u32 = 1;
const REMEDY: &str = "put its backup in place, or move it away and join again with an invite link \
                      (the device key stays: a server that knows it lets it in)";

/// What is known once a server welcomed this device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    /// Where the server is and how it is known. Never with an invite.
    pub(crate) link: ServerLink,
    /// Who one is there.
    pub(crate) account: AccountId,
    /// Its unique name.
    pub(crate) handle: Handle,
    /// Its name as typed.
    pub(crate) display: DisplayName,
    /// Its role.
    pub(crate) role: Role,
    /// The history that cached timelines belong to.
    pub(crate) epoch: Epoch,
    /// Whether its server takes requests right behind the hello.
    pub(crate) is_early: bool,
}

impl Profile {
    /// As a welcome tells it.
    pub(crate) fn new(link: &ServerLink, welcome: &Welcome) -> Self {
        Self {
            link: link.without_invite(),
            account: welcome.account,
            handle: welcome.handle.clone(),
            display: welcome.display.clone(),
            role: welcome.role,
            epoch: welcome.epoch,
            is_early: welcome.features.has(Features::EARLY_REQUESTS),
        }
    }

    /// Whose client this is.
    pub(crate) fn me(&self) -> Me {
        Me { account: self.account, handle: Some(self.handle.clone()) }
    }

    /// Reads a profile's record; `None` where nothing was joined yet.
    pub(crate) fn load(dir: &Path) -> Result<Option<Self>, OpenError> {
        let path = dir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let text = format!("{} is damaged (no text): {REMEDY}", path.display());
                return Err(OpenError::Broken(text));
            }
            Err(error) => {
                return Err(OpenError::Io(format!("cannot read {}: {error}", path.display())));
            }
        };
        let broken = |reason: String| {
            OpenError::Broken(format!("{} is damaged ({reason}): {REMEDY}", path.display()))
        };
        let version: Version = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
        if version.version > VERSION {
            return Err(OpenError::Newer(format!(
                "{} is of version {}, this program knows up to {VERSION}: use the newer program \
                 that wrote it",
                path.display(),
                version.version
            )));
        }
        let record: Record = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
        record.try_into().map(Some).map_err(broken)
    }

    /// Writes what a welcome told, under the link that the record has by now: another process may
    /// have joined anew, and only a join changes the link. What was written.
    pub(crate) fn update(mut self, dir: &Path) -> io::Result<Self> {
        // A record that is gone or damaged is made whole from what is known here.
        if let Ok(Some(kept)) = Self::load(dir) {
            if kept.link.trust != self.link.trust {
                return Err(io::Error::other("it belongs to another server by now"));
            }
            self.link = kept.link;
        }
        self.save(dir)?;
        Ok(self)
    }

    /// Writes the record, whole or not at all.
    pub(crate) fn save(&self, dir: &Path) -> io::Result<()> {
        let record = Record {
            version: VERSION,
            link: self.link.without_invite().to_string(),
            account: self.account,
            handle: self.handle.clone(),
            display: self.display.clone(),
            role: self.role,
            epoch: self.epoch.0,
            is_early: self.is_early,
        };
        let mut text = serde_json::to_string_pretty(&record)?;
        text.push('\n');
        files::write_private(&dir.join(FILE), text.as_bytes())
    }

    /// As shown.
    pub(crate) fn account(&self) -> Account {
        Account {
            id: self.account,
            handle: self.handle.clone(),
            display: self.display.clone(),
            role: self.role,
            server: address(&self.link),
        }
    }

    /// As the author of a message.
    pub(crate) fn author(&self) -> Author {
        Author { account: self.account, handle: self.handle.clone(), display: self.display.clone() }
    }

    /// As [`compare`], with the server of this profile.
    pub(crate) fn compare(&self, link: &ServerLink) -> Result<(), JoinError> {
        compare(&self.link, link)
    }
}

/// Whether a link leads to a server that is known by another link; if not, why it is not joined by
/// whoever belongs to the known one. An address never speaks for a key: anybody can write a known
/// one into a link.
pub fn compare(known: &ServerLink, link: &ServerLink) -> Result<(), JoinError> {
    let addresses = &known.addresses;
    let has_known = || link.addresses.iter().any(|address| addresses.contains(address));
    let is_name_known = |name: &HostPort| addresses.iter().any(|known| known.host == name.host);
    match (known.trust, link.trust) {
        (Trust::Pinned(expected), Trust::Pinned(found)) if expected == found => Ok(()),
        (Trust::Pinned(expected), Trust::Pinned(found)) if has_known() => {
            Err(JoinError::KeyChanged(KeyChanged { expected, found }))
        }
        // What the roots vouch for is a host's name: each has to be known.
        (Trust::Roots, Trust::Roots) if link.addresses.iter().all(is_name_known) => Ok(()),
        _ => Err(JoinError::OtherServer { server: address(known) }),
    }
}

/// A server's first address, as `host:port`.
pub(crate) fn address(link: &ServerLink) -> String {
    link.addresses.first().map(ToString::to_string).unwrap_or_default()
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    link: String,
    account: AccountId,
    handle: Handle,
    display: DisplayName,
    role: Role,
    epoch: [u8; 16],
    #[serde(default)]
    is_early: bool,
}

impl TryFrom<Record> for Profile {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        let link: ServerLink = record.link.parse().map_err(|e| format!("{e}"))?;
        Ok(Self {
            link: link.without_invite(),
            account: record.account,
            handle: record.handle,
            display: record.display,
            role: record.role,
            epoch: Epoch(record.epoch),
            is_early: record.is_early,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tertulia_certs::{InviteToken, KeyFingerprint, Trust};

    use super::*;

    pub(crate) fn link(address: &str, key: u8) -> ServerLink {
        ServerLink {
            addresses: vec![address.parse().unwrap()],
            trust: Trust::Pinned(KeyFingerprint::from_bytes([key; 32])),
            invite: Some(InviteToken::from_bytes([9; 16])),
        }
    }

    fn profile() -> Profile {
        Profile {
            link: link("chat.example:7575", 1).without_invite(),
            account: AccountId(7),
            handle: Handle::new("ana.maría").unwrap(),
            display: DisplayName::new("Ana María").unwrap(),
            role: Role::Owner,
            epoch: Epoch([3; 16]),
            is_early: true,
        }
    }

    #[test]
    fn it_reads_back_privately_and_without_the_invite() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Profile::load(dir.path()).unwrap(), None);
        let with_invite = Profile { link: link("chat.example:7575", 1), ..profile() };
        with_invite.save(dir.path()).unwrap();
        assert_eq!(Profile::load(dir.path()).unwrap(), Some(profile()));
        let path = dir.path().join(FILE);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(path).unwrap();
        assert!(!text.contains(&InviteToken::from_bytes([9; 16]).to_string()), "{text}");
    }

    #[test]
    fn a_welcome_does_not_undo_the_join_of_another_process() {
        let dir = tempfile::tempdir().unwrap();
        let renamed = Profile { display: DisplayName::new("Anita").unwrap(), ..profile() };
        assert_eq!(renamed.clone().update(dir.path()).unwrap(), renamed);

        let moved = link("elsewhere.example:1", 1).without_invite();
        Profile { link: moved.clone(), ..profile() }.save(dir.path()).unwrap();
        let both = Profile { link: moved, ..renamed.clone() };
        assert_eq!(renamed.clone().update(dir.path()).unwrap(), both);
        assert_eq!(Profile::load(dir.path()).unwrap(), Some(both));

        let other = Profile { link: link("chat.example:7575", 2).without_invite(), ..profile() };
        other.save(dir.path()).unwrap();
        renamed.update(dir.path()).unwrap_err();
        assert_eq!(Profile::load(dir.path()).unwrap(), Some(other));
    }

    #[test]
    fn a_broken_one_is_never_a_new_identity() {
        let dir = tempfile::tempdir().unwrap();
        profile().save(dir.path()).unwrap();
        let whole = fs::read_to_string(dir.path().join(FILE)).unwrap();
        let key = KeyFingerprint::from_bytes([1; 32]).to_string();
        for broken in ["", "{}", &whole[..whole.len() / 2], &whole.replace(&key, "x")] {
            fs::write(dir.path().join(FILE), broken).unwrap();
            let error = Profile::load(dir.path()).unwrap_err();
            let OpenError::Broken(text) = error else { panic!("{error:?}") };
            assert!(text.contains(FILE) && text.contains("backup"), "{text}");
        }
        fs::write(dir.path().join(FILE), [0xff, 0xfe]).unwrap();
        assert!(matches!(Profile::load(dir.path()), Err(OpenError::Broken(_))));
        fs::write(dir.path().join(FILE), "{\"version\": 2}").unwrap();
        assert!(matches!(Profile::load(dir.path()), Err(OpenError::Newer(_))));
    }

    #[test]
    fn a_server_is_known_by_its_key_and_never_by_an_address() {
        let profile = profile();
        assert!(profile.compare(&link("elsewhere.example:1", 1)).is_ok());
        let Err(JoinError::KeyChanged(changed)) = profile.compare(&link("chat.example:7575", 2))
        else {
            panic!("no hard stop");
        };
        let keys = (KeyFingerprint::from_bytes([1; 32]), KeyFingerprint::from_bytes([2; 32]));
        assert_eq!((changed.expected, changed.found), keys);
        let elsewhere = profile.compare(&link("elsewhere.example:1", 2));
        assert!(matches!(elsewhere, Err(JoinError::OtherServer { .. })), "{elsewhere:?}");
    }

    #[test]
    fn by_roots_a_server_is_known_by_the_names_of_its_hosts() {
        let roots = |addresses: &[&str]| ServerLink {
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            trust: Trust::Roots,
            invite: None,
        };
        let (pinned, known) = (profile(), roots(&["chat.example:7575", "b.example:1"]));
        let profile = Profile { link: known, ..profile() };
        assert!(profile.compare(&roots(&["b.example:2"])).is_ok(), "another port, the same name");
        for stranger in [roots(&["b.example:1", "evil.example:1"]), link("b.example:1", 1)] {
            assert!(matches!(profile.compare(&stranger), Err(JoinError::OtherServer { .. })));
        }
        assert!(pinned.compare(&roots(&["chat.example:7575"])).is_err());
    }
}
