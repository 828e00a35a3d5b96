//! Between SQLite's signed integers and the wire's numbers.

use rusqlite::{
    Row,
    types::{FromSqlError, Type},
};
use tertulia_proto::{AccountId, LogPosition, Role, RoomId, RoomKind, Seq, Timestamp};

/// Positions, seqs and times stay far below 2^63; what a peer makes up may not, and is then as
/// far as can be.
pub(crate) const fn int(value: u64) -> i64 {
    if value > i64::MAX as u64 { i64::MAX } else { value as i64 }
}

/// A column as one of the wire's types.
pub(crate) fn column<T: Column>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let value: i64 = row.get(index)?;
    T::from_int(value).ok_or_else(|| out_of_range(index, value))
}

/// A text column that was judged on the way in: on the way out `kept` only checks its bounds.
pub(crate) fn text<T, E>(
    row: &Row<'_>,
    index: usize,
    kept: impl FnOnce(String) -> Result<T, E>,
) -> rusqlite::Result<T> {
    kept(row.get(index)?).map_err(|_| invalid(index, Type::Text))
}

/// A fixed number of bytes.
pub(crate) fn bytes<const N: usize>(row: &Row<'_>, index: usize) -> rusqlite::Result<[u8; N]> {
    row.get::<_, Vec<u8>>(index)?.try_into().map_err(|_| invalid(index, Type::Blob))
}

pub(crate) fn invalid(index: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, kind, Box::new(FromSqlError::InvalidType))
}

fn out_of_range(index: usize, value: i64) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(index, value)
}

pub(crate) trait Column: Sized {
    fn from_int(value: i64) -> Option<Self>;
}

macro_rules! numbers {
    ($($name:ident),*) => {$(
        impl Column for $name {
            fn from_int(value: i64) -> Option<Self> {
                u64::try_from(value).ok().map(Self)
            }
        }
    )*};
}
numbers!(AccountId, LogPosition, RoomId, Seq, Timestamp);

impl Column for u32 {
    fn from_int(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl Column for Role {
    fn from_int(value: i64) -> Option<Self> {
        [Self::Guest, Self::Member, Self::Moderator, Self::Owner]
            .into_iter()
            .find(|role| *role as i64 == value)
    }
}

impl Column for RoomKind {
    fn from_int(value: i64) -> Option<Self> {
        [Self::Public, Self::Private, Self::Direct].into_iter().find(|kind| *kind as i64 == value)
    }
}
