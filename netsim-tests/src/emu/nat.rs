//! What a router between two networks does: it writes another address into a packet.
//!
//! Checksums are mended, not made anew (RFC 1624), so that what was broken stays broken.

use std::{net::Ipv4Addr, ops::Range};

use super::packet::HEADER;

const SOURCE: Range<usize> = 12..16;
const TARGET: Range<usize> = 16..20;
const HEADER_SUM: usize = 10;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// From there it comes.
pub(super) fn set_source(packet: &mut [u8], to: Ipv4Addr) {
    readdress(packet, SOURCE, to);
}

/// There it goes.
pub(super) fn set_target(packet: &mut [u8], to: Ipv4Addr) {
    readdress(packet, TARGET, to);
}

fn readdress(packet: &mut [u8], place: Range<usize>, to: Ipv4Addr) {
    let Some(header) = packet.first_chunk::<HEADER>() else { return };
    let (begins, protocol) = (usize::from(header[0] & 0xf) * 4, header[9]);
    let is_first = u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0;
    let Ok(before) = <[u8; 4]>::try_from(&header[place.clone()]) else { return };
    packet[place].copy_from_slice(&to.octets());
    mend(packet, HEADER_SUM, before, to.octets());
    match protocol {
        TCP if is_first => mend(packet, begins + 16, before, to.octets()),
        // Zero: the sender made none.
        UDP if is_first && packet.get(begins + 6..begins + 8) != Some(&[0, 0]) => {
            mend(packet, begins + 6, before, to.octets());
        }
        _ => {}
    }
}

/// The checksum at `place` goes on to be right where `before` became `after`.
fn mend(packet: &mut [u8], place: usize, before: [u8; 4], after: [u8; 4]) {
    let Some(sum) = packet.get_mut(place..place + 2) else { return };
    let mut total = u32::from(!u16::from_be_bytes([sum[0], sum[1]]));
    for (before, after) in before.chunks(2).zip(after.chunks(2)) {
        let word = |bytes: &[u8]| u16::from_be_bytes([bytes[0], bytes[1]]);
        total += u32::from(!word(before)) + u32::from(word(after));
    }
    while total > 0xffff {
        total = (total >> 16) + (total & 0xffff);
    }
    sum.copy_from_slice(&(!(total as u16)).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emu::{checksum, packet::tests::packet};

    const ONE: Ipv4Addr = Ipv4Addr::new(10, 77, 128, 1);
    const OTHER: Ipv4Addr = Ipv4Addr::new(10, 77, 191, 254);
    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

    /// A whole packet with right checksums.
    fn whole(protocol: u8, from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
        let mut packet = packet(from, to, 61, 0xdead_beef);
        packet[2..4].copy_from_slice(&61u16.to_be_bytes());
        packet[9] = protocol;
        let words =
            packet[..HEADER].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
        let sum: u32 = words.sum();
        let sum = !((sum & 0xffff) as u16).wrapping_add((sum >> 16) as u16);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        checksum::fill_in(&mut packet);
        packet
    }

    #[test]
    fn a_packet_with_another_address_is_as_if_it_had_been_sent_so() {
        for protocol in [TCP, UDP, 1] {
            let mut up = whole(protocol, ONE, SERVER);
            set_source(&mut up, OTHER);
            assert_eq!(up, whole(protocol, OTHER, SERVER));
            let mut down = whole(protocol, SERVER, OTHER);
            set_target(&mut down, ONE);
            assert_eq!(down, whole(protocol, SERVER, ONE));
        }
    }

    #[test]
    fn what_has_no_checksum_or_is_cut_off_gets_none() {
        let mut packet = whole(UDP, ONE, SERVER);
        packet[26..28].fill(0);
        set_source(&mut packet, OTHER);
        assert_eq!(packet[26..28], [0, 0]);
        let mut short = whole(TCP, ONE, SERVER)[..22].to_vec();
        set_source(&mut short, OTHER);
        assert_eq!(short[12..16], OTHER.octets());
        set_source(&mut short[..7], ONE);
    }
}
