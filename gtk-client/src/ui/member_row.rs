//! A member: name, whether they are here, what they are in the room, what one can do about them.

use std::cell::RefCell;

use gtk::{gio, glib, glib::clone, prelude::*, subclass::prelude::*};

use super::member_menu;
use crate::{
    i18n::{fill, tr},
    model::{PersonObject, Session},
    sentences,
};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/member_row.ui")]
    pub struct MemberRow {
        #[template_child]
        pub(super) person: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) avatar: TemplateChild<adw::Avatar>,
        #[template_child]
        pub(super) name: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) dot: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) menu: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) menu_text: TemplateChild<gtk::Label>,
        pub(super) popover: RefCell<Option<gtk::PopoverMenu>>,
        pub(super) shown: RefCell<Option<(PersonObject, Session)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MemberRow {
        const NAME: &'static str = "TertuliaMemberRow";
        type Type = super::MemberRow;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for MemberRow {
        fn constructed(&self) {
            self.parent_constructed();
            self.menu.connect_clicked(clone!(
                #[weak(rename_to = imp)]
                self,
                move |_| imp.obj().open_menu()
            ));
            let click = gtk::GestureClick::builder().button(0).build();
            click.connect_released(clone!(
                #[weak(rename_to = imp)]
                self,
                move |_, _, _, _| {
                    if imp.menu.is_visible() {
                        imp.obj().open_menu();
                    }
                }
            ));
            self.person.add_controller(click);
        }

        fn dispose(&self) {
            self.close_menu();
        }
    }
    impl WidgetImpl for MemberRow {}
    impl BoxImpl for MemberRow {}

    impl MemberRow {
        pub(super) fn close_menu(&self) {
            if let Some(popover) = self.popover.take() {
                popover.unparent();
            }
        }
    }
}

glib::wrapper! {
    /// Shows one person at a time.
    pub struct MemberRow(ObjectSubclass<imp::MemberRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for MemberRow {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl MemberRow {
    /// Shows a person of the session's room in sight.
    pub(crate) fn bind(&self, object: &PersonObject, session: &Session) {
        let (imp, person) = (self.imp(), object.person());
        imp.close_menu();
        imp.avatar.set_text(Some(person.display.as_str()));
        imp.name.set_label(person.display.as_str());
        self.set_tooltip_text(Some(&format!("@{}", person.handle)));
        let is_here = object.is_here();
        let presence = is_here.map(|here| if here { tr("here") } else { tr("away") });
        let words = [presence, object.is_me().then(|| tr("you")), sentences::role(person.role)];
        let words: Vec<_> = words.into_iter().flatten().collect();
        // Never empty: a row is as high offline as it was before.
        imp.state.set_label(if words.is_empty() { " ".into() } else { words.join(" · ") }.as_str());
        imp.dot.set_css_classes(if is_here == Some(true) { &["dot", "here"] } else { &["dot"] });
        imp.dot.set_visible(is_here.is_some());
        let about = fill(tr("About {name}"), &[("name", person.display.as_str())]);
        imp.menu.set_tooltip_text(Some(&about));
        imp.menu_text.set_label(&about);
        imp.shown.replace(Some((object.clone(), session.clone())));
        imp.menu.set_visible(self.menu().is_some_and(|menu| menu.n_items() > 0));
    }

    /// Made anew each time: there are many rows, and what one may do changes. No `MenuButton`: a
    /// name that changes does not reach the button within it.
    fn open_menu(&self) {
        let imp = self.imp();
        imp.close_menu();
        let popover = gtk::PopoverMenu::from_model(self.menu().as_ref());
        popover.set_parent(&*imp.menu);
        popover.popup();
        imp.popover.replace(Some(popover));
    }

    /// What one may do about this person now; nothing about oneself.
    fn menu(&self) -> Option<gio::Menu> {
        let shown = self.imp().shown.borrow();
        let (object, session) = shown.as_ref().filter(|(object, _)| !object.is_me())?;
        let rights = session.rights(&session.current()?)?;
        Some(member_menu::menu(object.person(), rights))
    }
}
