//! One room: its messages, and where one writes.

mod actions;
mod answering;
mod choosing;
mod commands;
mod deeds;
mod excerpt;
mod files;
mod finding;
mod going;
mod heading;
mod hover;
mod message_menu;
mod rows;
mod unread;
mod whose;

use std::cell::{Cell, OnceCell, RefCell};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};

use self::excerpt::Excerpt;
use super::{
    answer_bar::AnswerBar, bottom_follower::BottomFollower, composer::Composer,
    connection_strip::ConnectionStrip, find_bar::FindBar, room_levels::RoomLevels,
    timeline_cell::TimelineCell, toasts,
};
use crate::model::{Chosen, Finding, Room, Session};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/chat_page.ui")]
    pub struct ChatPage {
        #[template_child]
        pub(super) header: TemplateChild<adw::HeaderBar>,
        #[template_child]
        pub(super) lock: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(super) title_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) back: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) menu: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(super) members: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(in crate::ui) strip: TemplateChild<ConnectionStrip>,
        #[template_child]
        pub(super) stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(in crate::ui) scroll: TemplateChild<gtk::ScrolledWindow>,
        #[template_child]
        pub(in crate::ui) list: TemplateChild<gtk::ListView>,
        #[template_child]
        pub(super) empty: TemplateChild<gtk::Box>,
        #[template_child]
        pub(in crate::ui) bottom_revealer: TemplateChild<gtk::Revealer>,
        #[template_child]
        pub(in crate::ui) bottom: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) bottom_unread: TemplateChild<gtk::Label>,
        #[template_child]
        pub(in crate::ui) new_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(in crate::ui) composer: TemplateChild<Composer>,
        #[template_child]
        pub(super) over_list: TemplateChild<gtk::Overlay>,
        #[template_child]
        pub(in crate::ui) more: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) whose_bar: TemplateChild<adw::Clamp>,
        #[template_child]
        pub(in crate::ui) whose: TemplateChild<gtk::Label>,
        /// Frames in which it is looked for.
        pub(super) whose_in: Cell<u32>,
        #[template_child]
        pub(super) answer_bar: TemplateChild<AnswerBar>,
        #[template_child]
        pub(super) choosing: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) choosing_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) copy_chosen: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) writers: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) closed: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) closed_text: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) reopen: TemplateChild<gtk::Button>,
        pub(super) session: OnceCell<Session>,
        pub(super) levels: OnceCell<RoomLevels>,
        pub(super) follower: OnceCell<BottomFollower>,
        pub(in crate::ui) excerpt: OnceCell<Excerpt>,
        pub(super) room: RefCell<Option<Room>>,
        pub(super) room_handlers: RefCell<Vec<glib::SignalHandlerId>>,
        pub(super) covered: Cell<bool>,
        /// The line "New messages" was in sight.
        pub(super) new_seen: Cell<bool>,
        /// Frames until it is looked for.
        pub(super) new_in: Cell<u32>,
        pub(super) lines_handler: RefCell<Option<glib::SignalHandlerId>>,
        /// The menu of messages, the row that it is about, and what of its text was marked.
        pub(super) message_menu: RefCell<Option<gtk::PopoverMenu>>,
        pub(super) menu_row: glib::WeakRef<gtk::Widget>,
        /// The row under the pointer.
        pub(super) hovered: glib::WeakRef<TimelineCell>,
        pub(super) marked: RefCell<Option<String>>,
        /// Made when first needed.
        pub(in crate::ui) find_bar: OnceCell<FindBar>,
        /// What is looked for in the room, whether that goes on, and how often it began.
        pub(in crate::ui) finding: RefCell<Option<Finding>>,
        pub(super) looking: Cell<bool>,
        pub(super) runs: Cell<u64>,
        /// While messages are being chosen.
        pub(super) chosen: RefCell<Option<Chosen>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ChatPage {
        const NAME: &'static str = "TertuliaChatPage";
        type Type = super::ChatPage;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            // A template finds its children's types by name: they must be known before.
            ConnectionStrip::ensure_type();
            Composer::ensure_type();
            AnswerBar::ensure_type();
            klass.bind_template();
            actions::install(klass);
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for ChatPage {
        fn dispose(&self) {
            self.drop_menu();
        }

        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            self.list.set_factory(Some(&rows::factory(&page)));
            self.follow_menu();
            self.follow_hover();
            self.follow_whose();
            self.follow_escape();
            self.follow_drops();
            self.follow_pastes();
            let follower = BottomFollower::new(&self.list, self.scroll.vadjustment());
            follower.on_change(clone!(
                #[weak]
                page,
                move || page.imp().at_end_changed()
            ));
            follower.on_near_top(clone!(
                #[weak]
                page,
                move || page.imp().near_top()
            ));
            follower.on_near_end(clone!(
                #[weak]
                page,
                move || {
                    if let (Some(session), Some(room)) = (page.imp().session.get(), page.room()) {
                        session.load_newer(&room);
                    }
                }
            ));
            let _ =
                self.excerpt.set(Excerpt::new(&self.list, &self.scroll.vadjustment(), &follower));
            let _ = self.follower.set(follower);
            let moved = clone!(
                #[weak]
                page,
                move |_: &gtk::Adjustment| page.imp().look_for_new()
            );
            self.list.connect_map(|list| rows::tell_width(list.width()));
            self.scroll.hadjustment().connect_page_size_notify(|across| {
                rows::tell_width(across.page_size() as i32);
            });
            self.scroll.vadjustment().connect_value_changed(moved.clone());
            self.scroll.vadjustment().connect_changed(moved);
            self.composer.connect_submitted(clone!(
                #[weak]
                page,
                move |composer| page.submit(&composer.text())
            ));
            self.composer.connect_written(clone!(
                #[weak]
                page,
                move |composer| {
                    page.keep_draft();
                    page.tell_writing(&composer.text());
                }
            ));
        }
    }

    impl WidgetImpl for ChatPage {
        /// A row with the focus may go: then the keys go where one writes, not nowhere.
        fn root(&self) {
            self.parent_root();
            if let Some(window) = self.obj().root().and_downcast::<gtk::Window>() {
                window.connect_focus_widget_notify(clone!(
                    #[weak(rename_to = imp)]
                    self,
                    move |window| {
                        if GtkWindowExt::focus(window).is_some() {
                            return;
                        }
                        // Not at once: past the last widget GTK takes the focus away, too, before
                        // it goes on at the first.
                        let window = window.downgrade();
                        glib::idle_add_local_once(move || {
                            let focus = window.upgrade().map(|window| GtkWindowExt::focus(&window));
                            if focus == Some(None) && imp.obj().is_mapped() {
                                imp.obj().grab_focus();
                            }
                        });
                    }
                ));
            }
        }

        fn grab_focus(&self) -> bool {
            !self.covered.get() && self.composer.grab_focus()
        }
    }

    impl BoxImpl for ChatPage {}

    impl ChatPage {
        /// Whether the newest message is in sight changed, or how many are not.
        pub(super) fn at_end_changed(&self) {
            let at_end = self.follower.get().is_none_or(BottomFollower::follows);
            self.bottom_revealer.set_reveal_child(!at_end);
            if let Some(room) = self.obj().room() {
                room.set_followed(at_end);
            }
            let unread = self.obj().room().map_or(0, |room| room.unread());
            self.bottom_unread.set_visible(unread > 0);
            self.bottom_unread.set_label(&unread.to_string());
            self.obj().mark_read_if_seen();
        }
    }
}

