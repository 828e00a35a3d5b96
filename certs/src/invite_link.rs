//! The link that lets somebody in: address, trust and permission in one.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::base32;
use crate::fingerprint::KeyFingerprint;
use crate::host_port::{HostPort, ParseHostPortError};

/// The longest link that is read, in bytes.
pub const LINK_LEN_MAX: usize = 2048;
/// The most addresses in one link.
pub const ADDRESSES_MAX: usize = 16;

const SCHEME: &str = "tertulia://";
/// In the place of a fingerprint: the system's roots decide.
const ROOTS: &str = "ca";

/// `tertulia://HOST:PORT[,HOST:PORT...]/KEY[/INVITE]`.
///
/// `Display` writes it for links, the invite included; `Debug` is safe to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLink {
    /// All lead to the same server, in the order to try them: 1 to [`ADDRESSES_MAX`].
    pub addresses: Vec<HostPort>,
    /// How the server proves that it is the one meant.
    pub trust: Trust,
    /// The permission to register; `None` where registration is open.
    pub invite: Option<InviteToken>,
}

impl ServerLink {
    /// The same server without the permission: what may be kept and shown after joining.
    #[must_use]
    pub fn without_invite(&self) -> Self {
        Self { invite: None, ..self.clone() }
    }
}

impl fmt::Display for ServerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        for (i, address) in self.addresses.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{address}")?;
        }
        write!(f, "/{}", self.trust)?;
        match &self.invite {
            Some(invite) => write!(f, "/{invite}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ServerLink {
    type Err = LinkError;

    /// Forgives white space around the link and one slash at its end, nothing else.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_LEN_MAX {
            return Err(LinkError::TooLong);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(LinkError::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut parts = rest.split('/');
        let addresses = parse_addresses(parts.next().unwrap_or_default())?;
        let trust = parts.next().ok_or(LinkError::NoKey)?.parse()?;
        let invite = parts.next().map(str::parse).transpose()?;
        match parts.next() {
            Some(_) => Err(LinkError::TooManyParts),
            None => Ok(Self { addresses, trust, invite }),
        }
    }
}

fn parse_addresses(text: &str) -> Result<Vec<HostPort>, LinkError> {
    if text.split(',').count() > ADDRESSES_MAX {
        return Err(LinkError::TooManyAddresses);
    }
    Ok(text.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

/// How a client tells the server it means from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// By its key, whatever its certificate says. In a link: the fingerprint.
    Pinned(KeyFingerprint),
    /// By a certificate that the system's roots vouch for, for the host name that was dialled. In
    /// a link: `ca`.
    Roots,
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(fingerprint) => fingerprint.fmt(f),
            Self::Roots => f.write_str(ROOTS),
        }
    }
}

impl FromStr for Trust {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        match text {
            "" => Err(LinkError::NoKey),
            ROOTS => Ok(Self::Roots),
            _ => text.parse().map(Self::Pinned).map_err(|_| LinkError::Key),
        }
    }
}

/// 128 secret bits that permit to register. `Debug` does not show them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InviteToken([u8; 16]);

impl InviteToken {
    /// A token of random bytes; drawing them is the caller's part.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The secret itself.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// SHA-256 of the token: what a server stores and looks up, so that neither its database nor
    /// the time a comparison takes gives a token away.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Display for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base32::encode(&self.0))
    }
}

impl fmt::Debug for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteToken(..)")
    }
}

impl FromStr for InviteToken {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        base32::decode(text).map(Self).ok_or(LinkError::Invite)
    }
}

/// Why a text is no link. No message repeats the invite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Above [`LINK_LEN_MAX`].
    #[error("the link is longer than {LINK_LEN_MAX} bytes")]
    TooLong,
    /// Something else than a Tertulia link.
    #[error("a link begins with {SCHEME}")]
    Scheme,
    /// An address that cannot be read.
    #[error("in the link, {0}")]
    Address(#[from] ParseHostPortError),
    /// Above [`ADDRESSES_MAX`].
    #[error("the link has more than {ADDRESSES_MAX} addresses")]
    TooManyAddresses,
    /// It ends after the address.
    #[error("the link has no key after the address: it was cut off, ask for it again")]
    NoKey,
    /// Neither a fingerprint nor `ca`.
    #[error("the link's key is damaged: it has 52 characters, a-z and 2-7, or is `{ROOTS}`")]
    Key,
    /// Not an invite.
    #[error("the link's invite is damaged: it has 26 characters, a-z and 2-7")]
    Invite,
    /// Something after the invite.
    #[error("the link goes on after the invite")]
    TooManyParts,
}
