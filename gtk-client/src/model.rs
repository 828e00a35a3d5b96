//! What the window shows, without widgets: GObjects that lists and templates bind to, and the
//! pure logic behind them.

mod account_list;
mod accounts;
mod alertness;
mod calendar;
pub(crate) mod census;
mod chosen;
mod completion;
mod connection_figures;
mod finding;
mod line;
mod links;
mod message_deeds;
mod newcomers;
mod notices;
mod parcel;
mod person;
mod rights;
mod room;
mod room_group;
mod session;
mod slot;
mod switcher;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod typists;
mod window_state;

pub(crate) use account_list::{News, short_server, way};
pub(crate) use accounts::Accounts;
pub(crate) use alertness::{Burst, Clocks};
pub(crate) use calendar::{clock, day_of, day_title, now};
pub(crate) use chosen::{Chosen, copied, is_text};
pub(crate) use completion::{Named, Suggestion, asked, finished_emoji, suggestions};
pub(crate) use connection_figures::ConnectionFigures;
pub(crate) use finding::Finding;
pub(crate) use line::TimelineLine;
pub(crate) use links::{Link, links, whole_link};
pub(crate) use message_deeds::{Deed, deeds, file_deeds};
pub(crate) use newcomers::{Newcomer, newcomers};
pub(crate) use notices::{Level, Wishes, words};
pub(crate) use parcel::{Errand, Parcel, Stage};
pub(crate) use person::PersonObject;
pub(crate) use rights::Rights;
pub(crate) use room::Room;
pub(crate) use room_group::{RoomGroup, RoomHeading, place};
pub(crate) use session::{ERRANDS_FILE, PLACES_FILE, Session, WISHES_FILE, downloads, has_file};
pub(crate) use slot::Slot;
pub(crate) use switcher::{Place, found};
pub(crate) use timeline::{About, Answered, Card, Carried, Day, Line};
pub(crate) use window_state::WindowState;
