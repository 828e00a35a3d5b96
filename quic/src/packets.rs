//! What of QUIC's packets can be seen without their keys (RFC 8999; RFC 9000, 17.2).

/// The longest connection id of version 1.
const CID_BYTES: usize = 20;
/// The version whose long headers are known here.
const VERSION: [u8; 4] = [0, 0, 0, 1];

/// The packets that one datagram carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Packets {
    pub(crate) initial: bool,
    pub(crate) handshake: bool,
    pub(crate) retry: bool,
    /// Nothing but one with a short header: data under the connection's keys. It may also stand
    /// behind others in a datagram.
    pub(crate) short: bool,
    /// The sender's connection id, where a long header names it.
    pub(crate) source: Option<Cid>,
}

impl Packets {
    /// Looks at a datagram. What makes no sense ends it.
    pub(crate) fn of(datagram: &[u8]) -> Self {
        let mut found = Self::default();
        let mut rest = datagram;
        while let Some(first) = rest.first() {
            if first & 0x80 == 0 {
                found.short = rest.len() == datagram.len();
                break;
            }
            let Some(length) = found.long(*first, rest) else { break };
            rest = rest.get(length..).unwrap_or_default();
        }
        found
    }

    /// Whether the handshake rests on it.
    pub(crate) fn is_handshake(&self) -> bool {
        self.initial || self.handshake
    }

    /// Notes a packet with a long header; its length.
    fn long(&mut self, first: u8, packet: &[u8]) -> Option<usize> {
        let mut reader = Reader(packet);
        reader.take(1)?;
        if reader.take(4)? != VERSION {
            return None;
        }
        reader.cid()?;
        let source = reader.cid()?;
        match (first & 0x30) >> 4 {
            0 => {
                let token = reader.number()?;
                reader.take(token)?;
                self.initial = true;
            }
            2 => self.handshake = true,
            3 => {
                self.retry = true;
                return None;
            }
            // 0-RTT, which nobody here sends.
            _ => return None,
        }
        self.source = Some(source);
        let length = reader.number()?;
        let head = packet.len() - reader.0.len();
        head.checked_add(length)
    }
}

/// A connection id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cid {
    bytes: [u8; CID_BYTES],
    length: usize,
}

impl Cid {
    /// Whether a packet with a short header is for it.
    pub(crate) fn is_of_short(&self, packet: &[u8]) -> bool {
        packet.first().is_some_and(|first| first & 0x80 == 0)
            && packet.get(1..=self.length) == Some(&self.bytes[..self.length])
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn cid(&mut self) -> Option<Cid> {
        let length = usize::from(*self.take(1)?.first()?);
        let taken = self.take(length)?;
        let mut bytes = [0; CID_BYTES];
        bytes.get_mut(..length)?.copy_from_slice(taken);
        Some(Cid { bytes, length })
    }

    /// RFC 9000, 16.
    fn number(&mut self) -> Option<usize> {
        let first = *self.0.first()?;
        let bytes = self.take(1 << (first >> 6))?;
        let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number & (u64::MAX >> (66 - 8 * bytes.len()))).ok()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A packet with a long header, as far as anybody sees it.
    pub(crate) fn long(kind: u8, source: &[u8], payload: usize) -> Vec<u8> {
        let mut packet = vec![0xc0 | kind << 4];
        packet.extend(VERSION);
        packet.extend([3, 7, 7, 7, source.len() as u8]);
        packet.extend(source);
        if kind == 0 {
            packet.push(0);
        }
        packet.extend((payload as u16 | 0x4000).to_be_bytes());
        packet.extend(vec![0xee; payload]);
        packet
    }

    #[test]
    fn what_shares_a_datagram_is_told_apart() {
        let short = [0x41, 1, 2, 3, 4, 5];
        let all = [long(0, &[9, 8], 40), long(2, &[9, 8], 70), short.to_vec()].concat();
        let found = Packets::of(&all);
        assert!(found.initial && found.handshake && !found.short && !found.retry);
        let own = found.source.unwrap();
        assert!(own.is_of_short(&[0x41, 9, 8, 1]) && !own.is_of_short(&[0x41, 9, 7, 1]));
        assert!(!own.is_of_short(&[0xc1, 9, 8, 1]) && !own.is_of_short(&[0x41, 9]));

        let alone = Packets::of(&short);
        assert!(alone.short && !alone.is_handshake() && alone.source.is_none());
        assert!(!Packets::of(&long(0, &[9], 40)).short);
        let mut other_version = long(0, &[9], 40);
        other_version[4] = 2;
        assert_eq!(Packets::of(&other_version), Packets::default());
    }

    proptest! {
        #[test]
        fn garbage_is_looked_at_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..1_500)) {
            Packets::of(&bytes);
        }

        #[test]
        fn so_is_what_looks_like_a_packet(cut in 0usize..76, byte: u8, at in 0usize..76) {
            let mut packet = long(0, &[1, 2, 3], 60);
            packet[at] = byte;
            Packets::of(&packet[..cut]);
        }
    }
}
