//! What a room is, who is in it, and what one may change of it. What one may not do is not shown.

mod telling;

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    RequestError,
    proto::{HistoryPolicy, RoomId, RoomKind, Topic},
};

use super::{
    adding_window::AddingWindow, leaving, member_menu, member_row::MemberRow, over, room_name,
    toasts,
};
use crate::{
    appearance::Looks,
    i18n::{tr, trn},
    model::{PersonObject, Rights, Room, Session},
    sentences,
};

/// Members listed here; the pane beside the messages lists all.
const MEMBERS: u32 = 200;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/room_details_window.ui")]
    pub struct RoomDetailsWindow {
        #[template_child]
        pub(super) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(super) about: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(in crate::ui) topic: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(super) save_topic: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) topic_shown: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(in crate::ui) name: TemplateChild<adw::EntryRow>,
        #[template_child]
        pub(super) save_name: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) kind: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(super) history: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(super) tell_all: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) tells: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) tell_mentions: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) tell_none: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(in crate::ui) add: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) members: TemplateChild<gtk::ListBox>,
        #[template_child]
        pub(super) more: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) deeds: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(in crate::ui) archive: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) leave: TemplateChild<gtk::Button>,
        pub(super) session: OnceCell<Session>,
        pub(super) room: OnceCell<Room>,
        pub(super) handlers: RefCell<Vec<(glib::Object, glib::SignalHandlerId)>>,
        /// The topic and the name as last shown: what differs was typed.
        pub(super) shown: RefCell<(String, String)>,
        pub(super) asking: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for RoomDetailsWindow {
        const NAME: &'static str = "TertuliaRoomDetailsWindow";
        type Type = super::RoomDetailsWindow;
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

    impl ObjectImpl for RoomDetailsWindow {
        fn constructed(&self) {
            self.parent_constructed();
            let window = self.obj();
            Looks::shared().turn(&self.tells);
            room_name::tend(&self.name);
            let entries = [
                (&*self.topic, &*self.save_topic, Deed::Topic),
                (&*self.name, &*self.save_name, Deed::Name),
            ];
            for (entry, button, deed) in entries {
                let act = clone!(
                    #[weak]
                    window,
                    move || window.act(deed)
                );
                entry.connect_entry_activated({
                    let act = act.clone();
                    move |_| act()
                });
                button.connect_clicked(move |_| act());
                entry.connect_changed(clone!(
                    #[weak(rename_to = imp)]
                    self,
                    move |_| imp.show_what_differs()
                ));
            }
            let others = [
                (&*self.add, Deed::Add),
                (&*self.archive, Deed::Archive),
                (&*self.leave, Deed::Leave),
            ];
            for (button, deed) in others {
                button.connect_clicked(clone!(
                    #[weak]
                    window,
                    move |_| window.act(deed)
                ));
            }
        }

        fn dispose(&self) {
            for (object, handler) in self.handlers.take() {
                object.disconnect(handler);
            }
        }
    }

    impl WidgetImpl for RoomDetailsWindow {}
    impl WindowImpl for RoomDetailsWindow {}
    impl AdwWindowImpl for RoomDetailsWindow {}

    impl RoomDetailsWindow {
        pub(super) fn show_what_differs(&self) {
            let shown = self.shown.borrow();
            self.save_topic.set_visible(self.topic.text() != shown.0);
            self.save_name.set_visible(self.name.text() != shown.1);
        }
    }
}

/// What a button here does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Topic,
    Name,
    Add,
    Archive,
    Leave,
}

