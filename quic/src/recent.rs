//! What was said of late.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use tertulia_proto::{DatagramKind, Run};

/// Frames that are told of, at most: the newest.
const FRAMES: usize = 16;

/// The newest frames that were offered, and when: those that were offered together as they came.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    runs: VecDeque<(Duration, DatagramKind, Run)>,
    frames: u64,
}

impl Recent {
    /// Takes them in.
    pub(crate) fn add(&mut self, now: Duration, kind: DatagramKind, run: &Run) {
        self.frames += run.frames();
        self.runs.push_back((now, kind, run.clone()));
        while let Some((.., oldest)) = self.runs.front()
            && self.frames - oldest.frames() >= FRAMES as u64
        {
            self.frames -= oldest.frames();
            self.runs.pop_front();
        }
    }

    /// Those that were offered at that time or later, the oldest first.
    pub(crate) fn since(&self, since: Duration) -> impl Iterator<Item = (DatagramKind, Bytes)> {
        let late = self.runs.iter().filter(|(at, ..)| *at >= since);
        let all = late.flat_map(|(_, kind, run)| run.each().map(|frame| (*kind, frame)));
        let all: Vec<_> = all.collect();
        let surplus = all.len().saturating_sub(FRAMES);
        all.into_iter().skip(surplus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn frame(n: u8) -> Bytes {
        tertulia_proto::frame::encode(u64::from(n), &())
    }

    fn found(recent: &Recent, since: u32) -> Vec<u8> {
        recent.since(since * MS).map(|(_, frame)| frame[1]).collect()
    }

    #[test]
    fn the_newest_are_kept_and_told_by_their_time() {
        let mut recent = Recent::default();
        for n in 0..100 {
            recent.add(u32::from(n) * MS, DatagramKind::LaneCopy, &frame(n).into());
        }
        assert_eq!(found(&recent, 0), (84..100).collect::<Vec<_>>());
        assert_eq!(found(&recent, 97), [97, 98, 99]);
        assert!(found(&recent, 100).is_empty());
    }

    #[test]
    fn of_many_at_once_the_newest_are_told_and_no_more_is_kept_than_holds_them() {
        let mut recent = Recent::default();
        for batch in 0..4u8 {
            let frames: Vec<_> = (batch * 20..batch * 20 + 20).map(frame).collect();
            recent.add(MS, DatagramKind::LaneCopy, &Run::new(frames.concat().into(), 20));
        }
        recent.add(2 * MS, DatagramKind::LaneCopy, &frame(80).into());
        assert_eq!((recent.runs.len(), recent.frames), (2, 21));
        assert_eq!(found(&recent, 0), (65..81).collect::<Vec<_>>());
        assert_eq!(found(&recent, 2), [80]);
    }
}
