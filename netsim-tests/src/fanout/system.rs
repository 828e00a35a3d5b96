//! What carries the messages.

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Our server.
    Tertulia,
    /// The same chat over TLS and TCP, [`crate::peer`].
    TlsTcp,
    /// No chat: packets as large, sealed as QUIC seals them, sent as cheaply as the kernel takes
    /// them. Only in bursts; nothing is stored and nobody asks whether it arrived in order.
    Raw,
}

impl System {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tertulia => "tertulia",
            Self::TlsTcp => "tls-tcp",
            Self::Raw => "raw",
        }
    }
}
