//! A file that is not whole yet: all that is known of it stands in its name, so that nothing can
//! disagree with what is there.

use std::{fmt, str::FromStr};

use tertulia_proto::{AccountId, FileHash, MessageId, Timestamp};

/// Whose upload it is: a message has one.
pub(crate) type Key = (AccountId, MessageId);

/// What a file is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partial {
    pub(crate) account: AccountId,
    pub(crate) message_id: MessageId,
    pub(crate) hash: FileHash,
    pub(crate) size: u64,
    /// When its first byte was expected.
    pub(crate) begun: Timestamp,
}

impl Partial {
    pub(crate) fn key(&self) -> Key {
        (self.account, self.message_id)
    }

    /// Whether it was begun for the same file.
    pub(crate) fn is_for(&self, other: &Self) -> bool {
        (self.key(), self.hash, self.size) == (other.key(), other.hash, other.size)
    }
}

/// Its file's name.
impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, message_id, hash, size, begun } = self;
        write!(f, "{account}.{message_id}.{hash}.{size}.{begun}")
    }
}

impl FromStr for Partial {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = name.split('.').collect();
        let [account, message_id, hash, size, begun] = parts[..] else { return Err(()) };
        let partial = Self {
            account: AccountId(account.parse().map_err(drop)?),
            message_id: message_id.parse().map_err(drop)?,
            hash: hash.parse().map_err(drop)?,
            size: size.parse().map_err(drop)?,
            begun: Timestamp(begun.parse().map_err(drop)?),
        };
        if partial.to_string() == name { Ok(partial) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_no_other_is_one() {
        let partial = Partial {
            account: AccountId(u64::MAX),
            message_id: MessageId([0xab; 16]),
            hash: FileHash([0xcd; 32]),
            size: u64::MAX,
            begun: Timestamp(u64::MAX),
        };
        let name = partial.to_string();
        assert!(name.len() <= 255);
        assert_eq!(name.parse(), Ok(partial));
        for bad in ["", "tertulia.db", &format!("{name}.1"), &format!("+{name}"), &name[1..]] {
            assert_ne!(bad.parse::<Partial>().map(|partial| partial.to_string()), Ok(name.clone()));
        }
    }
}
