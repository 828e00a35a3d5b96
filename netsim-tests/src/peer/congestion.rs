//! How TCP is told which congestion control to use.

use std::{io, os::fd::AsFd};

use socket2::SockRef;

/// What decides how much TCP sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Congestion {
    /// Every loss is congestion. Linux's default.
    Cubic,
    /// By rate and round trip.
    Bbr,
}

/// The kernel does not have it.
#[derive(Debug, thiserror::Error)]
#[error("this kernel has no congestion control {name}: {source}")]
pub struct NotHere {
    name: &'static str,
    source: io::Error,
}

impl Congestion {
    /// As the kernel knows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cubic => "cubic",
            Self::Bbr => "bbr",
        }
    }

    /// Sets it for a socket, and what a listening one accepts.
    pub fn set(self, socket: &impl AsFd) -> Result<(), NotHere> {
        let set = SockRef::from(socket).set_tcp_congestion(self.name().as_bytes());
        set.map_err(|source| NotHere { name: self.name(), source })
    }
}
