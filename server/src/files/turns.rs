//! One upload of a message at a time: one that comes back takes the place of the connection that
//! was lost, which may not know of it yet.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::partial::Key;
use crate::signal::Signal;

/// Who is uploading what. Bounded by the transfers.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<BTreeMap<Key, Place>>>);

#[derive(Debug, Clone, Default)]
struct Place {
    /// Somebody else wants it.
    wanted: Signal,
    left: Signal,
}

/// A place that was taken; given up when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    key: Key,
    place: Place,
}

impl Turns {
    /// Takes the turn from whoever has it.
    pub(super) async fn take(&self, key: Key) -> Arc<Turn> {
        loop {
            let other = {
                let mut places = self.lock();
                match places.get(&key) {
                    Some(other) => other.clone(),
                    None => {
                        let place = Place::default();
                        places.insert(key, place.clone());
                        return Arc::new(Turn { turns: self.clone(), key, place });
                    }
                }
            };
            other.wanted.raise();
            other.left.raised().await;
        }
    }

    pub(super) fn is_taken(&self, key: &Key) -> bool {
        self.lock().contains_key(key)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Place>> {
        // Nothing here panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Returns when somebody else wants the turn.
    pub(crate) async fn wanted(&self) {
        self.place.wanted.raised().await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.key);
        self.place.left.raise();
    }
}

#[cfg(test)]
mod tests {
    use tertulia_proto::{AccountId, MessageId};

    use super::*;

    #[tokio::test]
    async fn one_who_comes_back_waits_until_the_former_has_let_go() {
        let turns = Turns::default();
        let key = (AccountId(1), MessageId([1; 16]));
        let first = turns.take(key).await;
        let other = turns.take((AccountId(2), MessageId([1; 16]))).await;
        let job = Arc::clone(&first);
        let (second, ()) = tokio::join!(turns.take(key), async {
            first.wanted().await;
            drop(first);
            tokio::task::yield_now().await;
            assert!(turns.is_taken(&key), "a job of it still runs");
            drop(job);
        });
        assert!(turns.is_taken(&key));
        drop((second, other));
        assert!(!turns.is_taken(&key));
    }
}
