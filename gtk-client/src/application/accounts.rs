//! The accounts of the profile: found, opened, added, forgotten.

use std::time::Duration;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{gio, glib, glib::clone};
use tertulia_client::{Connection, JoinError, certs::ServerLink, known_server};

use super::Application;
use crate::{
    args::Args,
    bridge::Opening,
    i18n::{fill, tr, trn},
    kept,
    model::{Session, Slot, WindowState, short_server},
    notifier::Notifier,
    profiles,
    sentences::{self, read_link},
    ui::{Window, confirm},
    watchman,
};

impl Application {
    /// Which accounts there are on disk; the one that was last in sight, or that a notification is
    /// of, is in sight. Where there is none, a place for one.
    pub(super) fn find_accounts(&self) -> Session {
        let imp = self.imp();
        let profile = imp.profile.borrow().clone();
        let found = profiles::found(&profile);
        let accounts = self.accounts();
        for slot in &found {
            accounts.add(&Session::new(*slot, true));
        }
        let wanted = imp.wanted_room.get().map(|(slot, _)| slot);
        let wanted = wanted.unwrap_or_else(|| profiles::left(&profile).account());
        let session = accounts
            .session(wanted)
            .or_else(|| accounts.all().into_iter().next())
            .unwrap_or_else(|| {
                let session = Session::new(Slot::OWN, false);
                accounts.add(&session);
                session
            });
        accounts.show(&session);
        session
    }

    /// Begins to open the account that will be in sight, before the toolkit starts.
    pub(super) fn open_early(&self) {
        let imp = self.imp();
        let profile = imp.profile.borrow();
        let (found, wanted) = (profiles::found(&profile), profiles::left(&profile).account());
        let slot = found.iter().find(|slot| **slot == wanted).or_else(|| found.first());
        if let Some(slot) = slot {
            let left: WindowState = kept::load(&profiles::state_file(&profile, *slot));
            let opening = Opening::begin(profiles::folder(&profile, *slot), left.room());
            imp.early.replace(Some((*slot, opening)));
        }
    }

    /// Opens an account's folder; what is against it is said on its page. Whether it is open now.
    pub(super) async fn open(&self, session: &Session) -> bool {
        let imp = self.imp();
        let Some(window) = imp.window.get() else { return false };
        let profile = imp.profile.borrow().clone();
        let slot = session.slot();
        let folder = profiles::folder(&profile, slot);
        let left: WindowState = kept::load(&profiles::state_file(&profile, slot));
        let early =
            imp.early.borrow_mut().take_if(|(early, _)| *early == slot).map(|(_, opening)| opening);
        let opening = early.unwrap_or_else(|| Opening::begin(folder.clone(), left.room()));
        match opening.finish().await {
            Ok(opened) => {
                session.load_wishes(&folder);
                session.set_left(left);
                let notifier = Notifier::new(self, session);
                imp.notifiers.borrow_mut().insert(slot, notifier);
                session.attach(opened);
                session.load_places(&folder);
                session.resume_files(&folder);
                watchman::watch(session);
                true
            }
            Err(error) => {
                eprintln!("tertulia: {error}");
                if let Some(page) = window.page_of(session) {
                    page.show_open_error(&error);
                }
                false
            }
        }
    }

    /// Opens all accounts but the one that is open already.
    pub(super) async fn open_others(&self, window: &Window, first: &Session) {
        for session in self.accounts().all() {
            if session != *first && !session.is_open() {
                // Somebody may look at its page already.
                if self.open(&session).await
                    && let Some(page) = window.existing_page(&session)
                {
                    page.restore(session.left());
                    page.begin();
                }
            }
        }
    }

    /// The account in sight is open.
    pub(super) fn begin(&self, window: &Window, session: &Session, args: Args) {
        let Some(page) = window.page_of(session) else { return };
        page.restore(session.left());
        page.begin();
        if session.connection() == Connection::Unjoined {
            let asks = args.link.is_none() || args.name.is_none();
            let name = args.name.unwrap_or_else(|| self.usual_name());
            page.welcome().prefill(args.link.as_deref(), Some(&name));
            if !asks {
                page.welcome().join();
            }
            page.welcome().grab_focus();
        } else {
            self.take_link(window, args);
        }
        if let Some((_, room)) = self.imp().wanted_room.take() {
            page.expect_room(room);
        }
    }

    /// The way in to one more server, or to a known one as somebody else.
    pub(super) fn add_account(&self, args: Args) {
        let imp = self.imp();
        let Some(window) = imp.window.get().cloned() else { return };
        let accounts = self.accounts();
        // One is at the welcome page already, and may have typed something.
        if let Some(session) = accounts.all().into_iter().find(|session| !session.is_joined()) {
            accounts.show(&session);
            self.prefill(&window, &args);
            return;
        }
        let taken: Vec<Slot> = accounts.all().iter().map(Session::slot).collect();
        let Some(slot) = Slot::free(&taken) else {
            return window.toast(tr("There are too many accounts in this window."));
        };
        self.make_place(slot, args);
    }

