//! What somebody may do.

use serde::{Deserialize, Serialize};

/// What an account may do on the server, or in a room. In ascending power; append-only on the
/// wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads.
    Guest,
    /// Reads and writes, makes rooms.
    Member,
    /// Keeps order: invites, removes.
    Moderator,
    /// Everything.
    Owner,
}

impl Role {
    /// The word that commands and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
