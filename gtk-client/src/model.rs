//! What the window shows, without widgets: GObjects that lists and templates bind to, and the
//! pure logic behind them.

mod calendar;
mod completion;
mod line;
mod links;
mod person;
mod rights;
mod room;
mod room_group;
mod session;
mod switcher;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod typists;

pub(crate) use calendar::{clock, day_of, day_title, now};
pub(crate) use completion::{Named, Suggestion, asked, finished_emoji, suggestions};
pub(crate) use line::TimelineLine;
pub(crate) use links::{Link, links, whole_link};
pub(crate) use person::PersonObject;
pub(crate) use rights::Rights;
pub(crate) use room::Room;
pub(crate) use room_group::{RoomGroup, RoomHeading, place};
pub(crate) use session::Session;
pub(crate) use switcher::{Place, found};
pub(crate) use timeline::{Card, Day, Line};
