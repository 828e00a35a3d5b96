//! The way to the server in figures, as of now while it is open.

use std::cell::{OnceCell, RefCell};

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};

use crate::model::{ConnectionFigures, Session};

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/connection_popover.ui")]
    pub struct ConnectionPopover {
        #[template_child]
        pub(super) state: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) server: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) address_title: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) address: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) rtt: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) loss: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) queued: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) words: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) wake: TemplateChild<gtk::Button>,
        pub(super) session: OnceCell<Session>,
        pub(super) timer: RefCell<Option<glib::SourceId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConnectionPopover {
        const NAME: &'static str = "TertuliaConnectionPopover";
        type Type = super::ConnectionPopover;
        type ParentType = gtk::Popover;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for ConnectionPopover {
        fn dispose(&self) {
            self.stop();
        }
    }

    impl WidgetImpl for ConnectionPopover {
        fn map(&self) {
            self.update();
            self.parent_map();
            let timer = glib::timeout_add_seconds_local(
                1,
                clone!(
                    #[weak(rename_to = popover)]
                    self,
                    #[upgrade_or]
                    glib::ControlFlow::Break,
                    move || {
                        popover.update();
                        glib::ControlFlow::Continue
                    }
                ),
            );
            self.timer.replace(Some(timer));
            // The focus selects what it comes to.
            glib::idle_add_local_once(clone!(
                #[weak(rename_to = popover)]
                self,
                move || popover.server.select_region(0, 0)
            ));
        }

        fn unmap(&self) {
            self.stop();
            self.parent_unmap();
        }
    }

    impl PopoverImpl for ConnectionPopover {}

    impl ConnectionPopover {
        pub(super) fn update(&self) {
            let Some((session, status)) =
                self.session.get().and_then(|session| Some((session, session.status()?)))
            else {
                return;
            };
            let told = ConnectionFigures::of(&session.connection(), &status);
            for label in [&self.address_title, &self.address] {
                label.set_visible(!told.address.is_empty());
            }
            for (label, text) in [
                (&self.state, told.state),
                (&self.server, told.server),
                (&self.address, told.address),
                (&self.rtt, told.rtt),
                (&self.loss, told.loss),
                (&self.queued, told.queued),
                (&self.words, told.words),
            ] {
                let text = if text.is_empty() { "–" } else { &text };
                // Setting it anew would take away what is selected in it.
                if label.label() != text {
                    label.set_label(text);
                }
            }
            self.wake.set_visible(!status.connected);
        }

        fn stop(&self) {
            if let Some(timer) = self.timer.take() {
                timer.remove();
            }
        }
    }
}

glib::wrapper! {
    /// Asks for figures only while it is open.
    pub struct ConnectionPopover(ObjectSubclass<imp::ConnectionPopover>)
        @extends gtk::Popover, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::ShortcutManager;
}

impl ConnectionPopover {
    /// Tells of this session's connection. To be called once.
    pub(crate) fn set_session(&self, session: &Session) {
        let imp = self.imp();
        if imp.session.set(session.clone()).is_err() {
            return;
        }
        imp.wake.connect_clicked(clone!(
            #[weak]
            session,
            move |_| session.wake()
        ));
    }
}
