//! Requests are executed in the order of their numbers, whichever path a frame came by.

use std::collections::BTreeMap;

use tertulia_proto::{ReqId, Request, limits};

/// Puts one connection's requests in order: repeats are dropped, early ones held.
#[derive(Debug)]
pub(crate) struct RequestOrder {
    next: ReqId,
    early: BTreeMap<ReqId, Request>,
}

/// A request so far ahead of its turn that the gap can't be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooEarly;

impl RequestOrder {
    pub(crate) fn new() -> Self {
        Self { next: ReqId(1), early: BTreeMap::new() }
    }

    /// Takes a request in. Drain [`Self::next_ready`] after it.
    pub(crate) fn accept(&mut self, request: Request) -> Result<(), TooEarly> {
        if request.req_id < self.next {
            return Ok(());
        }
        let ahead = request.req_id.0 - self.next.0;
        if ahead > limits::EARLY_REQUESTS as u64 {
            return Err(TooEarly);
        }
        self.early.entry(request.req_id).or_insert(request);
        Ok(())
    }

    /// The request whose turn it is, if it is here.
    pub(crate) fn next_ready(&mut self) -> Option<Request> {
        let ready = self.early.remove(&self.next)?;
        self.next = self.next.next();
        Some(ready)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(n: u64) -> Request {
        Request { req_id: ReqId(n), command: Err(tertulia_proto::Unreadable::Unknown) }
    }

    fn ready(order: &mut RequestOrder) -> Vec<u64> {
        std::iter::from_fn(|| order.next_ready()).map(|request| request.req_id.0).collect()
    }

    #[test]
    fn a_request_too_far_ahead_is_refused_and_one_at_the_bound_held() {
        let mut order = RequestOrder::new();
        let bound = 1 + limits::EARLY_REQUESTS as u64;
        assert_eq!(order.accept(request(bound)), Ok(()));
        assert_eq!(order.accept(request(bound + 1)), Err(TooEarly));
        assert_eq!(order.accept(request(0)), Ok(()), "before the first: a repeat");
        assert!(ready(&mut order).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_the_arrival_each_is_executed_once_and_in_order(
            mut arrivals in Just((1..=60u64).collect::<Vec<_>>()).prop_shuffle(),
            repeats in prop::collection::vec(1..=60u64, 0..60),
        ) {
            arrivals.extend(repeats);
            let mut order = RequestOrder::new();
            let mut executed = Vec::new();
            for n in arrivals {
                prop_assert_eq!(order.accept(request(n)), Ok(()));
                executed.extend(ready(&mut order));
            }
            prop_assert_eq!(executed, (1..=60).collect::<Vec<_>>());
        }
    }
}
