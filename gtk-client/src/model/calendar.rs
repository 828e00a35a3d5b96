//! Times as the reader's calendar and clock show them.

use std::cell::RefCell;

use gtk::glib;
use tertulia_client::proto::Timestamp;

use super::Day;
use crate::i18n::{fill, tr};

/// How late it may be noticed that the reader is in another time zone, in microseconds.
const ZONE_US: i64 = 1_000_000;

/// The wall clock, for what the server has not timed yet.
pub(crate) fn now() -> Timestamp {
    Timestamp(u64::try_from(wall_us() / 1_000).unwrap_or_default())
}

#[cfg(not(test))]
fn wall_us() -> i64 {
    glib::real_time()
}

/// Tests run on one evening, so that "an hour ago" is the same day at whatever hour they run.
#[cfg(test)]
fn wall_us() -> i64 {
    let evening = glib::DateTime::from_local(2026, 3, 12, 18, 30, 0.0);
    evening.map_or(0, |evening| evening.to_unix() * 1_000_000)
}

/// Hours and minutes.
pub(crate) fn clock(time: Timestamp) -> String {
    local(time).map_or_else(String::new, |time| format!("{:02}:{:02}", time.hour(), time.minute()))
}

/// The reader's day of that time.
pub(crate) fn day_of(time: Timestamp) -> Day {
    local(time).map_or(Day { year: 1970, month: 1, day: 1 }, |time| day(&time))
}

/// A day as a divider names it: today, yesterday, or the date.
pub(crate) fn day_title(shown: Day) -> String {
    if let Some(near) = near(shown) {
        return near.to_owned();
    }
    let month = month_name(shown.month);
    let number = shown.day.to_string();
    let title = if Some(shown.year) == today().map(|now| now.year()) {
        let weekday = weekday_name(shown);
        fill(
            tr("{weekday}, {month} {day}"),
            &[("weekday", weekday), ("month", month), ("day", &number)],
        )
    } else {
        let year = shown.year.to_string();
        fill(tr("{month} {day}, {year}"), &[("month", month), ("day", &number), ("year", &year)])
    };
    // Where days and months are written small they are large at a beginning.
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// As short as a room list needs it: the clock today, else the day.
pub(crate) fn short_time(time: Timestamp) -> String {
    let shown = day_of(time);
    let today = today();
    if today.as_ref().map(day) == Some(shown) {
        return clock(time);
    }
    let recent = today
        .zip(local(time))
        .is_some_and(|(today, time)| today.difference(&time) < glib::TimeSpan::from_days(6));
    if recent {
        return weekday_name(shown).chars().take(3).collect();
    }
    format!("{:04}-{:02}-{:02}", shown.year, shown.month, shown.day)
}

fn near(shown: Day) -> Option<&'static str> {
    let now = today()?;
    if day(&now) == shown {
        return Some(tr("Today"));
    }
    let yesterday = now.add_days(-1).ok()?;
    (day(&yesterday) == shown).then(|| tr("Yesterday"))
}

fn local(time: Timestamp) -> Option<glib::DateTime> {
    let seconds = i64::try_from(time.0 / 1_000).ok()?;
    with_zone(|zone| glib::DateTime::from_unix_utc(seconds).ok()?.to_timezone(zone).ok())
}

fn today() -> Option<glib::DateTime> {
    local(now())
}

/// GLib would read the zone's file for each time that is asked for: once a second will do.
fn with_zone<T>(read: impl FnOnce(&glib::TimeZone) -> T) -> T {
    thread_local! {
        static ZONE: RefCell<Option<(i64, glib::TimeZone)>> = const { RefCell::new(None) };
    }
    let now = glib::monotonic_time();
    ZONE.with_borrow_mut(|known| {
        let fresh = known.take().filter(|(read_at, _)| now - read_at < ZONE_US);
        let (_, zone) = known.insert(fresh.unwrap_or_else(|| (now, glib::TimeZone::local())));
        read(zone)
    })
}

fn day(time: &glib::DateTime) -> Day {
    let (year, month, day) = time.ymd();
    Day { year, month, day }
}

fn weekday_name(shown: Day) -> &'static str {
    let weekday = glib::DateTime::from_utc(shown.year, shown.month, shown.day, 12, 0, 0.0)
        .map_or(0, |noon| noon.day_of_week());
    match weekday {
        1 => tr("Monday"),
        2 => tr("Tuesday"),
        3 => tr("Wednesday"),
        4 => tr("Thursday"),
        5 => tr("Friday"),
        6 => tr("Saturday"),
        7 => tr("Sunday"),
        _ => "",
    }
}

fn month_name(month: i32) -> &'static str {
    match month {
        1 => tr("January"),
        2 => tr("February"),
        3 => tr("March"),
        4 => tr("April"),
        5 => tr("May"),
        6 => tr("June"),
        7 => tr("July"),
        8 => tr("August"),
        9 => tr("September"),
        10 => tr("October"),
        11 => tr("November"),
        12 => tr("December"),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 24 * 3_600 * 1_000;

    #[test]
    fn near_days_have_names() {
        assert_eq!(day_title(day_of(now())), "Today");
        let long_ago = day_of(Timestamp(400 * DAY_MS));
        assert_eq!(day_title(long_ago), "February 5, 1971");
    }

    #[test]
    fn a_room_list_shows_the_clock_today_and_the_date_long_ago() {
        assert_eq!(short_time(now()).len(), "14:05".len());
        assert_eq!(short_time(Timestamp(400 * DAY_MS)), "1971-02-05");
    }

    #[test]
    fn a_time_out_of_every_calendar_does_no_harm() {
        assert_eq!(clock(Timestamp(u64::MAX)), "");
        assert_eq!(day_of(Timestamp(u64::MAX)).year, 1970);
    }
}
