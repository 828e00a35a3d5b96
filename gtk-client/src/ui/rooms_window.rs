//! Rooms to enter, and a new one to make.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeSet,
    sync::OnceLock,
};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{
    glib,
    glib::{clone, subclass::Signal},
};
use tertulia_client::{
    RequestError,
    proto::{HistoryPolicy, NameError, Refusal, RoomKind, RoomListing, skeleton},
};

use super::{over, room_name, toasts};
use crate::{
    i18n::{tr, trn},
    model::{Room, Session},
    sentences,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/rooms_window.ui")]
    pub struct RoomsWindow {
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(super) page: TemplateChild<adw::PreferencesPage>,
        #[template_child]
        pub(super) new_room: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(in crate::ui) name: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(super) problem: TemplateChild<gtk::Label>,
        #[template_child]
        pub(in crate::ui) create: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) private: TemplateChild<gtk::Switch>,
        #[template_child]
        pub(super) history: TemplateChild<adw::ComboRow>,
        #[template_child]
        pub(super) rooms: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) placeholder: TemplateChild<gtk::Label>,
        pub(super) session: OnceCell<Session>,
        /// What rooms are called that one can see, without what looks alike.
        pub(super) taken: RefCell<BTreeSet<String>>,
        /// One came to enter a room rather than to make one.
        pub(super) entering: Cell<bool>,
        pub(super) asking: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for RoomsWindow {
        const NAME: &'static str = "TertuliaRoomsWindow";
        type Type = super::RoomsWindow;
        type ParentType = adw::Window;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
            klass.add_binding_action(
                gtk::gdk::Key::Escape,
                gtk::gdk::ModifierType::empty(),
                "window.close",
            );
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for RoomsWindow {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                let entered = Signal::builder("entered").param_types([u64::static_type()]);
                vec![entered.build()]
            })
        }

        fn constructed(&self) {
            self.parent_constructed();
            let window = self.obj();
            room_name::tend(&self.name);
            self.name.connect_changed(clone!(
                #[weak]
                window,
                move |_| window.judge()
            ));
            self.name.connect_entry_activated(clone!(
                #[weak]
                window,
                move |_| window.create()
            ));
            window.connect_map(|window| {
                if !window.imp().entering.get() {
                    window.imp().name.grab_focus();
                }
            });
            self.create.connect_clicked(clone!(
                #[weak]
                window,
                move |_| window.create()
            ));
        }
    }

    impl WidgetImpl for RoomsWindow {}
    impl WindowImpl for RoomsWindow {}
    impl AdwWindowImpl for RoomsWindow {}
}

