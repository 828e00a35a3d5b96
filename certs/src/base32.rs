//! Lower-case base32 without padding (RFC 4648 section 6): the alphabet of links.

use data_encoding::BASE32_NOPAD;

/// `bytes` in lower-case base32.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The strict inverse of [`encode`]: `None` for any other spelling of the same bytes (upper case,
/// padding, stray trailing bits) and for any other length than `N`.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4648_vectors_in_lower_case() {
        assert_eq!(encode(b"foobar"), "mzxw6ytboi");
        assert_eq!(decode::<6>("mzxw6ytboi"), Some(*b"foobar"));
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(encode(b"f"), "my");
        for other in ["MY", "mY", "my======", "mz", "m", "my ", "m1", "mý", ""] {
            assert_eq!(decode::<1>(other), None, "{other:?}");
        }
    }
}
