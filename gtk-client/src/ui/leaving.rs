//! Leaving a room, after a question.

use gtk::{glib, glib::clone};
use tertulia_client::proto::{Person, Role, RoomKind};

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
    let is_shown = session.current().as_ref() == Some(room);
    let people = if is_shown { session.people_of_room() } else { Vec::new() };
    let body = match what_becomes(session, room, &people) {
        Some(becomes) => format!("{body}\n\n{becomes}"),
        None => body.to_owned(),
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
    confirm::ask(parent, &heading, &body, (tr("Stay"), tr("Leave")), leave);
}

/// What becomes of a room when its last owner goes; `None`: it does not hang on the reader.
fn what_becomes(session: &Session, room: &Room, people: &[Person]) -> Option<String> {
    let me = session.account()?;
    let role = room.with_view(|view| view.listing.role).flatten();
    let others: Vec<_> = people.iter().filter(|person| person.account != me.id).collect();
    if role != Some(Role::Owner) || others.iter().any(|person| person.role == Role::Owner) {
        return None;
    }
    match room.kind() {
        RoomKind::Private => Some(successor(&others, people.is_empty())),
        RoomKind::Public if me.role < Role::Moderator => Some(
            tr("You own it, and would come back as a member. Those who keep order on the server look after it.")
                .to_owned(),
        ),
        RoomKind::Public | RoomKind::Direct => None,
    }
}

/// Who owns a private room next: as the server decides, by role, then by time in it.
fn successor(others: &[&Person], unknown: bool) -> String {
    let highest = others.iter().map(|person| person.role).max();
    let mut next = others.iter().filter(|person| Some(person.role) == highest);
    match (next.next(), next.next()) {
        (None, _) if !unknown => {
            tr("Nobody else is in it: what was said there is out of everybody’s reach then.").to_owned()
        }
        (Some(person), None) => {
            fill(tr("{name} owns it then."), &[("name", person.display.as_str())])
        }
        _ => tr("Of those who have the highest role in it, whoever has been there longest owns it then.")
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::person;

    #[test]
    fn the_next_owner_is_named_where_it_is_certain() {
        let mut mia = person("Mia");
        let tom = person("Tom");
        assert!(successor(&[], false).contains("out of everybody’s reach"));
        assert_eq!(successor(&[&tom], false), "Tom owns it then.");
        assert!(successor(&[&mia, &tom], false).contains("longest"), "both are members");
        assert!(successor(&[], true).contains("longest"), "nothing is known of them");
        mia.role = Role::Moderator;
        assert_eq!(successor(&[&mia, &tom], false), "Mia owns it then.");
    }
}