glib::wrapper! {
    /// Says `entered` with the room's id, and closes.
    pub struct RoomsWindow(ObjectSubclass<imp::RoomsWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl RoomsWindow {
    /// A window over `parent` that asks for the rooms at once. `entering`: those come first.
    pub(crate) fn new(parent: &impl IsA<gtk::Window>, session: &Session, entering: bool) -> Self {
        let window: Self = glib::Object::builder().property("transient-for", parent).build();
        over::fit(&window);
        let _ = window.imp().session.set(session.clone());
        let imp = window.imp();
        imp.entering.set(entering);
        if entering {
            // To the end.
            imp.page.remove(&*imp.new_room);
            imp.page.add(&*imp.new_room);
        }
        let own = session.rooms().iter::<Room>().filter_map(Result::ok);
        let own = own.filter(|room| room.kind() != RoomKind::Direct);
        window.take_names(own.map(|room| room.title()));
        window.list();
        window
    }

    /// Calls `entered` with the room's id.
    pub(crate) fn connect_entered(&self, entered: impl Fn(u64) + 'static) {
        self.connect_local("entered", false, move |values| {
            if let Some(Ok(id)) = values.get(1).map(|value| value.get()) {
                entered(id);
            }
            None
        });
    }

    fn list(&self) {
        let Some(session) = self.imp().session.get().cloned() else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                let listed = session.listed_rooms().await;
                window.show_rooms(listed);
            }
        ));
    }

    fn show_rooms(&self, listed: Result<Vec<RoomListing>, RequestError>) {
        let imp = self.imp();
        match listed {
            Err(error) => imp.placeholder.set_label(&sentences::request_error(&error)),
            Ok(rooms) => {
                imp.placeholder.set_label(tr("You are in every public room there is."));
                for room in rooms.iter().filter(|room| can_enter(room)) {
                    imp.rooms.append(&self.row(room));
                }
                if imp.entering.get() {
                    imp.rooms.child_focus(gtk::DirectionType::TabForward);
                }
                self.take_names(rooms.iter().map(|room| room.name.to_string()));
                self.judge();
            }
        }
    }

    fn row(&self, room: &RoomListing) -> adw::ActionRow {
        let members = trn("one member", "{n} members", room.members.into());
        let topic = room.topic.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
        let subtitle = if topic.is_empty() { members } else { format!("{members} · {topic}") };
        let row = adw::ActionRow::builder()
            .use_markup(false)
            .title(format!("#{}", room.name))
            .subtitle(subtitle)
            .subtitle_lines(2)
            .build();
        let enter = gtk::Button::builder().label(tr("Enter")).valign(gtk::Align::Center).build();
        let name = room.name.clone();
        enter.connect_clicked(clone!(
            #[weak(rename_to = window)]
            self,
            move |_| {
                let name = name.clone();
                window.request(async move |session| session.enter_room(name).await);
            }
        ));
        row.add_suffix(&enter);
        row
    }

    fn take_names(&self, names: impl Iterator<Item = String>) {
        let names = names.map(|name| skeleton(name.trim_start_matches('#')));
        self.imp().taken.borrow_mut().extend(names);
    }

    /// Says while one types what is against the name.
    fn judge(&self) {
        let imp = self.imp();
        let judged = room_name::read(&imp.name);
        let problem = match &judged {
            // One has only begun.
            Err(NameError::TooShort) => None,
            Err(error) => Some(sentences::room_name_error(*error).to_owned()),
            Ok(name) if imp.taken.borrow().contains(&skeleton(name.as_str())) => {
                Some(sentences::refusal(Refusal::NAME_TAKEN))
            }
            Ok(_) => None,
        };
        imp.create.set_sensitive(judged.is_ok() && problem.is_none());
        imp.problem.set_visible(problem.is_some());
        imp.problem.set_label(&problem.unwrap_or_default());
    }

    fn create(&self) {
        let imp = self.imp();
        if !imp.create.is_sensitive() {
            return;
        }
        let kind = if imp.private.is_active() { RoomKind::Private } else { RoomKind::Public };
        let history = match imp.history.selected() {
            0 => HistoryPolicy::All,
            _ => HistoryPolicy::SinceJoined,
        };
        match room_name::read(&imp.name) {
            Err(error) => self.toast(sentences::room_name_error(error)),
            Ok(name) => {
                self.request(async move |session| session.create_room(name, kind, history).await)
            }
        }
    }

    fn request(
        &self,
        request: impl AsyncFnOnce(Session) -> Result<RoomListing, RequestError> + 'static,
    ) {
        let Some(session) = self.imp().session.get().cloned() else {
            return;
        };
        // One request at a time. Not by insensitivity: that takes the focus from under the cursor.
        if self.imp().asking.replace(true) {
            return;
        }
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                let answer = request(session).await;
                window.imp().asking.set(false);
                match answer {
                    Ok(room) => {
                        window.emit_by_name::<()>("entered", &[&room.room.0]);
                        window.close();
                    }
                    Err(error) => window.toast(&sentences::request_error(&error)),
                }
            }
        ));
    }

    fn toast(&self, text: &str) {
        toasts::say(&self.imp().toasts, text);
    }
}

fn can_enter(room: &RoomListing) -> bool {
    room.kind == RoomKind::Public && !room.is_entered() && !room.archived
}
