//! A key's fingerprint as words, for two people to compare by voice or side by side.
//!
//! The list is the English one of BIP 39 (MIT licence): 2,048 words, each known by its first four
//! letters. It is the same in every language: what is compared has to be the same on both ends.

use crate::fingerprint::KeyFingerprint;

/// How many words stand for a key.
pub const WORDS: usize = 8;
/// How much of the fingerprint they carry, in bits: whoever wants another key with the same words
/// has to make some 2^88 of them.
pub const BITS: usize = WORDS * BITS_PER_WORD;

const BITS_PER_WORD: usize = 11;
const LIST: &str = include_str!("words/english.txt");

impl KeyFingerprint {
    /// The first [`BITS`] bits of the fingerprint, most significant first.
    pub fn words(&self) -> [&'static str; WORDS] {
        std::array::from_fn(|at| word(self.as_bytes(), at))
    }

    /// The words, a space between each two.
    pub fn phrase(&self) -> String {
        self.words().join(" ")
    }
}

fn word(bytes: &[u8], at: usize) -> &'static str {
    let bits = at * BITS_PER_WORD..(at + 1) * BITS_PER_WORD;
    let index = bits.fold(0, |index, bit| {
        let is_set = bytes[bit / 8] >> (7 - bit % 8) & 1;
        index << 1 | usize::from(is_set)
    });
    // The list has a word for each number of eleven bits.
    LIST.lines().nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_is_whole_and_no_two_words_begin_alike() {
        let words: Vec<_> = LIST.lines().collect();
        assert_eq!((words.len(), words[0], words[2_047]), (2_048, "abandon", "zoo"));
        assert!(words.is_sorted());
        let beginnings: BTreeSet<_> = words.iter().map(|word| &word[..word.len().min(4)]).collect();
        assert_eq!(beginnings.len(), 2_048);
    }

    #[test]
    fn a_key_has_the_same_words_for_ever() {
        let words = |bytes| KeyFingerprint::from_bytes(bytes).phrase();
        assert_eq!(words([0; 32]), ["abandon"; WORDS].join(" "));
        assert_eq!(words([0xff; 32]), ["zoo"; WORDS].join(" "));
        // The beginnings of vectors that every wallet of BIP 39 has.
        assert_eq!(words([0x7f; 32]), "legal winner thank year wave sausage worth useful");
        let counted = std::array::from_fn(|at| at as u8);
        assert_eq!(words(counted), "abandon amount liar amount expire adjust cage candy");
    }

    #[test]
    fn every_bit_counts_up_to_the_last_of_the_last_word() {
        let key = |bit: usize| {
            let mut bytes = [0; 32];
            bytes[bit / 8] |= 0x80 >> (bit % 8);
            KeyFingerprint::from_bytes(bytes).words()
        };
        let all: BTreeSet<_> = (0..BITS).map(key).collect();
        assert_eq!(all.len(), BITS);
        assert_eq!(key(BITS), key(BITS + 1), "what comes behind is not told");
    }
}
