//! Checksums of TCP and UDP over IPv4.
//!
//! A kernel leaves them to the network card, and an Ethernet pair between namespaces has none: a
//! packet that is taken off it and put on another is taken for broken unless they are filled in.

use super::packet::HEADER;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Fills in a packet's transport checksum. What is neither TCP nor UDP, or a fragment, stays.
pub(super) fn fill_in(packet: &mut [u8]) {
    let Some(header) = packet.first_chunk::<HEADER>() else { return };
    let (begins, protocol) = (usize::from(header[0] & 0xf) * 4, header[9]);
    let is_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0;
    let place = match protocol {
        TCP => 16,
        UDP => 6,
        _ => return,
    };
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if is_fragment || begins < HEADER || total > packet.len() || begins + place + 2 > total {
        return;
    }
    let addresses = sum(&packet[12..20]);
    let (from, to) = (begins + place, begins + place + 2);
    packet[from..to].fill(0);
    let pseudo = addresses + u64::from(protocol) + (total - begins) as u64;
    let found = match (folded(pseudo + sum(&packet[begins..total])), protocol) {
        // Zero would say that there is none.
        (0, UDP) => 0xffff,
        (found, _) => found,
    };
    packet[from..to].copy_from_slice(&found.to_be_bytes());
}

fn sum(bytes: &[u8]) -> u64 {
    let pairs = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [high] => u64::from(high) << 8,
        _ => 0,
    });
    pairs.sum()
}

fn folded(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A UDP packet from 10.0.0.1:1000 to 10.0.0.2:2000 with that body.
    fn udp(body: &[u8]) -> Vec<u8> {
        let total = (28 + body.len()) as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend([0x03, 0xe8, 0x07, 0xd0]);
        packet.extend((8 + body.len() as u16).to_be_bytes());
        packet.extend([0xde, 0xad]);
        packet.extend(body);
        packet
    }

    #[test]
    fn it_is_the_sum_that_the_standard_asks_for() {
        let mut packet = udp(b"hi!");
        fill_in(&mut packet);
        // 0a00 0001 0a00 0002 0011 000b, 03e8 07d0 000b, 6869 2100 make a94b; of that the complement.
        assert_eq!(packet[26..28], [0x56, 0xb4]);
    }

    #[test]
    fn with_it_filled_in_everything_adds_up_to_ones() {
        for protocol in [TCP, UDP] {
            let mut packet = udp(&[0xab; 41]);
            packet[9] = protocol;
            fill_in(&mut packet);
            let pseudo = u64::from(protocol) + (packet.len() - HEADER) as u64;
            assert_eq!(folded(sum(&packet[12..20]) + pseudo + sum(&packet[HEADER..])), 0);
        }
    }

    #[test]
    fn what_is_not_whole_or_not_known_stays_as_it_is() {
        let mut fragment = udp(b"part");
        fragment[6] = 0x20;
        let mut icmp = udp(b"ping");
        icmp[9] = 1;
        let mut cut = udp(b"much more than that");
        cut.truncate(30);
        for mut packet in [fragment, icmp, cut, vec![0x45; 7], Vec::new()] {
            let before = packet.clone();
            fill_in(&mut packet);
            assert_eq!(packet, before);
        }
    }
}
