//! In virtual time: the figures of the protocol alone.

use anyhow::Result;
use tertulia_client::Congestion;
use tertulia_netsim::{
    link::{Loss, Rate},
    sim::beside::{self, Course, Seen},
    versus::beside::Carrier,
};

use super::Row;
use crate::{args::File, virtual_time::measured as each};

const CARRIERS: [Carrier; 4] = [
    Carrier::Ours(Congestion::Gentle),
    Carrier::Ours(Congestion::Cubic),
    Carrier::Ours(Congestion::Bbr),
    Carrier::Alone,
];

/// A row for each way to send.
pub(super) fn measured(args: &File) -> Result<Vec<Row>> {
    let runs: Vec<_> =
        CARRIERS.iter().flat_map(|carrier| (0..args.files).map(move |n| (*carrier, n))).collect();
    let seen = each(&runs, |(carrier, n)| measure(args, *carrier, *n))?;
    let rows = CARRIERS.iter().zip(seen.chunks(args.files as usize)).map(|(carrier, seen)| {
        let mut all = Seen::default();
        seen.iter().for_each(|seen| all.add(seen.clone()));
        Row::new(args, *carrier, &all)
    });
    Ok(rows.collect())
}

fn measure(args: &File, carrier: Carrier, n: u32) -> Result<Seen> {
    let congestion = match carrier {
        Carrier::Ours(congestion) => Some(congestion),
        _ => None,
    };
    let loss = match (congestion, args.loss > 0.0) {
        (Some(_), true) => Loss::Random { share: args.loss },
        _ => Loss::None,
    };
    let rate = Rate { bits_per_second: (args.rate * 1e6) as u64, queue_bytes: args.queue * 1_000 };
    beside::run(Course {
        rtt: args.rtt,
        loss: loss.check()?,
        rate,
        bytes: congestion.map(|_| (args.size * 1e6) as u64),
        congestion: congestion.unwrap_or_default(),
        copies: true,
        seed: args.seed.wrapping_add(u64::from(n)),
    })
}
