//! What one can do about a member: the menu, and the actions behind it.

use gtk::{gio, glib, glib::clone, prelude::*};
use tertulia_client::{
    RequestError,
    proto::{Handle, Person, Role, RoomId},
};

use super::confirm;
use crate::{
    i18n::{fill, tr},
    model::{Rights, Session},
    sentences,
};

/// What one can make of a member, the highest first.
const ROLES: [Role; 4] = [Role::Owner, Role::Moderator, Role::Member, Role::Guest];

/// What one may do about somebody else; may be empty.
pub(super) fn menu(person: &Person, rights: Rights) -> gio::Menu {
    let menu = gio::Menu::new();
    let handle = person.handle.as_str();
    let section = |items: Vec<gio::MenuItem>| {
        let section = gio::Menu::new();
        items.iter().for_each(|item| section.append_item(item));
        if !items.is_empty() {
            menu.append_section(None, &section);
        }
    };
    let item = |label: &str, action: &str, target: glib::Variant| {
        let item = gio::MenuItem::new(Some(label), None);
        item.set_action_and_target_value(Some(action), Some(&target));
        item
    };
    let message = item(tr("Message"), "member.message", handle.to_variant());
    section(rights.may_message().then_some(message).into_iter().collect());
    let given = ROLES.into_iter().filter(|role| rights.may_give(*role, person.role));
    let roles =
        given.map(|role| item(make(role), "member.set-role", (handle, role.as_str()).to_variant()));
    section(roles.collect());
    let who = (handle, person.display.as_str()).to_variant();
    let remove = item(tr("Remove from the Room…"), "member.remove", who);
    section(rights.may_remove(person.role).then_some(remove).into_iter().collect());
    menu
}

/// Gives the menus below `widget` their actions, which are about the room in sight. `say` tells
/// what was refused; `opened` gets a direct room.
pub(super) fn install(
    widget: &impl IsA<gtk::Widget>,
    session: &Session,
    say: impl Fn(&str) + Clone + 'static,
    opened: impl Fn(RoomId) + Clone + 'static,
) {
    let message = action::<String, _>("message", {
        let (session, say) = (session.clone(), say.clone());
        move |handle| {
            let Ok(handle) = Handle::kept(handle) else { return };
            let (session, say, opened) = (session.clone(), say.clone(), opened.clone());
            glib::spawn_future_local(async move {
                match session.open_direct(handle).await {
                    Ok(room) => opened(room.room),
                    Err(error) => say(&sentences::request_error(&error)),
                }
            });
        }
    });
    let set_role = action::<(String, String), _>("set-role", {
        let (session, say) = (session.clone(), say.clone());
        move |(handle, role)| {
            let role = ROLES.into_iter().find(|known| known.as_str() == role);
            if let (Ok(handle), Some(role)) = (Handle::kept(handle), role) {
                request(&session, &say, async move |session| match session.current() {
                    Some(room) => session.set_member(&room, handle, Some(role)).await,
                    None => Ok(()),
                });
            }
        }
    });
    let remove = action::<(String, String), _>("remove", {
        let (session, widget) = (session.clone(), widget.upcast_ref::<gtk::Widget>().downgrade());
        move |(handle, name)| {
            let window = widget.upgrade().as_ref().and_then(confirm::window_of);
            if let (Ok(handle), Some(room)) = (Handle::kept(handle), session.current()) {
                let values = [("name", name.as_str()), ("room", &room.title())];
                let heading = fill(tr("Remove {name} from {room}?"), &values);
                let (session, say) = (session.clone(), say.clone());
                let act = move || {
                    let (room, handle) = (room.clone(), handle.clone());
                    request(&session, &say, async move |session| {
                        session.remove_member(&room, handle).await
                    });
                };
                let words = (tr("Keep"), tr("Remove"));
                confirm::ask(window.as_ref(), &heading, tr("The others see it."), words, act);
            }
        }
    });
    let group = gio::SimpleActionGroup::new();
    [message, set_role, remove].iter().for_each(|action| group.add_action(action));
    widget.insert_action_group("member", Some(&group));
}

fn action<T, F>(name: &str, act: F) -> gio::SimpleAction
where
    T: StaticVariantType + FromVariant,
    F: Fn(T) + 'static,
{
    let action = gio::SimpleAction::new(name, Some(&T::static_variant_type()));
    action.connect_activate(move |_, target| {
        if let Some(target) = target.and_then(glib::Variant::get) {
            act(target);
        }
    });
    action
}

fn request(
    session: &Session,
    say: &(impl Fn(&str) + Clone + 'static),
    ask: impl AsyncFnOnce(Session) -> Result<(), RequestError> + 'static,
) {
    glib::spawn_future_local(clone!(
        #[strong]
        session,
        #[strong]
        say,
        async move {
            if let Err(error) = ask(session).await {
                say(&sentences::request_error(&error));
            }
        }
    ));
}

fn make(role: Role) -> &'static str {
    match role {
        Role::Owner => tr("Make Owner"),
        Role::Moderator => tr("Make Moderator"),
        Role::Member => tr("Make Member"),
        Role::Guest => tr("Make Guest"),
    }
}
