//! What the window shows, without widgets: GObjects that lists and templates bind to, and the
//! pure logic behind them.

mod calendar;
mod line;
mod person;
mod room;
mod session;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;

pub(crate) use calendar::{clock, day_of, day_title, now};
pub(crate) use line::TimelineLine;
pub(crate) use person::PersonObject;
pub(crate) use room::Room;
pub(crate) use session::Session;
pub(crate) use timeline::{Card, Day, Line};
