//! Which frames are known to have arrived.
//!
//! QUIC says of each packet when it was sent and that it was acknowledged, not what was in it. A
//! frame is in the packet that goes out when it is offered, and in those of its copies: one that was
//! sent right after one of these times, after none of a later packet of ours, and has the size, had
//! it. Where two of ours may be meant nothing is concluded; what was lost is not to be let go. Of a
//! file's packets, which are of any size at any time, nothing is known here.

use std::{collections::VecDeque, time::Duration};

/// Frames that are known, at most: the newest. Of older ones nothing is known.
const FRAMES: usize = 128;
/// Times of one frame that are remembered.
const TIMES: usize = 11;
/// A packet goes out so soon after it was asked for.
const SOON: Duration = Duration::from_micros(1_500);
/// Frames that are offered together go into one packet as long as they are no longer.
const TOGETHER: usize = 1_100;
/// A packet with a datagram is at most so much longer: header, tag, and what it acknowledges.
const AROUND: usize = 80;

/// Names a frame that was taken note of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameId(u64);

/// Frames that were sent of late. Times are since any one moment.
#[derive(Debug, Default)]
pub(crate) struct Flying {
    frames: VecDeque<Frame>,
    /// Those before were let go.
    first: u64,
    /// The last packet's number, counted here.
    packet: u64,
    /// What was offered last.
    offer: Option<Packet>,
}

/// A packet that went out, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packet {
    number: u64,
    at: Duration,
    /// Its size is between these.
    least: usize,
    most: usize,
}

#[derive(Debug)]
struct Frame {
    packets: [Packet; TIMES],
    sent: usize,
    has_arrived: bool,
}

impl Frame {
    fn packets(&self) -> impl Iterator<Item = &Packet> {
        self.packets.iter().take(self.sent)
    }
}

impl Flying {
    /// A frame is sent now for the first time, maybe together with those that are offered now, too:
    /// behind them, so that a packet that has it is as long as all of them.
    pub(crate) fn offered(&mut self, now: Duration, length: usize) -> FrameId {
        let fits = |last: &Packet| last.at == now && last.least + length <= TOGETHER;
        let packet = match self.offer.filter(fits) {
            Some(last) => Packet { least: last.least + length, ..last },
            None => Packet { number: self.next_packet(), at: now, least: length, most: usize::MAX },
        };
        self.offer = Some(packet);
        if self.frames.len() == FRAMES {
            self.frames.pop_front();
            self.first += 1;
        }
        self.frames.push_back(Frame { packets: [packet; TIMES], sent: 1, has_arrived: false });
        FrameId(self.first + self.frames.len() as u64 - 1)
    }

    /// A datagram of so many bytes with copies of these is sent now.
    pub(crate) fn repeated(
        &mut self,
        now: Duration,
        length: usize,
        ids: impl Iterator<Item = FrameId>,
    ) {
        let number = self.next_packet();
        let packet = Packet { number, at: now, least: length, most: length + AROUND };
        for id in ids {
            if let Some(frame) = self.place(id).and_then(|place| self.frames.get_mut(place))
                && let Some(place) = frame.packets.get_mut(frame.sent)
            {
                *place = packet;
                frame.sent += 1;
            }
        }
    }

    /// A packet was acknowledged.
    pub(crate) fn acknowledged(&mut self, sent_at: Duration, bytes: usize) {
        let may_be = |packet: &&Packet| {
            (packet.at..=packet.at + SOON).contains(&sent_at)
                && (packet.least..=packet.most).contains(&bytes)
        };
        let candidates = || self.frames.iter().flat_map(Frame::packets).filter(may_be);
        let Some(last) = candidates().max_by_key(|packet| packet.at).copied() else { return };
        let is_another = |packet: &Packet| packet.at == last.at && packet.number != last.number;
        if candidates().any(is_another) {
            return;
        }
        for frame in &mut self.frames {
            let had_it =
                frame.packets().any(|packet| packet.number == last.number && may_be(&packet));
            frame.has_arrived |= had_it;
        }
    }

