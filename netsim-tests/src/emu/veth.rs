//! Packets without a TUN device: the far end of an Ethernet pair, read and written raw.
//!
//! Both ends are in the one namespace. `va1` is the one that programs use; what they send comes
//! out of `va0`, where only the packet socket takes it: the kernel finds it addressed to nobody.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use anyhow::{Context, Result};
use nix::{
    ifaddrs::getifaddrs,
    sys::socket::{LinkAddr, bind},
};
use socket2::{Domain, Protocol, Socket, Type};

use super::{checksum, ip::ip};

/// Destination, source, type.
const HEADER: usize = 14;
const IPV4: u16 = 0x0800;
/// Bursts wait here.
const SOCKET_BUFFER: usize = 4 << 20;

/// The far end of the pair.
pub(super) struct Veth {
    socket: Socket,
    header: [u8; HEADER],
}

impl Veth {
    /// Makes the pair in the calling thread's namespace; `va1` is left down.
    pub(super) fn new(mtu: u16) -> Result<Self> {
        // The network card that is not there can't cut packets to size; so the kernel has to.
        let end = |name| format!("{name} mtu {mtu} gso_max_segs 1");
        ip(&format!("link add {} type veth peer name {}", end("va1"), end("va0")))?;
        ip("link set va1 arp off")?;
        ip("link set va0 arp off up")?;
        let protocol = Protocol::from(i32::from(IPV4.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
        bind(socket.as_raw_fd(), &address("va0")?)?;
        socket.set_nonblocking(true)?;
        let to = address("va1")?.addr().context("an address of Ethernet")?;
        let mut header = [0; HEADER];
        header[..6].copy_from_slice(&to);
        header[12..].copy_from_slice(&IPV4.to_be_bytes());
        Ok(Self { socket, header })
    }

    /// A whole IP packet.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<Vec<u8>> {
        let bytes = nix::unistd::read(&self.socket, buffer)?;
        let mut packet = buffer[..bytes].get(HEADER..).unwrap_or_default().to_vec();
        checksum::fill_in(&mut packet);
        Ok(packet)
    }

    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        let frame = [&self.header[..], packet].concat();
        self.socket.send(&frame).map(drop)
    }
}

impl AsFd for Veth {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The address by which a packet socket knows a device.
fn address(name: &str) -> Result<LinkAddr> {
    let found = getifaddrs()?
        .filter(|found| found.interface_name == name)
        .find_map(|found| found.address?.as_link_addr().copied());
    found.with_context(|| format!("there is no device {name}"))
}
