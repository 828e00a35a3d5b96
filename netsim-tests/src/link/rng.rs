//! Chance from a seed: SplitMix64. Not for secrets.

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of uniform bits; the same for the same seed, everywhere.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The `stream`th of the sequences of a seed; they have nothing to do with one another.
    pub fn of(seed: u64, stream: u64) -> Self {
        Self(mix(seed ^ mix(stream.wrapping_mul(STEP))))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// At least 0, less than 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True in `share` of all calls: never at 0, always at 1.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_splitmix64() {
        let mut rng = Rng(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!([(); 5].map(|()| rng.bits()), expected);
    }

    #[test]
    fn a_certainty_happens_and_an_impossibility_does_not() {
        let mut rng = Rng::of(7, 0);
        assert!((0..1_000).all(|_| rng.chance(1.0)));
        assert!((0..1_000).all(|_| !rng.chance(0.0)));
    }

    #[test]
    fn streams_of_a_seed_differ() {
        let first = |stream| Rng::of(5, stream).bits();
        assert_ne!(first(1), first(2));
        assert_ne!(Rng::of(5, 1).bits(), Rng::of(6, 1).bits());
    }
}
