//! What the emulator reads of a packet: whose it is.

use std::net::Ipv4Addr;

/// A header without options.
pub(super) const HEADER: usize = 20;

/// From where to where. `None`: not a whole IPv4 packet.
pub(super) fn addresses(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let header = packet.first_chunk::<HEADER>()?;
    if header[0] >> 4 != 4 {
        return None;
    }
    let at = |place: usize| {
        Ipv4Addr::new(header[place], header[place + 1], header[place + 2], header[place + 3])
    };
    Some((at(12), at(16)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A packet of that length between those addresses, with that in its body.
    pub(in crate::emu) fn packet(from: Ipv4Addr, to: Ipv4Addr, bytes: usize, mark: u32) -> Vec<u8> {
        let mut packet = vec![0; bytes.max(HEADER + 4)];
        packet[0] = 0x45;
        packet[12..16].copy_from_slice(&from.octets());
        packet[16..20].copy_from_slice(&to.octets());
        packet[20..24].copy_from_slice(&mark.to_be_bytes());
        packet
    }

    #[test]
    fn addresses_are_read_from_whole_ipv4_packets_only() {
        let (from, to) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 9, 8, 7));
        let packet = packet(from, to, 40, 0);
        assert_eq!(addresses(&packet), Some((from, to)));
        assert_eq!(addresses(&packet[..HEADER - 1]), None);
        let mut six = packet.clone();
        six[0] = 0x60;
        assert_eq!(addresses(&six), None);
    }
}
