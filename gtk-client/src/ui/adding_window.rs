//! Letting people into a room: one types who it is, or takes somebody known on the server.

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    RequestError,
    proto::{Handle, Refusal},
};

use super::{over, toasts};
use crate::{
    i18n::{fill, tr},
    model::{Newcomer, Room, Session, newcomers},
    sentences,
};

/// How large a portrait is, in pixels.
const PORTRAIT: i32 = 32;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/adding_window.ui")]
    pub struct AddingWindow {
        #[template_child]
        pub(super) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(in crate::ui) handle: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(super) add: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) problem: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) known: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(in crate::ui) people: TemplateChild<gtk::ListBox>,
        pub(super) session: OnceCell<Session>,
        pub(super) room: OnceCell<Room>,
        /// Who was in the lobby when the window opened.
        pub(super) lobby: RefCell<Vec<Newcomer>>,
        /// Row by row.
        pub(super) shown: RefCell<Vec<Newcomer>>,
        pub(super) members_handler: RefCell<Option<glib::SignalHandlerId>>,
        pub(super) asking: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for AddingWindow {
        const NAME: &'static str = "TertuliaAddingWindow";
        type Type = super::AddingWindow;
        type ParentType = adw::Window;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
            let none = gtk::gdk::ModifierType::empty();
            klass.add_binding_action(gtk::gdk::Key::Escape, none, "window.close");
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for AddingWindow {
        fn constructed(&self) {
            self.parent_constructed();
            let window = self.obj();
            window.connect_map(|window| {
                window.imp().handle.grab_focus();
            });
            self.handle.connect_changed(clone!(
                #[weak]
                window,
                move |handle| {
                    let imp = window.imp();
                    imp.problem.set_visible(false);
                    imp.add.set_sensitive(!handle.text().trim().is_empty());
                    window.suggest();
                }
            ));
            self.handle.connect_entry_activated(clone!(
                #[weak]
                window,
                move |_| window.add_typed()
            ));
            self.add.connect_clicked(clone!(
                #[weak]
                window,
                move |_| window.add_typed()
            ));
            self.people.connect_row_activated(clone!(
                #[weak]
                window,
                move |_, row| window.add_shown(row)
            ));
        }

        fn dispose(&self) {
            if let (Some(session), Some(handler)) =
                (self.session.get(), self.members_handler.take())
            {
                session.members().disconnect(handler);
            }
        }
    }

    impl WidgetImpl for AddingWindow {}
    impl WindowImpl for AddingWindow {}
    impl AdwWindowImpl for AddingWindow {}
}

