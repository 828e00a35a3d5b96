//! Contents that have their place and are about to be told of by a message: not to be swept away.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tertulia_proto::FileHash;

/// How many messages are about to tell of each content. Bounded by the transfers.
#[derive(Debug, Clone, Default)]
pub(super) struct Settling(Arc<Mutex<BTreeMap<FileHash, usize>>>);

/// A content is about to be told of, until this is dropped.
#[derive(Debug)]
pub(crate) struct Settled {
    settling: Settling,
    hash: FileHash,
}

impl Settling {
    pub(super) fn begin(&self, hash: FileHash) -> Settled {
        *self.lock().entry(hash).or_default() += 1;
        Settled { settling: self.clone(), hash }
    }

    /// Does something to a content that nobody is about to tell of, and lets nobody begin to
    /// meanwhile.
    pub(super) fn unless_settling<T>(&self, hash: &FileHash, act: impl FnOnce() -> T) -> Option<T> {
        let settling = self.lock();
        (!settling.contains_key(hash)).then(act)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<FileHash, usize>> {
        // A job that panics leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        let mut settling = self.settling.lock();
        if let Some(count) = settling.get_mut(&self.hash) {
            *count -= 1;
            if *count == 0 {
                settling.remove(&self.hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_are_about_to_tell_of_stays_until_both_have() {
        let settling = Settling::default();
        let hash = FileHash([1; 32]);
        let (one, two) = (settling.begin(hash), settling.begin(hash));
        drop(one);
        assert_eq!(settling.unless_settling(&hash, || ()), None);
        drop(two);
        assert_eq!(settling.unless_settling(&hash, || ()), Some(()));
    }
}
