//! The way to a server's UDP port: a socket, TLS as `certs` speaks it, every address tried.

pub(crate) mod dial;
pub(crate) mod endpoint;
mod fault;
pub(crate) mod probe;

pub(crate) use dial::Dialer;
pub(crate) use fault::end_of;
