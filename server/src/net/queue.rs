//! Those who proved their address and wait at the door until there is a place: after a restart all
//! come at once, and one who was ignored would try again only seconds later.

use std::{collections::VecDeque, net::IpAddr};

use tokio::time::Instant;

use super::crowd::{Crowd, Place};
use crate::limits;

/// A line of such, in order of arrival; who finds no place does not hold up those behind.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: VecDeque<Waiting<T>>,
    places: Crowd,
}

#[derive(Debug)]
struct Waiting<T> {
    who: T,
    range: IpAddr,
    since: Instant,
    _place: Place,
}

impl<T> Queue<T> {
    /// At most `most` wait, half of them from one range.
    pub(crate) fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), places: Crowd::new(most) }
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Lets one wait; gives back whom there is no room for.
    pub(crate) fn push(&mut self, who: T, range: IpAddr, now: Instant) -> Result<(), T> {
        let Some(place) = self.places.enter(range) else {
            return Err(who);
        };
        self.waiting.push_back(Waiting { who, range, since: now, _place: place });
        Ok(())
    }

    /// The first one for whom `enter` has a place.
    pub(crate) fn admit<P>(&mut self, enter: impl Fn(IpAddr) -> Option<P>) -> Option<(T, P)> {
        // Of one range all have a place or none: each is asked for once.
        let mut full: Option<IpAddr> = None;
        for at in 0..self.waiting.len() {
            let range = self.waiting.get(at)?.range;
            if full == Some(range) {
                continue;
            }
            match enter(range) {
                Some(place) => return Some((self.waiting.remove(at)?.who, place)),
                None => full = Some(range),
            }
        }
        None
    }

    /// Takes out one who waited so long that it has begun anew.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<T> {
        let first = self.waiting.front()?;
        let is_late = now.saturating_duration_since(first.since) >= limits::QUEUE_TIME;
        if is_late { self.waiting.pop_front().map(|first| first.who) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, net::Ipv4Addr};

    use super::*;

    fn range(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }

    #[test]
    fn they_enter_in_order_and_one_without_a_place_holds_up_nobody() {
        let (mut queue, now) = (Queue::new(10), Instant::now());
        for (who, of) in [("a", 1), ("b", 1), ("c", 2), ("d", 1)] {
            queue.push(who, range(of), now).unwrap();
        }
        let only = |of| move |asked| (asked == range(of)).then_some(());
        assert_eq!(queue.admit(only(2)), Some(("c", ())));
        assert_eq!(queue.admit(only(2)), None);
        assert_eq!(queue.admit(only(1)), Some(("a", ())));
        assert_eq!(queue.admit(|_| Some(())), Some(("b", ())));
        assert_eq!(queue.admit(|_| Some(())), Some(("d", ())));
        assert!(queue.is_empty());
    }

    #[test]
    fn one_range_fills_half_of_it_and_is_asked_for_once() {
        let (mut queue, now) = (Queue::new(8), Instant::now());
        for n in 0..4 {
            queue.push(n, range(1), now).unwrap();
        }
        assert_eq!(queue.push(4, range(1), now), Err(4));
        queue.push(5, range(2), now).unwrap();
        let asked = Cell::new(0);
        let nothing = queue.admit(|_| {
            asked.set(asked.get() + 1);
            None::<()>
        });
        assert_eq!((nothing, asked.get()), (None, 2));
        while queue.admit(|_| Some(())).is_some() {}
        assert!(queue.push(6, range(1), now).is_ok(), "their places are free again");
    }

    #[test]
    fn who_waited_too_long_is_taken_out() {
        let (mut queue, now) = (Queue::new(8), Instant::now());
        queue.push("early", range(1), now).unwrap();
        queue.push("late", range(1), now + limits::QUEUE_TIME / 2).unwrap();
        assert_eq!(queue.expire(now + limits::QUEUE_TIME / 2), None);
        assert_eq!(queue.expire(now + limits::QUEUE_TIME), Some("early"));
        assert_eq!(queue.expire(now + limits::QUEUE_TIME), None);
    }
}
