//! What a proxy has done.

use super::super::Counts;

/// What a proxy has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// From clients to the server.
    pub up: Counts,
    /// From the server to clients.
    pub down: Counts,
    /// Client addresses known now.
    pub clients: usize,
    /// Packets under way now.
    pub under_way: usize,
    /// New addresses given to clients.
    pub rebound: u64,
    /// Packets that the system did not take, or that there was no memory for.
    pub failed: u64,
}
