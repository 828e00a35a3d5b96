//! `loss`: how long messages take through links that lose packets.

mod emulated;
mod row;
mod simulated;

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Result;
use tertulia_netsim::{link, versus::Way};

use crate::{
    args::{Loss, Recorded},
    output::{fail, show},
};
use row::{Row, table};

/// A link.
#[derive(Debug, Clone)]
struct Conditions {
    way: Way,
    rtt: Duration,
    share: f64,
    /// The recorded link that it is.
    trace: Option<String>,
    /// How long bursts are, for people.
    burst: Option<String>,
}

pub(crate) fn run(args: &Loss, json: Option<&Path>) -> Result<ExitCode> {
    let conditions = match &args.trace {
        Some(trace) => vec![recorded(trace)],
        None => args.loss.iter().map(|share| steady(args, *share)).collect::<Result<_>>()?,
    };
    let rows = match args.simulated {
        true => simulated::measured(args, &conditions)?,
        false => emulated::measured(args, &conditions)?,
    };
    show(&table(&rows), &rows, json)?;
    match rows.iter().all(Row::is_good) {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(fail("not every message arrived once and in order")),
    }
}

fn steady(args: &Loss, share: f64) -> Result<Conditions> {
    let loss = match (share > 0.0, args.burst, args.burst_ms) {
        (false, ..) => link::Loss::None,
        (_, Some(mean), _) => link::Loss::PacketBursts { share, mean: f64::from(mean) },
        (_, _, Some(mean)) => link::Loss::TimeBursts { share, mean },
        _ => link::Loss::Random { share },
    };
    let burst = args.burst.map(|mean| format!("{mean} packets"));
    let burst = burst.or_else(|| args.burst_ms.map(|mean| format!("{} ms", mean.as_millis())));
    let (way, burst) = (Way::Steady(loss.check()?), burst.filter(|_| share > 0.0));
    Ok(Conditions { way, rtt: args.rtt, share, trace: None, burst })
}

fn recorded(trace: &Recorded) -> Conditions {
    let Recorded { name, trace } = trace;
    let (way, burst) = (Way::Recorded(Arc::clone(trace)), None);
    Conditions { way, rtt: trace.rtt(), share: trace.loss(), trace: Some(name.clone()), burst }
}
