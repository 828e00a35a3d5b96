//! Who may begin a handshake: accept, or first prove the address.
//!
//! Over its bucket an unvalidated address gets a Retry (RFC 9000, 8.1); a validated one is not
//! bucketed, since a school sits behind one address. A Retry costs a round trip, so it is asked
//! for under load only.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use tokio::time::Instant;

use super::bucket::Bucket;
use crate::limits;

/// The state of admission; pure, its clock is handed in.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    ranges: BTreeMap<IpAddr, Bucket>,
}

/// What to do with a first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    /// Make it prove its address.
    Retry,
}

impl Admission {
    /// Judges a first packet, with so many handshakes under way.
    pub(crate) fn judge(
        &mut self,
        address: IpAddr,
        is_validated: bool,
        handshakes: usize,
        now: Instant,
    ) -> Verdict {
        if is_validated {
            return Verdict::Accept;
        }
        if handshakes >= limits::HANDSHAKES / 2 {
            return Verdict::Retry;
        }
        let range = range(address);
        if !self.ranges.contains_key(&range) && self.ranges.len() >= limits::ADDRESSES {
            self.ranges.retain(|_, bucket| !bucket.is_full(now));
            if self.ranges.len() >= limits::ADDRESSES {
                return Verdict::Retry;
            }
        }
        let fresh = || Bucket::new(limits::ADDRESS_BURST, limits::ADDRESS_RATE, now);
        match self.ranges.entry(range).or_insert_with(fresh).take(now) {
            Ok(()) => Verdict::Accept,
            Err(_) => Verdict::Retry,
        }
    }
}

/// An IPv4 address, or the /56 that an IPv6 customer has.
pub(crate) fn range(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let mut octets = v6.octets();
            octets[7..].fill(0);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    #[test]
    fn a_busy_address_must_prove_itself_and_a_proven_one_passes() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let school = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        for _ in 0..limits::ADDRESS_BURST {
            assert_eq!(admission.judge(school, false, 0, now), Verdict::Accept);
        }
        assert_eq!(admission.judge(mapped, false, 0, now), Verdict::Retry);
        assert_eq!(admission.judge(school, true, limits::HANDSHAKES, now), Verdict::Accept);
        let later = now + Duration::from_secs(1);
        assert_eq!(admission.judge(school, false, 0, later), Verdict::Accept);
    }

    #[test]
    fn under_load_everyone_must_prove_themselves() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let busy = limits::HANDSHAKES / 2;
        assert_eq!(admission.judge(address, false, busy, now), Verdict::Retry);
    }

    #[test]
    fn the_table_is_bounded_and_one_customer_is_one_range() {
        let (mut admission, now) = (Admission::default(), Instant::now());
        for n in 0..=limits::ADDRESSES as u32 {
            admission.judge(IpAddr::V4(Ipv4Addr::from(n)), false, 0, now);
        }
        assert_eq!(admission.ranges.len(), limits::ADDRESSES);
        let a: IpAddr = "2001:db8:1:200::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2ff:9::2".parse().unwrap();
        assert_eq!(range(a), range(b));
    }
}
