//! Constants as they stand in a source file: a new one is found without a list of them.

use std::collections::BTreeMap;

/// `pub const NAME: Self = Self(7);` by number.
pub(crate) fn numbered(source: &str) -> BTreeMap<u64, String> {
    let constants = declared(source).filter_map(|(name, value)| {
        let number = value.strip_prefix("Self(")?.strip_suffix(')')?;
        Some((number.parse().unwrap(), name.to_owned()))
    });
    constants.collect()
}

/// Every constant of a file of limits, its value as PROTOCOL.md writes it.
pub(crate) fn valued(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    for (name, value) in declared(source) {
        // What can't be worked out stands as it is written, and so differs from any text.
        let value = written(value, &found).unwrap_or_else(|| value.to_owned());
        found.insert(name.to_owned(), value);
    }
    found
}

fn declared(source: &str) -> impl Iterator<Item = (&str, &str)> {
    source.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once("const ")?.1.split_once(": ")?;
        let (_, value) = rest.split_once(" = ")?;
        Some((name, value.strip_suffix(';')?))
    })
}

fn written(value: &str, before: &BTreeMap<String, String>) -> Option<String> {
    let inner = |prefix: &str| value.strip_prefix(prefix)?.strip_suffix(')');
    Some(if let Some(seconds) = inner("Duration::from_secs(") {
        format!("{} s", number(seconds, before)?)
    } else if let Some(millis) = inner("Duration::from_millis(") {
        format!("{} ms", number(millis, before)?)
    } else if let Some((low, high)) = value.split_once("..=") {
        format!("{} to {}", number(low, before)?, number(high, before)?)
    } else {
        number(value, before)?.to_string()
    })
}

/// Numbers, names of earlier constants, products and shifts.
fn number(value: &str, before: &BTreeMap<String, String>) -> Option<u64> {
    if let Some((left, right)) = value.split_once(" << ") {
        return number(left, before)?.checked_shl(number(right, before)?.try_into().ok()?);
    }
    if let Some((left, right)) = value.split_once(" * ") {
        return number(left, before)?.checked_mul(number(right, before)?);
    }
    before.get(value).map_or(value, String::as_str).replace('_', "").parse().ok()
}
