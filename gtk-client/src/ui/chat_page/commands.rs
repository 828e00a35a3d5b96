//! What one types or chooses in a room: messages, and words that do something.

use gtk::{glib, glib::clone};
use gtk::{prelude::*, subclass::prelude::*};
use tertulia_client::{
    proto::{MessageText, Person},
    typed::Typed,
};

use super::ChatPage;
use crate::{
    i18n::{fill, tr, trn},
    model::{About, Named, Room, Session, clock, whole_link},
    sentences,
    ui::{adding_window::AddingWindow, confirm, leaving, room_details_window::RoomDetailsWindow},
};

impl ChatPage {
    /// Does what was typed; what is refused stays in the composer.
    pub(super) fn submit(&self, text: &str) {
        match Typed::parse(text) {
            Typed::Text(text) => {
                self.send(text);
                return;
            }
            Typed::Users => self.tell_users(),
            Typed::Help => self.tell_help(),
            // Nothing hangs on the result: a window in a program without the action is a test's.
            Typed::Exit => drop(self.activate_action("app.exit", None)),
            Typed::UnknownCommand(word) => {
                self.toast(&fill(
                    tr("There is no {word} here. /help tells what there is."),
                    &[("word", &word)],
                ));
                return;
            }
        }
        self.imp().composer.set_text("");
        self.keep_draft();
    }

    /// What is in the composer is kept on disk.
    pub(super) fn keep_draft(&self) {
        if let Some(room) = self.room() {
            self.keep_draft_of(&room, &self.imp().composer.text());
        }
    }

    /// The same for a room that need not be in sight.
    pub(super) fn keep_draft_of(&self, room: &Room, text: &str) {
        if let Some(session) = self.imp().session.get() {
            session.keep_draft(room, text);
        }
    }

    /// As typing a word and pressing Enter.
    #[cfg(test)]
    pub(crate) fn tell_for_test(&self, typed: &str) {
        self.submit(typed);
    }

