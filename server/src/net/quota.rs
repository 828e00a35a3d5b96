//! What one device may ask for, over all its connections.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::bucket::Bucket;
use crate::{config::Rates, limits, state::DeviceKey};

/// The quotas of devices that are or were lately connected.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    rates: Rates,
    devices: BTreeMap<DeviceKey, Quota>,
}

/// One device's quota; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Quota(Arc<Mutex<Buckets>>);

#[derive(Debug)]
struct Buckets {
    sends: Bucket,
    requests: Bucket,
}

impl Quotas {
    /// The device's quota, as it left it.
    pub(crate) fn of(&self, device: DeviceKey, now: Instant) -> Quota {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { rates, devices } = &mut *known;
        if devices.len() >= limits::QUOTAS {
            devices.retain(|_, quota| quota.is_used(now));
        }
        devices.entry(device).or_insert_with(|| Quota::new(rates, now)).clone()
    }

    /// Other rates, from now on, for the connected too.
    pub(crate) fn retune(&self, rates: Rates) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.rates = rates;
        for quota in known.devices.values() {
            let mut buckets = quota.lock();
            buckets.sends.retune(rates.send_burst, rates.send_rate);
            buckets.requests.retune(rates.request_burst, rates.request_rate);
        }
    }
}

impl Quota {
    fn new(rates: &Rates, now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Buckets {
            sends: Bucket::new(rates.send_burst, rates.send_rate, now),
            requests: Bucket::new(rates.request_burst, rates.request_rate, now),
        })))
    }

    /// For a message: how long to wait before reading on, if at all.
    pub(crate) fn send(&self, now: Instant) -> Result<(), Duration> {
        self.lock().sends.take(now)
    }

    /// For any other request.
    pub(crate) fn request(&self, now: Instant) -> Result<(), Duration> {
        self.lock().requests.take(now)
    }

    fn is_used(&self, now: Instant) -> bool {
        let buckets = self.lock();
        let rested = buckets.sends.is_full(now) && buckets.requests.is_full(now);
        drop(buckets);
        !rested || Arc::strong_count(&self.0) > 1
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_comes_back_finds_its_quota_as_it_left_it() {
        let quotas = Quotas::default();
        let now = Instant::now();
        let first = quotas.of([1; 32], now);
        while first.send(now).is_ok() {}
        drop(first);
        assert!(quotas.of([1; 32], now).send(now).is_err());
        assert!(quotas.of([2; 32], now).send(now).is_ok());
    }

    #[test]
    fn other_rates_hold_for_the_connected_too() {
        let quotas = Quotas::default();
        let now = Instant::now();
        let connected = quotas.of([1; 32], now);
        quotas.retune(Rates { send_burst: 3, send_rate: 1, ..Rates::default() });
        for quota in [connected, quotas.of([2; 32], now)] {
            assert_eq!((0..9).filter(|_| quota.send(now).is_ok()).count(), 3);
        }
    }

    #[test]
    fn rested_devices_are_forgotten_when_there_are_many() {
        let quotas = Quotas::default();
        let now = Instant::now();
        let kept = quotas.of([255; 32], now);
        for n in 0..limits::QUOTAS as u64 + 10 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_be_bytes());
            let _ = quotas.of(key, now);
        }
        assert!(quotas.known.lock().unwrap().devices.len() <= limits::QUOTAS);
        assert!(quotas.known.lock().unwrap().devices.contains_key(&[255; 32]), "it is connected");
        drop(kept);
    }
}
