//! The process that sends.

use std::{
    io::{BufRead, IoSlice, Read},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
};

use anyhow::{Context, Result, anyhow, ensure};
use aws_lc_rs::aead::{
    AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
    quic::{self, HeaderProtectionKey},
};
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, sendmmsg};

/// A message of 150 letters in its frame, about.
const FRAME: usize = 200;
/// What quinn finds on a path of 1,500 bytes.
const DATAGRAM: usize = 1_452;
/// A short header with a connection id of eight bytes, a packet number of two, a stream frame's
/// head.
const HEADER: usize = 19;
const TAG: usize = 16;
/// Packets of one system call.
const OF_ONE_CALL: usize = 64;
/// Where the sample for the header's protection begins.
const SAMPLE: usize = 13;
const SAMPLE_LEN: usize = 16;

/// The payloads of the packets that carry so many messages, in bytes.
pub(super) fn packets(messages: u64) -> Vec<usize> {
    let most = DATAGRAM - HEADER - TAG;
    let bytes = messages as usize * FRAME;
    (0..bytes.div_ceil(most)).map(|n| (bytes - n * most).min(most)).collect()
}

/// One whom it sends to: keys of its own, as every connection has.
struct To {
    address: SockaddrIn,
    seal: LessSafeKey,
    mask: HeaderProtectionKey,
    packet: u64,
}

/// Reads ports of this machine, a line of them, then a byte for each round until the end; in each
/// round everybody gets so many messages.
pub fn send(messages: u64) -> Result<()> {
    let mut input = std::io::stdin().lock();
    let mut ports = String::new();
    input.read_line(&mut ports)?;
    let ports = ports.trim().split(',').map(str::parse::<u16>).collect::<Result<Vec<_>, _>>()?;
    let mut to = ports.into_iter().map(To::new).collect::<Result<Vec<_>>>()?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(OF_ONE_CALL, None);
    let mut batch = Batch::default();
    let mut rounds = [0; OF_ONE_CALL];
    loop {
        let may = input.read(&mut rounds)?;
        if may == 0 {
            return Ok(());
        }
        for _ in 0..may {
            for one in &mut to {
                for payload in packets(messages) {
                    batch.packets.push(one.packet(payload)?);
                    batch.addresses.push(Some(one.address));
                    if batch.packets.len() == OF_ONE_CALL {
                        batch.flush(&socket, &mut headers)?;
                    }
                }
            }
            batch.flush(&socket, &mut headers)?;
        }
    }
}

/// At most [`OF_ONE_CALL`] packets.
#[derive(Default)]
struct Batch {
    packets: Vec<Vec<u8>>,
    addresses: Vec<Option<SockaddrIn>>,
}

impl Batch {
    fn flush(&mut self, socket: &UdpSocket, headers: &mut MultiHeaders<SockaddrIn>) -> Result<()> {
        let mut sent = 0;
        // The kernel may take fewer than it is given.
        while sent < self.packets.len() {
            let slices: Vec<_> =
                self.packets[sent..].iter().map(|packet| [IoSlice::new(packet)]).collect();
            let to = &self.addresses[sent..];
            let (none, flags): ([ControlMessage<'_>; 0], _) = ([], MsgFlags::empty());
            let took = sendmmsg(socket.as_raw_fd(), headers, &slices, to, none, flags)?.count();
            ensure!(took > 0, "the kernel takes nothing");
            sent += took;
        }
        self.packets.clear();
        self.addresses.clear();
        Ok(())
    }
}

impl To {
    fn new(port: u16) -> Result<Self> {
        // Nothing is secret here; what counts is that no two share a key.
        let mut key = [0; 16];
        key[..2].copy_from_slice(&port.to_be_bytes());
        let unbound = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| anyhow!("no key"))?;
        let mask =
            HeaderProtectionKey::new(&quic::AES_128, &key).map_err(|_| anyhow!("no mask"))?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into();
        Ok(Self { address, seal: LessSafeKey::new(unbound), mask, packet: 0 })
    }

    /// The next packet, sealed and its header protected.
    fn packet(&mut self, payload: usize) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        nonce[4..].copy_from_slice(&self.packet.to_be_bytes());
        self.packet += 1;
        let mut bytes = Vec::with_capacity(HEADER + payload + TAG);
        bytes.resize(HEADER + payload, 0x55);
        let (header, body) = bytes.split_at_mut(HEADER);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .seal
            .seal_in_place_separate_tag(nonce, Aad::from(&*header), body)
            .map_err(|_| anyhow!("not sealed"))?;
        bytes.extend_from_slice(tag.as_ref());
        let sample = bytes.get(SAMPLE..SAMPLE + SAMPLE_LEN).context("too short")?;
        let mask = self.mask.new_mask(sample).map_err(|_| anyhow!("no mask"))?;
        bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_fill_as_few_packets_as_a_path_takes() {
        assert_eq!((packets(1), packets(7)), (vec![FRAME], vec![7 * FRAME]));
        assert_eq!(packets(8), [1_417, 183]);
    }

    #[test]
    fn no_two_packets_are_alike_whoever_gets_them() {
        let (mut one, mut other) = (To::new(1).unwrap(), To::new(2).unwrap());
        let sent = [one.packet(FRAME), one.packet(FRAME), other.packet(FRAME)];
        let [first, second, third] = sent.map(Result::unwrap);
        assert_eq!(first.len(), HEADER + FRAME + TAG);
        assert!(first != second && first != third && second != third);
    }
}
