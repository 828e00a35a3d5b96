//! What menus, keys and notifications can ask of the application.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};
use tertulia_client::proto::RoomId;

use super::Application;
use crate::{
    APPLICATION_ID,
    args::Args,
    i18n::tr,
    model::{Slot, Wishes},
    ui::shortcuts_window,
};

/// What can be ticked in the menu: the action's name, and where it is kept.
type Wish = (&'static str, fn(&Wishes) -> bool, fn(&mut Wishes, bool));
const WISHES: [Wish; 3] = [
    (
        "do-not-disturb",
        |wishes| wishes.do_not_disturb,
        |wishes, wished| wishes.do_not_disturb = wished,
    ),
    ("sound", |wishes| !wishes.silent, |wishes, wished| wishes.silent = !wished),
    ("keep-running", |wishes| wishes.keep_running, |wishes, wished| wishes.keep_running = wished),
];

impl Application {
    pub(super) fn add_actions(&self) {
        let about = gio::ActionEntry::builder("about")
            .activate(|application: &Self, _, _| application.show_about())
            .build();
        let exit = gio::ActionEntry::builder("exit")
            .activate(|application: &Self, _, _| application.ask_to_exit())
            .build();
        let show_room = gio::ActionEntry::builder("show-room")
            .parameter_type(Some(&*<(u32, u64)>::static_variant_type()))
            .activate(|application: &Self, _, target| {
                if let Some((slot, room)) = target.and_then(glib::Variant::get) {
                    application.show_room(Slot(slot), RoomId(room));
                }
            })
            .build();
        let shortcuts = gio::ActionEntry::builder("shortcuts")
            .activate(|application: &Self, _, _| {
                let window = application.imp().window.get();
                shortcuts_window::present(window.map(|window| window.upcast_ref()));
            })
            .build();
        let add_account = gio::ActionEntry::builder("add-account")
            .activate(|application: &Self, _, _| application.add_account(Args::default()))
            .build();
        let forget_account = gio::ActionEntry::builder("forget-account")
            .activate(|application: &Self, _, _| application.ask_to_forget())
            .build();
        self.add_action_entries([about, exit, show_room, shortcuts, add_account, forget_account]);
        for (name, _, change) in WISHES {
            let wish = gio::SimpleAction::new_stateful(name, None, &false.to_variant());
            wish.connect_change_state(clone!(
                #[weak(rename_to = application)]
                self,
                move |wish, state| {
                    if let (Some(state), Some(wished)) = (state, state.and_then(glib::Variant::get))
                    {
                        wish.set_state(state);
                        for session in application.accounts().all() {
                            session.change_wishes(|wishes| change(wishes, wished));
                        }
                    }
                }
            ));
            self.add_action(&wish);
        }
        for (action, keys) in [
            ("app.exit", &["<Ctrl>q"][..]),
            ("window.close", &["<Ctrl>w"]),
            ("win.members", &["F9"]),
            ("win.switch", &["<Ctrl>k"]),
            ("win.find", &["<Ctrl>f"]),
            ("win.next-room", &["<Alt>Down"]),
            ("win.previous-room", &["<Alt>Up"]),
            ("win.next-news", &["<Alt><Shift>Down"]),
            ("win.previous-news", &["<Alt><Shift>Up"]),
            ("win.rooms", &["<Ctrl>n"]),
            ("win.room-details", &["<Alt>Return"]),
            ("win.back", &["<Alt>Left"]),
            ("win.ask-to-invite", &["<Ctrl><Shift>i"]),
            ("win.appearance", &["<Ctrl>comma"]),
            ("app.shortcuts", &["<Ctrl>question"]),
        ] {
            self.set_accels_for_action(action, keys);
        }
        for nth in 1..=9 {
            let key = format!("<Ctrl>{nth}");
            self.set_accels_for_action(&format!("win.nth-account(uint32 {nth})"), &[&key]);
        }
    }

    /// What is wished, in the menu. It holds for all accounts alike.
    pub(super) fn show_wishes(&self) {
        let Some(first) = self.accounts().all().into_iter().next() else { return };
        for (name, read, _) in WISHES {
            let wish = self.lookup_action(name).and_downcast::<gio::SimpleAction>();
            if let Some(wish) = wish {
                wish.set_state(&first.with_wishes(read).to_variant());
            }
        }
    }

    fn show_about(&self) {
        let about = adw::AboutWindow::builder()
            .application_name("Tertulia")
            .application_icon(APPLICATION_ID)
            .version(env!("CARGO_PKG_VERSION"))
            .developer_name(tr("The Tertulia founders"))
            .comments(tr("Group chat on your own server that a bad network can’t break."))
            .website(env!("CARGO_PKG_REPOSITORY"))
            .license_type(gtk::License::Custom)
            .license(env!("CARGO_PKG_LICENSE"))
            .modal(true)
            .build();
        about.set_transient_for(self.imp().window.get());
        about.present();
    }
}
