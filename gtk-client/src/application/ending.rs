//! The end of the application, and a new beginning where one is asked for meanwhile.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command, time::Duration};

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};

use super::Application;
use crate::{
    args::Args,
    i18n::{tr, trn},
    model::Session,
    ui::{Farewell, confirm},
};

/// How long the session bus may take to free our name, in milliseconds.
const BUS_PATIENCE_MS: i32 = 1_000;

/// The end is under way.
#[derive(Debug)]
pub(super) struct Ending {
    /// Ends the wait for what is still being sent.
    enough: async_channel::Sender<()>,
    /// What a start asked for meanwhile.
    again: Option<Args>,
}

impl Application {
    /// Sends what waits, says so where it takes time, then ends. Membership stays.
    pub(crate) fn exit(&self) {
        let imp = self.imp();
        if imp.ending.borrow().is_some() {
            return;
        }
        let (enough, is_enough) = async_channel::bounded(1);
        imp.ending.replace(Some(Ending { enough: enough.clone(), again: None }));
        for notifier in imp.notifiers.take().into_values() {
            notifier.withdraw_all();
        }
        imp.badge.show(self, 0);
        self.keep_state();
        let hold = self.hold();
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            async move {
                let window = application.imp().window.get();
                let sessions = application.accounts().all();
                let idle = sessions.iter().all(|session| session.queued() == 0);
                if let (Some(window), true) = (window, idle) {
                    window.set_visible(false);
                }
                let parent = window.map(|window| window.clone().upcast());
                let waiting = Farewell::say(parent.as_ref(), &sessions, (enough, is_enough)).await;
                if waiting > 0 {
                    eprintln!("tertulia: {waiting} messages wait in the outbox for the next start");
                }
                application.free_name().await;
                drop(hold);
                application.quit();
            }
        ));
    }

    /// The window was closed by its person: ends, or goes on without a window if that is wished.
    pub(crate) fn window_closed(&self) {
        let imp = self.imp();
        let keeps_on = self
            .accounts()
            .joined()
            .iter()
            .any(|session| session.with_wishes(|wishes| wishes.keep_running));
        match imp.window.get() {
            Some(window) if keeps_on && !self.is_ending() => {
                self.keep_state();
                imp.background.replace(Some(self.hold()));
                window.set_visible(false);
            }
            _ => self.ask_to_exit(),
        }
    }

    /// Ends as [`Self::exit`] does; asks before where files are on their way, which then wait.
    pub(super) fn ask_to_exit(&self) {
        let moving = self.accounts().all().iter().map(Session::files_on_their_way).sum::<usize>();
        let window = self.imp().window.get().filter(|window| window.is_visible());
        let (Some(window), true, false) = (window, moving > 0, self.is_ending()) else {
            return self.exit();
        };
        let exit = clone!(
            #[weak(rename_to = application)]
            self,
            move || application.exit()
        );
        confirm::ask(
            Some(window.upcast_ref()),
            &trn("One file is on its way", "{n} files are on their way", moving as u64),
            tr(
                "What is being sent goes on when the window is opened again. What is being saved goes \
                on where it was once you save it again.",
            ),
            (tr("Stay"), tr("Close")),
            exit,
        );
    }

    /// Whether the end is under way, and nothing can be opened in this process any more.
    pub(super) fn is_ending(&self) -> bool {
        self.imp().ending.borrow().is_some()
    }

    /// Somebody starts the program while it ends: the end is cut short, and then it begins anew.
    pub(super) fn begin_again_later(&self, args: Args) {
        if let Some(ending) = &mut *self.imp().ending.borrow_mut() {
            // One that brings a link is not forgotten over one that brings nothing.
            if ending.again.is_none() || args.link.is_some() {
                ending.again = Some(args);
            }
            // Every wait on it ends, now and later.
            ending.enough.close();
        }
    }

    /// Becomes the start that was asked for during the end, if one was. To be called after the main
    /// loop; does not return then.
    pub(crate) fn begin_again(&self) {
        let again = self.imp().ending.take().and_then(|ending| ending.again);
        let Some(args) = again else { return };
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return eprintln!("tertulia: can't begin again: {error}"),
        };
        // The same process, so that whoever waits for its end waits on.
        let error = Command::new(program).args(self.words_of(args)).exec();
        eprintln!("tertulia: can't begin again: {error}");
    }

    /// The command line that says this.
    fn words_of(&self, args: Args) -> Vec<OsString> {
        let profile = self.imp().profile.borrow().clone();
        let mut words = vec!["--profile".into(), profile.into_os_string()];
        if let Some(name) = args.name {
            words.push(format!("--name={name}").into());
        }
        if let Some(link) = args.link {
            words.extend(["--".into(), link.into()]);
        }
        words
    }

    /// From here on a start is one of its own; those that came here before are heard first.
    async fn free_name(&self) {
        let (Some(bus), Some(id)) = (self.dbus_connection(), self.application_id()) else { return };
        let freed = bus.call_sync(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "ReleaseName",
            Some(&(id.as_str(),).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            BUS_PATIENCE_MS,
            gio::Cancellable::NONE,
        );
        if let Err(error) = freed {
            eprintln!("tertulia: {error}");
        }
        // What was sent here came before the answer: its turn is before this.
        glib::timeout_future_with_priority(glib::Priority::LOW, Duration::ZERO).await;
    }
}