    /// Opens an empty place and shows the way in there.
    fn make_place(&self, slot: Slot, args: Args) {
        let session = Session::new(slot, false);
        self.accounts().add(&session);
        self.accounts().show(&session);
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            async move {
                let window = application.imp().window.get().cloned();
                if let (true, Some(window)) = (application.open(&session).await, window) {
                    application.share_wishes(&session);
                    application.begin(&window, &session, args);
                }
            }
        ));
    }

    /// What holds for all accounts alike holds for a new one too.
    fn share_wishes(&self, session: &Session) {
        let others = self.accounts().all();
        if let Some(first) = others.iter().find(|other| *other != session) {
            let (quiet, running) =
                first.with_wishes(|wishes| (wishes.do_not_disturb, wishes.keep_running));
            session.change_wishes(|wishes| {
                wishes.do_not_disturb = quiet;
                wishes.keep_running = running;
            });
        }
    }

    /// What its person is called elsewhere.
    fn usual_name(&self) -> String {
        let accounts = self.accounts().joined().into_iter();
        let name = accounts.filter_map(|session| session.account()).next();
        name.map_or_else(system_name, |account| account.display.to_string())
    }

    fn prefill(&self, window: &Window, args: &Args) {
        if let Some(welcome) = window.welcome()
            && let Some(link) = &args.link
        {
            // Without a name of its own it leaves what is typed already.
            welcome.prefill(Some(link), args.name.as_deref());
            if args.name.is_some() {
                welcome.join();
            }
        }
    }

    /// A link goes to the account of its server, which may have moved; one of a server that is not
    /// known, to the way in.
    pub(super) fn take_link(&self, window: &Window, args: Args) {
        let Some(text) = &args.link else { return };
        if self.accounts().joined().is_empty() {
            return self.prefill(window, &args);
        }
        let link = match read_link(text) {
            Ok(link) => link,
            Err(text) => return window.toast(&text),
        };
        let Some(session) = self.account_at(&link) else {
            return self.add_account(args);
        };
        self.accounts().show(&session);
        let (Some(account), Some(page)) = (session.account(), window.page_of(&session)) else {
            return;
        };
        glib::spawn_future_local(async move {
            let (name, server) = (account.display, account.server);
            let joined = session.join(link, name.clone()).await;
            // No connection now: the strip over the messages says so.
            if let Err(error) = joined
                && !matches!(error, JoinError::NoConnection(_))
            {
                let obstacle = sentences::join_error(error, name.as_str(), &server);
                match obstacle.key_changed {
                    Some(changed) => page.show_key_changed(&changed),
                    None => page.toast(&obstacle.text),
                }
            }
        });
    }

    /// The account of the server that a link leads to.
    pub(crate) fn account_at(&self, link: &ServerLink) -> Option<Session> {
        let profile = self.imp().profile.borrow().clone();
        let server_of = |slot| known_server(&profiles::folder(&profile, slot));
        self.accounts().of_link(link, server_of)
    }

    /// Asks before the account in sight is taken from this computer.
    pub(super) fn ask_to_forget(&self) {
        let Some(session) = self.accounts().shown() else { return };
        let (Some(account), true) = (session.account(), session.is_open()) else { return };
        let server = short_server(&account.server).to_owned();
        let values = [("name", account.display.as_str()), ("server", &*server)];
        let heading = fill(tr("Forget {name} on {server}?"), &values);
        let mut body = fill(
            tr(
                "What was said there and your key are deleted from this computer. The server keeps your messages and your name. Without the key nobody can come back as @{handle}: a new invite makes you somebody new.",
            ),
            &[("handle", account.handle.as_str())],
        );
        let waiting = session.queued();
        if waiting > 0 {
            body += "\n\n";
            body += &trn(
                "One message that was not sent yet is lost.",
                "{n} messages that were not sent yet are lost.",
                waiting as u64,
            );
        }
        let window = self.imp().window.get().map(|window| window.upcast_ref::<gtk::Window>());
        let forget = clone!(
            #[weak(rename_to = application)]
            self,
            #[weak]
            session,
            move || application.forget(&session)
        );
        confirm::ask(window, &heading, &body, (tr("Keep It"), tr("Forget")), forget);
    }

    fn forget(&self, session: &Session) {
        glib::spawn_future_local(clone!(
            #[strong(rename_to = application)]
            self,
            #[strong]
            session,
            async move {
                session.close(Duration::ZERO).await;
                application.drop_account(&session);
                let profile = application.imp().profile.borrow().clone();
                let slot = session.slot();
                drop(session);
                let forgotten = gio::spawn_blocking(move || profiles::forget(&profile, slot)).await;
                let window = application.imp().window.get();
                if let (Ok(Err(why)), Some(window)) = (forgotten, window) {
                    let why: String = why;
                    eprintln!("tertulia: {why}");
                    window.toast(&fill(tr("Not all could be deleted: {why}"), &[("why", &why)]));
                }
                if application.accounts().all().is_empty() {
                    application.make_place(Slot::OWN, Args::default());
                }
            }
        ));
    }

    fn drop_account(&self, session: &Session) {
        let imp = self.imp();
        let notifier = imp.notifiers.borrow_mut().remove(&session.slot());
        if let Some(notifier) = notifier {
            notifier.withdraw_all();
        }
        self.accounts().remove(session);
        if let Some(window) = imp.window.get() {
            window.drop_page(session);
        }
    }
}

/// What the system calls the person at the keyboard.
fn system_name() -> String {
    let real_name = glib::real_name();
    let real_name = real_name.to_string_lossy();
    let given = real_name.split(',').next().unwrap_or_default().trim();
    if given.is_empty() || given == "Unknown" {
        glib::user_name().to_string_lossy().into_owned()
    } else {
        given.to_owned()
    }
}
