//! The emulated network, in the kernels that it is between: when packets arrive, which do not.
//!
//! Where network namespaces can be had neither by right nor by way of a user namespace, these
//! tests say so on standard error and do nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod again;
mod datagrams;
mod programs;
mod streams;
mod versus;
