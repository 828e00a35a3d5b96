//! The connection ids by which clients call this server (RFC 9000, 5.1).
//!
//! quinn's own generator has 24 random bits. Where it asks for a Retry it does not look whether the id
//! that it names there is that of a connection, and looks for those first: whoever was told one in use
//! waits in vain for an answer, which befell one of some thousand clients where thousands were
//! connected. These have 48.

use std::{
    hash::{DefaultHasher, Hasher},
    time::Duration,
};

use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};

const NONCE: usize = 6;
/// By which one of ours is known, so that nothing else is answered.
const TAG: usize = 2;

/// Makes them, and knows those that were made with the same key.
#[derive(Debug)]
pub(crate) struct ConnectionIds {
    key: u64,
}

impl ConnectionIds {
    pub(crate) fn of_key(key: u64) -> Self {
        Self { key }
    }

    fn tag(&self, nonce: &[u8]) -> [u8; TAG] {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.key);
        hasher.write(nonce);
        let [first, second, ..] = hasher.finish().to_le_bytes();
        [first, second]
    }
}

impl ConnectionIdGenerator for ConnectionIds {
    #[expect(clippy::expect_used, reason = "without randomness nothing here is safe")]
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; NONCE + TAG];
        let (nonce, tag) = id.split_at_mut(NONCE);
        getrandom::fill(nonce).expect("the system has no randomness");
        tag.copy_from_slice(&self.tag(nonce));
        ConnectionId::new(&id)
    }

    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        match id.split_at_checked(NONCE) {
            Some((nonce, tag)) if tag == self.tag(nonce) => Ok(()),
            _ => Err(InvalidCid),
        }
    }

    fn cid_len(&self) -> usize {
        NONCE + TAG
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn none_of_many_is_like_another() {
        let mut ids = ConnectionIds::of_key(7);
        // Of 24 random bits there would be a dozen pairs.
        let many: HashSet<Vec<u8>> = (0..20_000).map(|_| ids.generate_cid().to_vec()).collect();
        assert_eq!(many.len(), 20_000);
    }

    #[test]
    fn those_of_the_same_key_are_known_after_a_restart_and_no_others() {
        let id = ConnectionIds::of_key(7).generate_cid();
        assert_eq!(id.len(), ConnectionIds::of_key(7).cid_len());
        assert!(ConnectionIds::of_key(7).validate(&id).is_ok());
        let mut other = id.to_vec();
        other[NONCE] ^= 1;
        for strange in [&other[..], &id[..5], &[]] {
            assert!(ConnectionIds::of_key(7).validate(&ConnectionId::new(strange)).is_err());
        }
    }
}
