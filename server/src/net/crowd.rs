//! How many of a kind may be under way: all together, and from one address range. One host must
//! not hold the door for everybody else.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Counts what is under way; clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    counts: Arc<Mutex<Counts>>,
    most: usize,
    left: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    ranges: BTreeMap<IpAddr, usize>,
}

/// One of the crowd; leaves it when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    range: IpAddr,
}

impl Crowd {
    /// At most `most` together, half of it from one range.
    pub(crate) fn new(most: usize) -> Self {
        Self { counts: Arc::default(), most, left: Arc::default() }
    }

    /// How many are under way.
    pub(crate) fn len(&self) -> usize {
        self.lock().all
    }

    /// Whether there is no place, for whomever.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.most
    }

    /// Whether there is a place for one of that range.
    pub(crate) fn has_place(&self, range: IpAddr) -> bool {
        self.lock().has_place(range, self.most)
    }

    /// Takes a place, if there is one.
    pub(crate) fn enter(&self, range: IpAddr) -> Option<Place> {
        let mut counts = self.lock();
        if !counts.has_place(range, self.most) {
            return None;
        }
        counts.all += 1;
        *counts.ranges.entry(range).or_default() += 1;
        drop(counts);
        Some(Place { crowd: self.clone(), range })
    }

    /// Returns when somebody left, also if that was before the call (once).
    pub(crate) async fn somebody_left(&self) {
        self.left.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn has_place(&self, range: IpAddr, most: usize) -> bool {
        let of_range = self.ranges.get(&range).copied().unwrap_or_default();
        self.all < most && of_range < most / 2
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.lock();
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_range) = counts.ranges.get_mut(&self.range) {
            *of_range -= 1;
            if *of_range == 0 {
                counts.ranges.remove(&self.range);
            }
        }
        drop(counts);
        self.crowd.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_range_gets_half_and_all_together_the_whole() {
        let crowd = Crowd::new(4);
        let range = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let greedy: Vec<_> = (0..4).filter_map(|_| crowd.enter(range(1))).collect();
        assert_eq!(greedy.len(), 2);
        let others: Vec<_> = (2..9).filter_map(|last| crowd.enter(range(last))).collect();
        assert_eq!((others.len(), crowd.len()), (2, 4));
        drop(greedy);
        assert!(crowd.enter(range(1)).is_some());
        drop(others);
        assert_eq!(crowd.len(), 0);
        assert!(crowd.lock().ranges.is_empty(), "nothing stays of those who left");
    }
}