glib::wrapper! {
    /// About the room in sight; stays until one is done, as several may be let in.
    pub struct AddingWindow(ObjectSubclass<imp::AddingWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl AddingWindow {
    /// A window over `parent`.
    pub(crate) fn new(parent: Option<&gtk::Window>, session: &Session, room: &Room) -> Self {
        let window: Self = glib::Object::builder().property("transient-for", parent).build();
        over::fit(&window);
        let imp = window.imp();
        let _ = imp.session.set(session.clone());
        let _ = imp.room.set(room.clone());
        imp.title.set_title(&window.title().unwrap_or_default());
        imp.title.set_subtitle(&room.title());
        let handler = session.members().connect_items_changed(clone!(
            #[weak]
            window,
            move |_, _, _, _| window.suggest()
        ));
        imp.members_handler.replace(Some(handler));
        window.suggest();
        window.ask_the_lobby();
        window
    }

    /// Those who are away now can be let in, too.
    fn ask_the_lobby(&self) {
        let Some(session) = self.imp().session.get().cloned() else { return };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                // Who is not in the lobby is not told who is: then what is known has to do.
                if let Ok(people) = session.people_of_lobby().await {
                    let people = people.into_iter().map(Newcomer::from).collect();
                    window.imp().lobby.replace(people);
                    window.suggest();
                }
            }
        ));
    }

    /// Shows who is known and may be meant by what is typed.
    fn suggest(&self) {
        let imp = self.imp();
        let Some(session) = imp.session.get() else { return };
        let mut known = session.known_people();
        known.extend(imp.lobby.borrow().iter().cloned());
        let is_member = |handle: &Handle| session.is_member_in_sight(handle);
        let found = newcomers(known, is_member, &imp.handle.text());
        if found == *imp.shown.borrow() {
            return;
        }
        while let Some(row) = imp.people.row_at_index(0) {
            imp.people.remove(&row);
        }
        found.iter().for_each(|person| imp.people.append(&row_of(person)));
        imp.known.set_visible(!found.is_empty());
        imp.shown.replace(found);
    }

    fn add_shown(&self, row: &gtk::ListBoxRow) {
        let at = usize::try_from(row.index()).ok();
        let chosen = at.and_then(|at| self.imp().shown.borrow().get(at).cloned());
        if let Some(person) = chosen {
            self.add(person.handle);
        }
    }

    fn add_typed(&self) {
        match sentences::read_handle(&self.imp().handle.text()) {
            Ok(handle) => self.add(handle),
            Err(problem) => self.show_problem(&problem),
        }
    }

    /// What stands in the way is said below the entry.
    fn add(&self, handle: Handle) {
        let imp = self.imp();
        let (Some(session), Some(room)) = (imp.session.get().cloned(), imp.room.get().cloned())
        else {
            return;
        };
        // Who is in it already would be given a role.
        if session.is_member_in_sight(&handle) {
            let name = [("name", handle.as_str())];
            return self.show_problem(&fill(tr("@{name} is in the room already."), &name));
        }
        if imp.asking.replace(true) {
            return;
        }
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                let added = session.set_member(&room, handle.clone(), None).await;
                let imp = window.imp();
                imp.asking.set(false);
                match added {
                    Ok(()) => {
                        let values = [("name", handle.as_str()), ("room", &room.title())];
                        let text = fill(tr("@{name} is in {room} now."), &values);
                        toasts::say(&imp.toasts, &text);
                        imp.handle.set_text("");
                    }
                    Err(error) if is_nobody(&error) && window.write_out(&handle) => {}
                    Err(error) => window.show_problem(&add_error(&error, &handle)),
                }
                // A row that had it may go.
                imp.handle.grab_focus();
            }
        ));
    }

    /// Of what begins a name, the only one that is shown for it, for a person to say yes to.
    fn write_out(&self, asked: &Handle) -> bool {
        let imp = self.imp();
        let shown = match imp.shown.borrow().as_slice() {
            [one] => one.handle.clone(),
            _ => return false,
        };
        let is_still_asked = sentences::read_handle(&imp.handle.text()).as_ref() == Ok(asked);
        if shown == *asked || !shown.as_str().starts_with(asked.as_str()) || !is_still_asked {
            return false;
        }
        imp.handle.set_text(&format!("@{shown}"));
        imp.handle.set_position(-1);
        true
    }

    fn show_problem(&self, text: &str) {
        let imp = self.imp();
        imp.problem.set_label(text);
        imp.problem.set_visible(true);
    }
}

fn row_of(person: &Newcomer) -> adw::ActionRow {
    let handle = format!("@{}", person.handle);
    let subtitle = if person.here { format!("{handle} · {}", tr("here")) } else { handle };
    let row = adw::ActionRow::builder()
        .use_markup(false)
        .title(person.display.as_str())
        .subtitle(subtitle)
        .title_lines(1)
        .subtitle_lines(1)
        .activatable(true)
        .build();
    row.add_prefix(&adw::Avatar::new(PORTRAIT, Some(person.display.as_str()), true));
    row.add_suffix(&gtk::Image::from_icon_name("list-add-symbolic"));
    row
}

fn is_nobody(error: &RequestError) -> bool {
    matches!(error, RequestError::Refused { refusal: Refusal::NO_SUCH_ACCOUNT, .. })
}

fn add_error(error: &RequestError, handle: &Handle) -> String {
    if is_nobody(error) {
        let name = [("name", handle.as_str())];
        return fill(tr("There is nobody called @{name} on this server."), &name);
    }
    sentences::request_error(error)
}
