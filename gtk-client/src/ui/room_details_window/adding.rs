//! Letting somebody in, by what they are called.

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    RequestError,
    proto::{Handle, Refusal},
};

use super::RoomDetailsWindow;
use crate::{
    i18n::{fill, tr},
    model::Room,
    sentences,
};

impl RoomDetailsWindow {
    /// Adds who is written in the entry; what stands in the way is said below it.
    pub(super) fn add(&self, room: &Room) {
        let imp = self.imp();
        let Some(session) = imp.session.get().cloned() else {
            return;
        };
        let handle = match sentences::read_handle(&imp.add_handle.text()) {
            Ok(handle) => handle,
            Err(problem) => return self.show_problem(&problem),
        };
        if session.is_member_in_sight(&handle) {
            let name = [("name", handle.as_str())];
            return self.show_problem(&fill(tr("@{name} is in the room already."), &name));
        }
        if imp.asking.replace(true) {
            return;
        }
        let room = room.clone();
        glib::spawn_future_local(clone!(
            #[weak(rename_to = window)]
            self,
            async move {
                let added = session.set_member(&room, handle.clone(), None).await;
                window.imp().asking.set(false);
                match added {
                    Ok(()) => window.imp().add_handle.set_text(""),
                    Err(error) => window.show_problem(&add_error(&error, &handle)),
                }
            }
        ));
    }

    fn show_problem(&self, text: &str) {
        let imp = self.imp();
        imp.problem.set_label(text);
        imp.problem.set_visible(true);
    }
}

fn add_error(error: &RequestError, handle: &Handle) -> String {
    match error {
        RequestError::Refused { refusal: Refusal::NO_SUCH_ACCOUNT, .. } => {
            let name = [("name", handle.as_str())];
            fill(tr("There is nobody called @{name} on this server."), &name)
        }
        error => sentences::request_error(error),
    }
}
