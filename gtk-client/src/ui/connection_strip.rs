//! A strip over the messages while the way to the server is not as it should be.

use std::{
    cell::{Cell, OnceCell, RefCell},
    time::Duration,
};

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::Connection;

use crate::{
    appearance::Looks,
    i18n::{fill, tr, trn},
    model::{Session, clock, now},
    sentences::{refusal, short_trouble, silence, trouble_at},
};

/// A connection that comes about sooner than this is nobody's concern.
const PATIENCE: Duration = Duration::from_millis(700);
/// A wait in seconds of which telling takes as much room as of any.
const LONG_WAIT_S: u64 = 60;

mod imp {
    use super::*;

    #[derive(Debug, Default, gtk::CompositeTemplate)]
    #[template(resource = "/org/tertulia/Tertulia/ui/connection_strip.ui")]
    pub struct ConnectionStrip {
        #[template_child]
        pub(super) revealer: TemplateChild<gtk::Revealer>,
        #[template_child]
        pub(super) parts: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) text: TemplateChild<gtk::Label>,
        /// Never in sight: what was said and took most room, so that the messages stay in place
        /// while words come and go.
        #[template_child]
        pub(super) longest: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) wake: TemplateChild<gtk::Button>,
        pub(super) session: OnceCell<Session>,
        /// When the next attempt is due, on GLib's monotonic clock in microseconds.
        pub(super) due_us: Cell<i64>,
        pub(super) timer: RefCell<Option<glib::SourceId>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ConnectionStrip {
        const NAME: &'static str = "TertuliaConnectionStrip";
        type Type = super::ConnectionStrip;
        type ParentType = gtk::Box;

        fn class_init(klass: &mut Self::Class) {
            klass.bind_template();
        }

        fn instance_init(obj: &glib::subclass::InitializingObject<Self>) {
            obj.init_template();
        }
    }

    impl ObjectImpl for ConnectionStrip {
        fn constructed(&self) {
            self.parent_constructed();
            Looks::shared().turn(&self.parts);
        }

        fn dispose(&self) {
            self.stop_timer();
        }
    }

    impl WidgetImpl for ConnectionStrip {}
    impl BoxImpl for ConnectionStrip {}

    impl ConnectionStrip {
        pub(super) fn update(&self, session: &Session) {
            self.stop_timer();
            match session.connection() {
                Connection::Live | Connection::Unjoined => {
                    if let Some(why) = session.held_by() {
                        self.show(&refusal(why), false, None);
                        return;
                    }
                    self.revealer.set_reveal_child(false);
                    self.spinner.stop();
                    self.longest.set_label("");
                }
                Connection::Connecting { doubt: None } => self.busy(tr("Connecting…")),
                Connection::Connecting { doubt: Some(why) } => {
                    self.show(&silence(&why), true, Some(false));
                }
                Connection::Syncing => self.busy(tr("Getting what was said meanwhile…")),
                Connection::Offline { retry_in, .. } => {
                    let wait_us = i64::try_from(retry_in.as_micros()).unwrap_or(i64::MAX);
                    self.due_us.set(glib::monotonic_time().saturating_add(wait_us));
                    self.count_down(session);
                    let timer = glib::timeout_add_seconds_local(
                        1,
                        clone!(
                            #[weak(rename_to = strip)]
                            self,
                            #[weak]
                            session,
                            #[upgrade_or]
                            glib::ControlFlow::Break,
                            move || {
                                strip.count_down(&session);
                                glib::ControlFlow::Continue
                            }
                        ),
                    );
                    self.timer.replace(Some(timer));
                }
                Connection::Stopped(why) => {
                    let server = session.account().map(|account| account.server);
                    let text = trouble_at(&server.unwrap_or_default(), &why);
                    self.show(&text, false, None);
                }
            }
        }

        /// Shows that something is under way, unless it is over in a moment.
        fn busy(&self, text: &'static str) {
            if self.revealer.reveals_child() {
                self.show(text, true, Some(false));
                return;
            }
            let timer = glib::timeout_add_local_once(
                PATIENCE,
                clone!(
                    #[weak(rename_to = strip)]
                    self,
                    move || {
                        strip.timer.take();
                        strip.show(text, true, Some(false));
                    }
                ),
            );
            self.timer.replace(Some(timer));
        }

        fn count_down(&self, session: &Session) {
            let Connection::Offline { trouble, .. } = session.connection() else {
                return;
            };
            let since = session.offline_since().map(clock).unwrap_or_default();
            let left_us = self.due_us.get().saturating_sub(glib::monotonic_time());
            let seconds = u64::try_from(left_us / 1_000_000 + 1).unwrap_or(0);
            self.show(&offline(&since, &short_trouble(&trouble), seconds), false, Some(true));
        }

        /// `can_wake`: whether an attempt can be asked for now; `None`: none helps.
        fn show(&self, text: &str, busy: bool, can_wake: Option<bool>) {
            self.text.set_label(text);
            let usual = offline(&clock(now()), tr("the connection was lost"), LONG_WAIT_S);
            let before = self.longest.label();
            let longest = [text, usual.as_str(), before.as_str()].into_iter();
            let longest = longest.max_by_key(|said| said.chars().count());
            self.longest.set_label(longest.unwrap_or_default());
            self.icon.set_visible(!busy);
            self.spinner.set_visible(busy);
            self.spinner.set_spinning(busy);
            self.wake.set_visible(can_wake.is_some());
            self.wake.set_sensitive(can_wake == Some(true));
            self.revealer.set_reveal_child(true);
        }

        fn stop_timer(&self) {
            if let Some(timer) = self.timer.take() {
                timer.remove();
            }
        }
    }
}

fn offline(since: &str, why: &str, seconds: u64) -> String {
    let said = fill(tr("Offline since {time}: {why}."), &[("time", since), ("why", why)]);
    let next = trn("Trying again in a second.", "Trying again in {n} s.", seconds);
    format!("{said} {next}")
}

glib::wrapper! {
    /// Hidden while all is well.
    pub struct ConnectionStrip(ObjectSubclass<imp::ConnectionStrip>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl ConnectionStrip {
    /// Shows this session's connection. To be called once.
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
        session.connect_connection_changed(clone!(
            #[weak(rename_to = strip)]
            self,
            move |session| strip.imp().update(session)
        ));
        imp.update(session);
    }
}
