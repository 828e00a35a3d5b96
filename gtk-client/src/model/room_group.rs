//! In which order rooms are listed: rooms, then people, then what is archived; in each the
//! liveliest first.

use std::{cell::Cell, cmp::Reverse};

use gtk::{glib, prelude::*, subclass::prelude::*};
use tertulia_client::proto::{RoomId, RoomKind, Timestamp};

use super::Room;

/// A part of the list of rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RoomGroup {
    /// Public and private rooms.
    #[default]
    Rooms,
    /// Rooms of two.
    Direct,
    /// Rooms closed for writing.
    Archived,
}

impl RoomGroup {
    /// Where a room belongs.
    pub(crate) fn of(room: &Room) -> Self {
        if room.archived() {
            Self::Archived
        } else if room.kind() == RoomKind::Direct {
            Self::Direct
        } else {
            Self::Rooms
        }
    }
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct RoomHeading {
        pub(super) group: Cell<RoomGroup>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for RoomHeading {
        const NAME: &'static str = "TertuliaRoomHeading";
        type Type = super::RoomHeading;
    }

    impl ObjectImpl for RoomHeading {}
}

glib::wrapper! {
    /// What stands over a group; an item of the list, as GTK 4.8 knows no sections.
    pub struct RoomHeading(ObjectSubclass<imp::RoomHeading>);
}

impl RoomHeading {
    /// A heading over this group.
    pub(crate) fn new(group: RoomGroup) -> Self {
        let heading: Self = glib::Object::new();
        heading.imp().group.set(group);
        heading
    }

    /// Over which.
    pub(crate) fn group(&self) -> RoomGroup {
        self.imp().group.get()
    }
}

/// Where an item of the list goes: a room, or a heading before the rooms of its group.
pub(crate) fn place(item: &glib::Object) -> Option<(RoomGroup, bool, Reverse<Timestamp>, RoomId)> {
    if let Some(heading) = item.downcast_ref::<RoomHeading>() {
        return Some((heading.group(), false, Reverse(Timestamp::default()), RoomId::default()));
    }
    let room = item.downcast_ref::<Room>()?;
    Some((RoomGroup::of(room), true, Reverse(room.newest()), room.id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{direct_view, room_view};

    #[test]
    fn rooms_come_before_people_and_what_is_archived_comes_last() {
        let said = |id, name, time| {
            let mut view = room_view(id, name);
            view.preview = Some(("Ana".into(), "x".into(), Timestamp(time)));
            view
        };
        let mut archived = said(4, "old", 900);
        archived.listing.archived = true;
        let views = [archived, direct_view(3, "beto"), said(1, "lobby", 10), said(2, "garden", 20)];
        let mut items: Vec<glib::Object> =
            views.into_iter().map(|view| Room::new(view).upcast()).collect();
        items.push(RoomHeading::new(RoomGroup::Archived).upcast());
        items.push(RoomHeading::new(RoomGroup::Direct).upcast());
        items.sort_by_key(place);
        let shown = items.iter().map(|item| match item.downcast_ref::<Room>() {
            Some(room) => room.title(),
            None => "-".to_owned(),
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, ["#garden", "#lobby", "-", "beto", "-", "#old"]);
    }
}
