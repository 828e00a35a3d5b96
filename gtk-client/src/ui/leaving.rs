//! Leaving a room, after a question.

use gtk::{glib, glib::clone};
use tertulia_client::proto::RoomKind;

use super::confirm;
use crate::{
    i18n::{fill, tr},
    model::{Room, Session},
    sentences,
};

/// Asks, then leaves; `say` tells what was said against it.
pub(super) fn ask(
    parent: Option<&gtk::Window>,
    session: &Session,
    room: &Room,
    say: impl Fn(&str) + Clone + 'static,
) {
    let heading = fill(tr("Leave {room}?"), &[("room", &room.title())]);
    let body = match room.kind() {
        RoomKind::Public if room.archived() => {
            tr("It is archived: you can enter it again only when it is open again.")
        }
        RoomKind::Public => tr("You can enter it again at any time."),
        RoomKind::Private | RoomKind::Direct => {
            tr("It is private: you can’t enter it again by yourself.")
        }
    };
    let leave = clone!(
        #[strong]
        session,
        #[strong]
        room,
        move || {
            let (session, room, say) = (session.clone(), room.clone(), say.clone());
            glib::spawn_future_local(async move {
                if let Err(error) = session.leave_room(&room).await {
                    say(&sentences::request_error(&error));
                }
            });
        }
    );
    confirm::ask(parent, &heading, body, (tr("Stay"), tr("Leave")), leave);
}
