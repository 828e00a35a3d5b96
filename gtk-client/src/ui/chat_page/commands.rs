//! What one types or chooses in a room: messages, and words that do something.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    proto::{MessageText, Person, RoomKind},
    typed::Typed,
};

use super::ChatPage;
use crate::{
    i18n::{fill, tr, trn},
    model::{Room, Session, clock},
    sentences,
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
        let Some(room) = self.room() else { return };
        let heading = fill(tr("Leave {room}?"), &[("room", &room.title())]);
        let dialog = adw::MessageDialog::builder()
            .heading(heading)
            .body(after_leaving(&room))
            .modal(true)
            .build();
        dialog.set_transient_for(self.root().and_downcast::<gtk::Window>().as_ref());
        dialog.add_responses(&[("stay", tr("Stay")), ("leave", tr("Leave"))]);
        dialog.set_response_appearance("leave", adw::ResponseAppearance::Destructive);
        dialog.set_close_response("stay");
        dialog.connect_response(
            Some("leave"),
            clone!(
                #[weak(rename_to = page)]
                self,
                move |_, _| {
                    let room = room.clone();
                    page.request(async move |session| {
                        let left = session.leave_room(&room).await;
                        left.map_err(|error| sentences::request_error(&error))
                    });
                }
            ),
        );
        dialog.present();
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
        self.go_to_end();
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                if let Err(error) = session.send(&room, text).await {
                    page.give_back(&room, &typed);
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
        } else {
            room.set_draft(joined(&room.draft()));
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
        room.change(|timeline| timeline.add_card(title, note, body));
        self.go_to_end();
    }

    fn tell_help(&self) {
        let Some(room) = self.room() else { return };
        let body = [
            tr("!users or /users: who is connected to the server"),
            tr("!exit or /exit: sends what waits, then closes Tertulia"),
            tr("/help: this list"),
            tr("//word: sends “/word” as a message"),
            tr("Enter sends, Shift+Enter begins a new line"),
        ]
        .join("\n");
        let (title, note) = (tr("What you can type"), tr("Only you see this."));
        room.change(|timeline| timeline.add_card(title.to_owned(), note.to_owned(), body));
        self.go_to_end();
    }
}

fn after_leaving(room: &Room) -> &'static str {
    match room.with_view(|view| view.listing.kind) {
        Some(RoomKind::Public) => tr("You can enter it again at any time."),
        _ => tr("It is private: you can’t enter it again by yourself."),
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