glib::wrapper! {
    /// About one room, which is in sight behind it; closes when the room is gone.
    pub struct RoomDetailsWindow(ObjectSubclass<imp::RoomDetailsWindow>)
        @extends adw::Window, gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

impl RoomDetailsWindow {
    /// A window over `parent`.
    pub(crate) fn new(parent: Option<&gtk::Window>, session: &Session, room: &Room) -> Self {
        let window: Self = glib::Object::builder().property("transient-for", parent).build();
        over::fit(&window);
        let imp = window.imp();
        let _ = imp.session.set(session.clone());
        let _ = imp.room.set(room.clone());
        window.offer_levels(session, room);
        window.list_members(session);
        window.follow(session, room);
        window.show_room();
        window
    }

    fn list_members(&self, session: &Session) {
        let imp = self.imp();
        let slice = gtk::SliceListModel::new(Some(session.members().clone()), 0, MEMBERS);
        let shown = session.clone();
        imp.members.bind_model(Some(&slice), move |object| {
            let row = MemberRow::default();
            if let Some(person) = object.downcast_ref::<PersonObject>() {
                row.bind(person, &shown);
            }
            gtk::ListBoxRow::builder().child(&row).activatable(false).build().upcast()
        });
        let say = clone!(
            #[weak(rename_to = window)]
            self,
            move |text: &str| window.toast(text)
        );
        let opened = clone!(
            #[weak(rename_to = window)]
            self,
            move |room: RoomId| {
                if let Some(parent) = window.transient_for() {
                    let id = room.0.to_variant();
                    // Nothing hangs on the result: a window without the action is a test's.
                    drop(WidgetExt::activate_action(&parent, "win.show-room", Some(&id)));
                }
                window.close();
            }
        );
        member_menu::install(self, session, say, opened);
    }

    fn follow(&self, session: &Session, room: &Room) {
        let show = clone!(
            #[weak(rename_to = window)]
            self,
            move || window.show_room()
        );
        let handlers = [
            (
                room.clone().upcast(),
                room.connect_changed({
                    let show = show.clone();
                    move |_| show()
                }),
            ),
            (
                session.clone().upcast(),
                session.connect_rooms_changed({
                    let show = show.clone();
                    move |_| show()
                }),
            ),
            (
                session.clone().upcast(),
                session.connect_account_changed({
                    let show = show.clone();
                    move |_| show()
                }),
            ),
            (
                session.members().clone().upcast(),
                session.members().connect_items_changed(move |_, _, _, _| show()),
            ),
        ];
        self.imp().handlers.replace(handlers.into());
    }

    fn show_room(&self) {
        let imp = self.imp();
        let (Some(session), Some(room)) = (imp.session.get(), imp.room.get()) else {
            return;
        };
        if session.room(room.id()).is_none() {
            self.close();
            return;
        }
        imp.title.set_title(&self.title().unwrap_or_default());
        imp.title.set_subtitle(&room.title());
        self.show_about(room, session.rights(room));
        let more = session.members().n_items().saturating_sub(MEMBERS);
        imp.more.set_visible(more > 0);
        imp.more.set_label(&trn(
            "One more is in the list beside the messages.",
            "{n} more are in the list beside the messages.",
            more.into(),
        ));
    }

    fn show_about(&self, room: &Room, rights: Option<Rights>) {
        let imp = self.imp();
        let may = |right: fn(Rights) -> bool| rights.is_some_and(right);
        let is_direct = room.kind() == RoomKind::Direct;
        let listing = room.with_view(|view| view.listing.clone());
        let Some(listing) = listing else { return };
        imp.about.set_visible(!is_direct);
        imp.topic.set_visible(may(Rights::may_set_topic));
        imp.topic_shown.set_visible(!may(Rights::may_set_topic) && !room.topic().is_empty());
        imp.topic_shown.set_subtitle(listing.topic.as_str());
        imp.name.set_visible(may(Rights::may_rename));
        let (title, subtitle) = if room.kind() == RoomKind::Private {
            (tr("Private"), tr("Only its members can find it"))
        } else {
            (tr("Public"), tr("Everyone on the server can enter it"))
        };
        imp.kind.set_title(title);
        imp.kind.set_subtitle(subtitle);
        imp.history.set_subtitle(match listing.history {
            HistoryPolicy::All => tr("everything"),
            HistoryPolicy::SinceJoined => tr("only what comes after"),
        });
        imp.add.set_visible(may(Rights::may_add));
        imp.archive.set_visible(may(Rights::may_archive));
        imp.archive.set_label(if listing.archived {
            tr("Open the Room Again")
        } else {
            tr("Archive the Room")
        });
        imp.leave.set_visible(may(Rights::may_leave));
        imp.deeds.set_visible(may(Rights::may_archive) || may(Rights::may_leave));
        self.refill(listing.topic.as_str(), listing.name.as_str());
    }

    /// Shows what others changed, and leaves alone what is being typed.
    fn refill(&self, topic: &str, name: &str) {
        let imp = self.imp();
        let before = imp.shown.replace((topic.to_owned(), name.to_owned()));
        if imp.topic.text() == before.0 {
            put(&imp.topic, topic);
        }
        if imp.name.text() == before.1 {
            put(&imp.name, name);
        }
        imp.show_what_differs();
    }

    fn act(&self, deed: Deed) {
        let imp = self.imp();
        let (Some(session), Some(room)) = (imp.session.get(), imp.room.get().cloned()) else {
            return;
        };
        match deed {
            Deed::Topic => match Topic::new(imp.topic.text().trim()) {
                Ok(topic) => {
                    put(&imp.topic, topic.as_str());
                    self.ask(async move |session| session.set_topic(&room, topic).await);
                }
                Err(error) => self.toast(&sentences::topic_error(error)),
            },
            Deed::Name => match room_name::read(&imp.name) {
                Ok(name) => {
                    put(&imp.name, name.as_str());
                    self.ask(async move |session| session.rename_room(&room, name).await);
                }
                Err(error) => self.toast(sentences::room_name_error(error)),
            },
            Deed::Add => {
                AddingWindow::new(Some(self.upcast_ref()), session, &room).present();
            }
            Deed::Archive => {
                let archived = !room.archived();
                self.ask(async move |session| session.archive_room(&room, archived).await);
            }
            Deed::Leave => {
                let say = clone!(
                    #[weak(rename_to = window)]
                    self,
                    move |text: &str| window.toast(text)
                );
                leaving::ask(Some(self.upcast_ref()), session, &room, say);
            }
        }
    }

    /// One request at a time; what it says against it becomes a toast.
    fn ask(&self, ask: impl AsyncFnOnce(Session) -> Result<(), RequestError> + 'static) {
        let Some(session) = self.imp().session.get().cloned() else {
            return;
        };
        if self.imp().asking.replace(true) {
            return;
        }
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                let answer = ask(session).await;
                window.imp().asking.set(false);
                if let Err(error) = answer {
                    window.toast(&sentences::request_error(&error));
                }
            }
        ));
    }

    fn toast(&self, text: &str) {
        toasts::say(&self.imp().toasts, text);
    }
}

/// Puts a text into an entry, and leaves the cursor where it is.
fn put(entry: &adw::EntryRow, text: &str) {
    if entry.text() != text {
        let at = entry.position();
        entry.set_text(text);
        entry.set_position(at);
    }
}