glib::wrapper! {
    /// Knows nothing of the panes beside it.
    pub struct ChatPage(ObjectSubclass<imp::ChatPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl ChatPage {
    /// To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let imp = self.imp();
        if imp.session.set(session.clone()).is_ok() {
            imp.strip.set_session(session);
            let _ = imp.levels.set(RoomLevels::install(self, session));
            imp.composer.set_people(commands::people_of(session));
            session.members().connect_items_changed(clone!(
                #[weak]
                imp,
                move |_, _, _, _| imp.update_title()
            ));
            session.connect_account_changed(clone!(
                #[weak]
                imp,
                move |_| imp.update_rights()
            ));
        }
    }

    /// The header's back button and window buttons: where this page is alone or at an edge.
    pub(crate) fn set_edges(&self, alone: bool, at_end: bool) {
        let imp = self.imp();
        imp.back.set_visible(alone);
        imp.header.set_show_start_title_buttons(alone);
        imp.header.set_show_end_title_buttons(at_end);
    }

    /// Whether something lies over it: then it has no keys, as one would write what one hardly sees.
    pub(crate) fn set_covered(&self, covered: bool) {
        self.imp().covered.set(covered);
    }

    /// The room shown.
    pub(crate) fn room(&self) -> Option<Room> {
        self.imp().room.borrow().clone()
    }

    /// Shows another room; what was typed stays with the one before.
    pub(crate) fn set_room(&self, room: Option<&Room>) {
        let imp = self.imp();
        if imp.room.borrow().as_ref() == room {
            return;
        }
        if let Some(before) = imp.room.replace(room.cloned()) {
            before.set_draft(imp.composer.text());
            self.keep_draft_of(&before, &imp.composer.text());
            for handler in imp.room_handlers.take() {
                before.disconnect(handler);
            }
            if let Some(handler) = imp.lines_handler.take() {
                before.lines().disconnect(handler);
            }
        }
        imp.forget_finding();
        imp.levels.get().iter().for_each(|levels| levels.set_room(room));
        imp.stack.set_visible_child_name(if room.is_some() { "room" } else { "none" });
        imp.menu.set_visible(room.is_some());
        imp.members.set_visible(room.is_some());
        imp.update_title();
        imp.update_rights();
        imp.update_writers();
        let show = |lines| imp.excerpt.get().iter().for_each(|excerpt| excerpt.set_lines(lines));
        let Some(room) = room else { return show(None) };
        imp.composer.set_text(&room.draft());
        self.end_choosing();
        self.show_answering();
        // It is in the composer now, and no news in the list.
        room.set_draft("");
        self.follow(room);
        // After it, which tells whether the end of these is where it goes on.
        show(Some(room.lines()));
        imp.new_seen.set(false);
        imp.new_button.set_visible(false);
        imp.look_for_new();
        self.go_to_end();
        imp.at_end_changed();
    }

    /// Says something in passing, over the messages.
    pub(crate) fn toast(&self, text: &str) {
        toasts::say(&self.imp().toasts, text);
    }

    /// What is at the end and in sight of the person counts as read.
    pub(crate) fn mark_read_if_seen(&self) {
        let imp = self.imp();
        let looks =
            self.root().and_downcast::<gtk::Window>().is_some_and(|window| window.is_active())
                && self.is_mapped();
        let at_end = imp.follower.get().is_some_and(BottomFollower::follows);
        if let (Some(session), Some(room), true) = (imp.session.get(), self.room(), looks && at_end)
        {
            session.mark_read(&room);
        }
    }

    fn follow(&self, room: &Room) {
        let imp = self.imp();
        let changed = clone!(
            #[weak]
            imp,
            move |_: &Room| {
                imp.update_title();
                imp.update_rights();
            }
        );
        let writers_changed = clone!(
            #[weak]
            imp,
            move |_: &Room| imp.update_writers()
        );
        let unread_changed = clone!(
            #[weak]
            imp,
            move |_: &Room| imp.at_end_changed()
        );
        imp.room_handlers.replace(vec![
            room.connect_changed(changed),
            room.connect_writers_notify(writers_changed),
            room.connect_unread_notify(unread_changed),
        ]);
        let lines = room.lines();
        imp.empty.set_visible(room.is_silent());
        let handler = lines.connect_items_changed(clone!(
            #[weak]
            imp,
            #[weak]
            room,
            move |_, _, _, _| {
                imp.empty.set_visible(room.is_silent());
                imp.end_changed();
                imp.obj().mark_read_if_seen();
                imp.look_for_new();
                imp.keep_chosen();
            }
        ));
        imp.lines_handler.replace(Some(handler));
    }

    /// Runs a request; what it says against it becomes a toast.
    fn request(&self, request: impl AsyncFnOnce(Session) -> Result<(), String> + 'static) {
        let Some(session) = self.imp().session.get().cloned() else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                if let Err(text) = request(session).await {
                    page.toast(&text);
                }
            }
        ));
    }
}
