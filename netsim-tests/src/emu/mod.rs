//! An emulated network between real kernels: two network namespaces, a device in each, and one
//! thread that carries packets between them as badly as it is told.
//!
//! Whatever runs in a namespace speaks TCP and UDP to the other as over a real link: no program
//! has to know. Every client address has a link of its own ([`crate::link`]), found by the address
//! in each packet, so that hundreds of clients have as many last miles in one world, and going
//! down or moving is one write into a map. Namespaces and devices end with the process.
//!
//! - [`pipeline`]: packets in, packets out, when: no clock, no devices;
//! - [`World`]: the namespaces, each with a thread and a tokio runtime of its own;
//! - [`Lateness`]: how late packets were let go. What was measured while that was much is worth
//!   nothing, and says so.
//!
//! It takes root, or a system that gives everybody user namespaces ([`world::Unavailable`] says
//! which is missing).

mod carrier;
mod checksum;
mod device;
mod ip;
pub mod lateness;
mod nat;
mod packet;
pub mod pipeline;
mod place;
mod veth;
pub mod world;

pub use lateness::Lateness;
pub use pipeline::{End, Pipeline};
pub use place::Place;
pub use world::{CLIENTS_OWN, SERVER, SelfCheck, Unavailable, World, client_address};
