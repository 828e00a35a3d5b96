//! What takes packets from a namespace's kernel and gives it some.

use std::{
    io::{self, ErrorKind},
    os::fd::{AsFd, BorrowedFd},
};

use anyhow::{Context, Result};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::{ip::ip, veth::Veth};

/// Ethernet's: what every link carries.
const MTU: u16 = 1_500;
/// Packets that wait in the kernel until they are taken; it must never be full.
const WAITING: u32 = 5_000;
/// A packet, and room for what should never come.
pub(super) const BUFFER: usize = 65_536;

/// The device of one namespace.
pub(super) enum Device {
    /// The kernel hands out whole IP packets.
    Tun(SyncDevice),
    /// The far end of an Ethernet cable.
    Veth(Veth),
}

impl Device {
    /// Makes the device of the calling thread's namespace, with that address, and lets it through
    /// to all others of `10.77.0.0/16`.
    pub(super) fn new(address: &str) -> Result<Self> {
        let (name, device) = match tun() {
            Ok(device) => ("tun0", Self::Tun(device)),
            // On some systems its file is for root only, or there is none.
            Err(error) => {
                let other = || format!("no TUN device ({error}), and no Ethernet pair");
                ("va1", Self::Veth(Veth::new(MTU).with_context(other)?))
            }
        };
        ip(&format!("address add {address}/16 dev {name}"))?;
        // By an ioctl of the device only the whole machine's root could.
        ip(&format!("link set {name} txqueuelen {WAITING} up"))?;
        Ok(device)
    }

    /// The next packet that the kernel sent; `None` where there is none now.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
        let received = match self {
            Self::Tun(tun) => tun.recv(buffer).map(|bytes| Some(buffer[..bytes].to_vec())),
            Self::Veth(veth) => veth.receive(buffer).map(Some),
        };
        match received {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            received => received,
        }
    }

    /// Gives the kernel a packet. `false`: it has no room for it.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<bool> {
        let sent = match self {
            Self::Tun(tun) => tun.send(packet).map(drop),
            Self::Veth(veth) => veth.send(packet),
        };
        match sent {
            Err(error) if matches!(error.raw_os_error(), Some(ENOBUFS)) => Ok(false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            sent => sent.map(|()| true),
        }
    }

    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Tun(_) => "TUN",
            Self::Veth(_) => "an Ethernet pair and a packet socket",
        }
    }
}

const ENOBUFS: i32 = 105;

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tun(tun) => tun.as_fd(),
            Self::Veth(veth) => veth.as_fd(),
        }
    }
}

/// Without offloads, so that the kernel cuts packets to size and fills in their checksums.
fn tun() -> io::Result<SyncDevice> {
    let device = DeviceBuilder::new().name("tun0").mtu(MTU).enable(false).build_sync()?;
    device.set_nonblocking(true)?;
    Ok(device)
}