    /// Tells this reader who is connected.
    pub(super) fn tell_users(&self) {
        let (Some(room), Some(session)) = (self.room(), self.imp().session.get().cloned()) else {
            return;
        };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let fresh = if session.is_live() { session.users().await.ok() } else { None };
                page.tell_people(&session, &room, fresh);
            }
        ));
    }

    /// Asks, then leaves the room.
    pub(super) fn ask_to_leave(&self) {
        if let (Some(room), Some(session)) = (self.room(), self.imp().session.get()) {
            let say = clone!(
                #[weak(rename_to = page)]
                self,
                move |text: &str| page.toast(text)
            );
            leaving::ask(confirm::window_of(self).as_ref(), session, &room, say);
        }
    }

    /// What the room is, and who may do what in it.
    pub(super) fn show_details(&self) {
        let window = confirm::window_of(self);
        if let (Some(room), Some(session)) = (self.room(), self.imp().session.get()) {
            RoomDetailsWindow::new(window.as_ref(), session, &room).present();
        }
    }

    /// Lets people into the room.
    pub(super) fn add_people(&self) {
        let window = confirm::window_of(self);
        if let (Some(room), Some(session)) = (self.room(), self.imp().session.get()) {
            AddingWindow::new(window.as_ref(), session, &room).present();
        }
    }

    /// Opens a page in the browser; where its address may be taken for another one, asks first.
    pub(super) fn open_link(&self, address: &str) {
        let Some(link) = whole_link(address) else {
            return;
        };
        let window = confirm::window_of(self);
        let open = clone!(
            #[strong]
            window,
            #[to_owned]
            address,
            move || gtk::show_uri(window.as_ref(), &address, gtk::gdk::CURRENT_TIME)
        );
        if !link.is_deceptive {
            return open();
        }
        let heading = fill(tr("Open {host}?"), &[("host", &link.host)]);
        let body = tr("The address is written so that it can be taken for another one. \
                       Open it only if this is where you want to go.");
        confirm::ask(window.as_ref(), &heading, body, (tr("Stay"), tr("Open")), open);
    }

    /// Opens an archived room for writing.
    pub(super) fn reopen(&self) {
        let Some(room) = self.room() else { return };
        self.request(async move |session| {
            let opened = session.archive_room(&room, false).await;
            opened.map_err(|error| sentences::request_error(&error))
        });
    }

    /// Tells the others that a message is being written; words that do something are none.
    pub(super) fn tell_writing(&self, text: &str) {
        let is_message = matches!(Typed::parse(text), Typed::Text(text) if !text.trim().is_empty());
        if let (Some(room), Some(session), true) =
            (self.room(), self.imp().session.get(), is_message)
        {
            session.tell_writing(&room);
        }
    }

    fn send(&self, typed: String) {
        let (Some(room), Some(session)) = (self.room(), self.imp().session.get().cloned()) else {
            return;
        };
        let text = match MessageText::new(&typed) {
            Ok(text) => text,
            Err(error) => {
                self.toast(&sentences::text_error(error));
                return;
            }
        };
        self.imp().composer.set_text("");
        self.keep_draft();
        let answered = self.take_answered();
        self.go_to_end();
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let reply_to = answered.as_ref().and_then(|item| item.seq);
                if let Err(error) = session.send(&room, text, reply_to).await {
                    page.give_back(&room, &typed);
                    room.set_answering(answered);
                    page.show_answering();
                    page.toast(&sentences::send_error(&error));
                }
            }
        ));
    }

    /// A text that was not taken goes back to where it was written, before what came since.
    fn give_back(&self, room: &Room, text: &str) {
        let composer = &self.imp().composer;
        let joined = |since: &str| {
            if since.is_empty() { text.to_owned() } else { format!("{text}\n{since}") }
        };
        if self.room().as_ref() == Some(room) {
            composer.set_text(&joined(&composer.text()));
            self.keep_draft();
        } else {
            room.set_draft(joined(&room.draft()));
            self.keep_draft_of(room, &room.draft());
        }
    }

    fn tell_people(&self, session: &Session, room: &Room, fresh: Option<Vec<Person>>) {
        let is_fresh = fresh.is_some();
        let presence = session.presence();
        let people = fresh.unwrap_or(presence.people);
        let count = if is_fresh {
            people.len() as u64
        } else {
            u64::from(presence.online).max(people.len() as u64)
        };
        let note = match session.offline_since() {
            _ if is_fresh => tr("Only you see this.").to_owned(),
            Some(since) => fill(
                tr("You are offline: this is how it was before {time}. Only you see this."),
                &[("time", &clock(since))],
            ),
            None => tr("No connection: this may be old. Only you see this.").to_owned(),
        };
        let title = trn("One person is connected", "{n} people are connected", count);
        let body = people_lines(session, people);
        room.change(|timeline| timeline.add_card(About::People, title, note, body));
        self.go_to_end();
    }

    fn tell_help(&self) {
        let Some(room) = self.room() else { return };
        let body = [
            tr("!users or /users: who is connected to the server"),
            tr("!exit or /exit: sends what waits, then closes Tertulia"),
            tr("!help or /help: this list"),
            tr("//word: sends “/word” as a message"),
            tr("Enter sends, Shift+Enter begins a new line"),
        ]
        .join("\n");
        let (title, note) = (tr("What you can type"), tr("Only you see this."));
        room.change(|timeline| {
            timeline.add_card(About::Words, title.to_owned(), note.to_owned(), body)
        });
        self.go_to_end();
    }
}

/// Whom one can name in the room in sight.
pub(super) fn people_of(session: &Session) -> impl Fn() -> Vec<Named> + 'static {
    let session = session.downgrade();
    move || {
        let people = session.upgrade().map(|session| session.others_of_room());
        let named = |person: Person| Named {
            handle: person.handle.to_string(),
            display: person.display.to_string(),
            here: person.online,
        };
        people.unwrap_or_default().into_iter().map(named).collect()
    }
}

/// One line per person, oneself first.
fn people_lines(session: &Session, mut people: Vec<Person>) -> String {
    let me = session.account().map(|account| account.id);
    people.sort_by(|a, b| {
        let rank = |person: &Person| (Some(person.account) != me, person.display.clone());
        rank(a).cmp(&rank(b))
    });
    let lines = people.into_iter().map(|person| {
        let mut line = format!("{} (@{})", person.display, person.handle);
        let is_me = Some(person.account) == me;
        let words = [is_me.then(|| tr("you")), sentences::role(person.role)];
        for word in words.into_iter().flatten() {
            line += ", ";
            line += word;
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}
