//! What kills came to.

use std::{fmt, time::Duration};

use crate::power::promises::Kept;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Kills of those who write.
    pub clients_killed: u32,
    /// From the kill of a server until a new one serves.
    pub restarts: Vec<Duration>,
    /// From then until somebody has a receipt, or was shown a message.
    pub reconnects: Vec<Duration>,
    /// Events that there are in the end.
    pub messages: u64,
    /// What became of what people were told.
    pub kept: Kept,
}

/// The smallest, the middle and the largest of some times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half are no longer.
    pub p50: Duration,
    /// Nine of ten are no longer.
    pub p90: Duration,
    /// None is longer.
    pub max: Duration,
}

impl Spread {
    /// Of those; zeros where there are none.
    pub fn of(times: &[Duration]) -> Self {
        let mut times = times.to_vec();
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied();
        let max = times.last().copied().unwrap_or_default();
        Self { p50: at(50).unwrap_or_default(), p90: at(90).unwrap_or(max), max }
    }
}

impl Report {
    /// Of the server and of clients.
    pub fn kills(&self) -> usize {
        self.restarts.len() + self.clients_killed as usize
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { promises, lost, twice, out_of_order, troubles } = &self.kept;
        writeln!(
            f,
            "{} kills of the server, {} of clients; {} events, {promises} promises checked, \
             {lost} lost, {twice} twice, {out_of_order} out of order",
            self.restarts.len(),
            self.clients_killed,
            self.messages,
        )?;
        writeln!(f, "killed to serving again: {}", Spread::of(&self.restarts))?;
        writeln!(f, "serving to the first receipt: {}", Spread::of(&self.reconnects))?;
        troubles.iter().try_for_each(|trouble| writeln!(f, "  {trouble}"))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p90, max } = self;
        let ms = [p50, p90, max].map(Duration::as_millis);
        write!(f, "p50 {} ms, p90 {} ms, at most {} ms", ms[0], ms[1], ms[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_sorted_times() {
        let times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        let ms = |spread: Spread| [spread.p50, spread.p90, spread.max].map(|t| t.as_millis());
        assert_eq!(ms(Spread::of(&times)), [51, 91, 100]);
        assert_eq!(ms(Spread::of(&times[..1])), [100, 100, 100]);
        assert_eq!(Spread::of(&[]), Spread::default());
    }
}
