//! Versions: the ALPN names the major one, the hello negotiates the rest.

use serde::{Deserialize, Serialize};

/// ALPN protocol id (RFC 7301): `tertulia/` and the major version.
pub const ALPN: &[u8] = b"tertulia/1";

/// The minor version this code speaks.
pub const VERSION: u16 = 0;

/// The minor versions an endpoint speaks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRange {
    /// The oldest.
    pub min: u16,
    /// The newest.
    pub max: u16,
}

impl VersionRange {
    /// What this code speaks.
    pub const OURS: Self = Self { min: 0, max: VERSION };

    /// The newest version both speak.
    pub fn common(self, other: Self) -> Option<u16> {
        let (low, high) = (self.min.max(other.min), self.max.min(other.max));
        (self.min <= self.max && other.min <= other.max && low <= high).then_some(high)
    }
}

/// Optional abilities, one bit each; used where both ends have the bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Features(pub u64);

impl Features {
    /// Typing notices as datagrams.
    pub const TYPING_DATAGRAMS: Self = Self(1);
    /// Redundant copies of small frames, as datagrams ([`crate::copies`]).
    pub const COPIES: Self = Self(1 << 1);
    /// End-to-end encrypted bodies. Reserved: not sent in version 0.
    pub const OPAQUE_BODIES: Self = Self(1 << 2);
    /// Files ([`crate::Upload`], [`crate::Download`]); without it a message that brought one is
    /// told as its text alone.
    pub const FILES: Self = Self(1 << 3);
    /// Requests right behind the hello: the server takes them only where the hello names its own
    /// epoch.
    pub const EARLY_REQUESTS: Self = Self(1 << 4);

    /// What this code can do.
    pub const OURS: Self =
        Self(Self::TYPING_DATAGRAMS.0 | Self::COPIES.0 | Self::FILES.0 | Self::EARLY_REQUESTS.0);

    /// These, without others.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether all of these are among them.
    pub const fn has(self, features: Self) -> bool {
        self.0 & features.0 == features.0
    }

    /// What both ends can do.
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_wins() {
        let ours = VersionRange { min: 2, max: 5 };
        let common = |min, max| ours.common(VersionRange { min, max });
        assert_eq!(common(0, 3), Some(3));
        assert_eq!(common(4, 9), Some(5));
        assert_eq!(common(6, 9), None);
        assert_eq!(common(0, 1), None);
        assert_eq!(common(5, 2), None, "a range upside down is no range");
    }
}
