//! Enums whose variant is named by the frame's type, never by postcard: a reader that does not
//! know a type skips the frame instead of failing.

use thiserror::Error;

/// A frame of a known type whose body does not parse, or breaks a bound.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("malformed body of frame type {kind}")]
pub struct DecodeError {
    /// The frame's type.
    pub kind: u64,
}

/// Declares an enum of `id Variant(Payload)` and its codec:
/// `kind()`, `encode()` to a whole frame, `decode(&Frame)` to `None` for an unknown type.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$vmeta:meta])* $id:literal $variant:ident($payload:ty),)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis enum $name { $($(#[$vmeta])* $variant($payload),)* }

        impl $name {
            /// The frame type of this message.
            pub const fn kind(&self) -> u64 {
                match self { $(Self::$variant(_) => $id,)* }
            }

            /// Every frame type of this enum.
            pub const KINDS: &'static [u64] = &[$($id),*];

            /// The whole frame.
            pub fn encode(&self) -> bytes::Bytes {
                match self { $(Self::$variant(body) => $crate::frame::encode($id, body),)* }
            }

            /// Reads a frame; `Ok(None)` for a type that is not of this enum.
            pub fn decode(
                frame: &$crate::Frame,
            ) -> Result<Option<Self>, $crate::DecodeError> {
                match frame.kind {
                    $($id => frame.body_as::<$payload>().map(|b| Some(Self::$variant(b))),)*
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$payload> for $name {
            fn from(body: $payload) -> Self { Self::$variant(body) }
        })*
    };
}
pub(crate) use wire_enum;
