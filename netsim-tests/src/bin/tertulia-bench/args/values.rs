//! What a flag takes.

use std::str::FromStr;

use tokio::time::Duration;

/// The longest time that a flag takes.
const LONGEST: f64 = 3_600.0;

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = f64::from_str(text).ok().filter(|seconds| (0.0..=LONGEST).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("it is 0 to {LONGEST} seconds"))
}

/// `90` or `90s`.
pub(crate) fn whole_seconds(text: &str) -> Result<Duration, String> {
    let digits = text.strip_suffix('s').unwrap_or(text);
    let seconds = digits.parse().ok().filter(|seconds| (1..=1_000_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "it is 1 to 1000000 seconds".to_owned())
}

pub(crate) fn positive_seconds(text: &str) -> Result<Duration, String> {
    let duration = seconds(text)?;
    match duration < Duration::from_millis(100) {
        true => Err("it is at least 0.1 seconds".to_owned()),
        false => Ok(duration),
    }
}

pub(crate) fn ms(text: &str) -> Result<Duration, String> {
    let ms = f64::from_str(text).ok().filter(|ms| (0.0..=LONGEST * 1e3).contains(ms));
    ms.map(|ms| Duration::from_secs_f64(ms / 1e3))
        .ok_or_else(|| format!("it is 0 to {} milliseconds", LONGEST * 1e3))
}

pub(crate) fn mbit(text: &str) -> Result<f64, String> {
    let rate = f64::from_str(text).ok().filter(|rate| (0.1..=10_000.0).contains(rate));
    rate.ok_or_else(|| "it is 0.1 to 10000".to_owned())
}

pub(crate) fn megabytes(text: &str) -> Result<f64, String> {
    let size = f64::from_str(text).ok().filter(|size| (0.1..=100.0).contains(size));
    size.ok_or_else(|| "it is 0.1 to 100, the largest that the server takes".to_owned())
}

/// A percentage, as a share.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let percent = f64::from_str(text).ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or_else(|| "it is 0 to 100".to_owned())
}
