//! Who is writing in a room.

use std::time::Duration;

use gtk::{glib, glib::clone, subclass::prelude::*};
use tertulia_client::Content;

use super::Room;
use crate::{
    bridge::{RoomChanges, TimelineChange},
    i18n::{fill, tr},
    model::typists::Typists,
};

impl Room {
    /// Who posted has written it; then who writes now.
    pub(super) fn heed_writers(&self, changes: &RoomChanges) {
        let mut typists = self.imp().typists.borrow_mut();
        if typists.is_empty() && changes.writing.is_empty() {
            return;
        }
        for change in &changes.timeline {
            if let TimelineChange::Items(items) = change {
                let posts = items.iter().filter(|item| is_post(&item.content));
                posts.for_each(|item| typists.posted(item.author.account));
            }
        }
        let now = now();
        for person in &changes.writing {
            typists.heard(person.clone(), now);
        }
        drop(typists);
        self.show_writers();
    }

    /// Nobody can be writing here.
    pub(super) fn nobody_writes(&self) {
        self.imp().typists.take();
        self.show_writers();
    }

    fn show_writers(&self) {
        let imp = self.imp();
        let mut typists = imp.typists.borrow_mut();
        let due = typists.expire(now());
        let sentence = sentence(&typists);
        drop(typists);
        if *imp.writers.borrow() != sentence {
            imp.writers.replace(sentence);
            self.notify_writers();
        }
        // One check at a time, at the time of the first who may have stopped.
        if let Some(due) = due
            && !imp.typists_checked.replace(true)
        {
            let later = clone!(
                #[weak(rename_to = room)]
                self,
                move || {
                    room.imp().typists_checked.set(false);
                    room.show_writers();
                }
            );
            glib::timeout_add_local_once(due, later);
        }
    }
}

fn is_post(content: &Content) -> bool {
    matches!(content, Content::Text(_) | Content::Redacted | Content::Unreadable)
}

fn now() -> Duration {
    Duration::from_micros(u64::try_from(glib::monotonic_time()).unwrap_or_default())
}

fn sentence(typists: &Typists) -> String {
    let names: Vec<_> = typists.names().collect();
    match names[..] {
        [] => String::new(),
        [name] => fill(tr("{name} is writing…"), &[("name", name)]),
        [name, other] => {
            fill(tr("{name} and {other} are writing…"), &[("name", name), ("other", other)])
        }
        _ => tr("Several people are writing…").to_owned(),
    }
}