    /// Whether it is known to have arrived.
    pub(crate) fn has_arrived(&self, id: FrameId) -> bool {
        let frame = self.place(id).and_then(|place| self.frames.get(place));
        frame.is_some_and(|frame| frame.has_arrived)
    }

    fn next_packet(&mut self) -> u64 {
        self.packet += 1;
        self.packet
    }

    fn place(&self, id: FrameId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_packet_of_its_size_and_time_says_that_a_frame_arrived() {
        let mut flying = Flying::default();
        let (one, other) = (flying.offered(10 * MS, 200), flying.offered(50 * MS, 200));
        for (at, bytes) in [(10, 40), (9, 900), (12, 900), (49, 900)] {
            flying.acknowledged(at * MS, bytes);
        }
        assert!(!flying.has_arrived(one) && !flying.has_arrived(other));
        flying.acknowledged(11 * MS, 230);
        assert!(flying.has_arrived(one) && !flying.has_arrived(other));
    }

    #[test]
    fn so_does_one_of_a_copy() {
        let mut flying = Flying::default();
        let id = flying.offered(10 * MS, 200);
        flying.acknowledged(20 * MS, 230);
        assert!(!flying.has_arrived(id));
        flying.repeated(20 * MS, 210, [id].into_iter());
        flying.acknowledged(20 * MS, 230);
        assert!(flying.has_arrived(id));
    }

    #[test]
    fn where_two_packets_went_out_close_together_each_tells_of_its_own() {
        let mut flying = Flying::default();
        let (one, other) = (flying.offered(10 * MS, 200), flying.offered(11 * MS, 200));
        flying.acknowledged(11 * MS, 230);
        assert!(!flying.has_arrived(one) && flying.has_arrived(other));
    }

    #[test]
    fn where_it_may_be_either_of_two_nothing_is_concluded() {
        let mut flying = Flying::default();
        let ids = [1, 2].map(|n| flying.offered(n * MS, 200));
        for id in ids {
            flying.repeated(20 * MS, 210, [id].into_iter());
        }
        flying.acknowledged(20 * MS, 240);
        assert!(!ids.iter().any(|id| flying.has_arrived(*id)));
        flying.repeated(30 * MS, 400, ids.into_iter());
        flying.acknowledged(30 * MS, 240);
        flying.acknowledged(30 * MS, 900);
        assert!(!ids.iter().any(|id| flying.has_arrived(*id)), "of another size");
        flying.acknowledged(30 * MS, 430);
        assert!(ids.iter().all(|id| flying.has_arrived(*id)), "one had both");
    }

    #[test]
    fn of_frames_that_fill_several_packets_one_that_came_tells_nothing() {
        let mut flying = Flying::default();
        let ids = [600, 600, 600].map(|length| flying.offered(10 * MS, length));
        flying.acknowledged(10 * MS, 1_400);
        assert!(!ids.iter().any(|id| flying.has_arrived(*id)));
        let ids = [100, 200, 300].map(|length| flying.offered(20 * MS, length));
        flying.acknowledged(20 * MS, 340);
        assert_eq!(ids.map(|id| flying.has_arrived(id)), [true, true, false]);
        flying.acknowledged(20 * MS, 640);
        assert!(ids.iter().all(|id| flying.has_arrived(*id)));
    }

    #[test]
    fn no_more_are_known_than_the_bound() {
        let mut flying = Flying::default();
        let first = flying.offered(MS, 10);
        for _ in 0..1_000 {
            flying.offered(MS, 10);
        }
        assert_eq!(flying.frames.len(), FRAMES);
        flying.acknowledged(MS, 10);
        assert!(!flying.has_arrived(first), "long gone");
        let last = flying.offered(2 * MS, 10);
        (0..99).for_each(|n| flying.repeated((n + 3) * MS, 10, [last].into_iter()));
        flying.acknowledged(2 * MS, 10);
        assert!(flying.has_arrived(last));
    }
}
