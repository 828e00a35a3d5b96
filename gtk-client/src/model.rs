//! What the window shows, without widgets: GObjects that lists and templates bind to, and the
//! pure logic behind them.

mod calendar;
mod line;
mod person;
mod rights;
mod room;
mod room_group;
mod session;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod typists;

pub(crate) use calendar::{clock, day_of, day_title, now};
pub(crate) use line::TimelineLine;
pub(crate) use person::PersonObject;
pub(crate) use rights::Rights;
pub(crate) use room::Room;
pub(crate) use room_group::{RoomGroup, RoomHeading, place};
pub(crate) use session::Session;
pub(crate) use timeline::{Card, Day, Line};
