//! A server that one has no link of: it is looked at, and a person compares its key's words before
//! anything is trusted.

use std::time::Duration;

use adw::{prelude::*, subclass::prelude::*};
use gtk::{glib, glib::clone};
use tertulia_client::{
    Glimpse, Trouble,
    certs::{HostPort, KeyFingerprint, ServerLink, Trust},
    nearby::NearbyServer,
    proto::Registration,
};

use super::WelcomePage;
use crate::{
    i18n::{fill, tr},
    sentences,
};

/// How long each look waits. The first is short, so that silence is told soon; the next ones are
/// for links on which everything takes long.
const LOOKS: [Duration; 3] =
    [Duration::from_secs(3), Duration::from_secs(6), Duration::from_secs(12)];
/// So long the words are there before one can say that they match.
const READ: Duration = Duration::from_millis(700);

/// What is known of the server that is filled in.
#[derive(Debug, Default)]
pub(super) struct FirstSight {
    /// The newest look; what an earlier one tells is old.
    look: u64,
    /// What it showed, in the form of a link.
    seen: Option<ServerLink>,
}

impl WelcomePage {
    /// Another server is filled in, or none.
    pub(super) fn forget_sight(&self) {
        let imp = self.imp();
        {
            let mut sight = imp.first_sight.borrow_mut();
            sight.look += 1;
            sight.seen = None;
        }
        self.show_sight(false);
        self.show_work(None);
    }

    /// The words to compare, for which there is room where there is no picture.
    fn show_sight(&self, shown: bool) {
        let imp = self.imp();
        imp.sight.set_visible(shown);
        imp.head.set_visible(!shown);
    }

    /// The server whose words are shown.
    pub(super) fn seen_link(&self) -> Option<ServerLink> {
        self.imp().first_sight.borrow().seen.clone()
    }

    /// One of the list was chosen.
    pub(super) fn look_at_neighbour(&self, server: NearbyServer) {
        let Some(first) = server.addresses.first() else {
            return;
        };
        self.imp().link.set_text(&first.to_string());
        self.look_at(server.addresses);
    }

    /// Looks who is there. What is typed meanwhile ends it.
    pub(super) fn look_at(&self, addresses: Vec<HostPort>) {
        let imp = self.imp();
        let Some(session) = imp.session.get().cloned() else {
            return;
        };
        self.forget_sight();
        imp.problem.set_visible(false);
        self.show_work(Some(tr("Looking…")));
        let look = imp.first_sight.borrow().look;
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                for patience in LOOKS {
                    let seen = session.peek(addresses.clone(), patience).await;
                    if page.imp().first_sight.borrow().look != look {
                        return;
                    }
                    match seen {
                        Err(trouble @ Trouble::NoAnswer { .. }) => {
                            let is_last = patience == LOOKS[LOOKS.len() - 1];
                            let text = match is_last {
                                true => sentences::trouble(&trouble),
                                false => sentences::doubt(&trouble),
                            };
                            page.show_obstacle(text.into());
                        }
                        Err(trouble) => {
                            let server = addresses.first().map(ToString::to_string);
                            let server = server.unwrap_or_default();
                            page.show_obstacle(sentences::trouble_at(&server, &trouble).into());
                            break;
                        }
                        Ok(glimpse) => return page.show_glimpse(addresses, &glimpse),
                    }
                }
                page.show_work(None);
            }
        ));
    }

    fn show_glimpse(&self, addresses: Vec<HostPort>, glimpse: &Glimpse) {
        let server = addresses.first().map(ToString::to_string).unwrap_or_default();
        match glimpse.registration {
            Some(Registration::Invite) => {
                self.show_work(None);
                self.show_obstacle(sentences::by_invitation(&server).into());
            }
            Some(Registration::Open) | None => {
                self.imp().problem.set_visible(false);
                self.show_words(&server, addresses, glimpse.key);
            }
        }
    }

    /// Who compared saw others: nothing is trusted, and it is said what that may mean.
    pub(super) fn words_differ(&self) {
        self.forget_sight();
        let told = tr(
            "Then do not join: this is another server than the one its owner means, or somebody is in between. Nothing was kept. Ask the owner for an invite link, which carries the right key.",
        );
        self.show_obstacle(told.to_owned().into());
        self.imp().link.grab_focus();
    }

    /// Shows a key's words to compare. Nothing is kept until a person says that they match.
    pub(in crate::ui) fn show_words(
        &self,
        server: &str,
        addresses: Vec<HostPort>,
        key: KeyFingerprint,
    ) {
        let imp = self.imp();
        let title = tr("Compare these words with the owner of {server}");
        imp.sight_title.set_label(&fill(title, &[("server", server)]));
        imp.words.set_label(&key.phrase());
        self.show_sight(true);
        let look = {
            let mut sight = imp.first_sight.borrow_mut();
            sight.seen = Some(ServerLink { addresses, trust: Trust::Pinned(key), invite: None });
            sight.look
        };
        self.show_work(None);
        imp.join.set_sensitive(false);
        glib::timeout_add_local_once(
            READ,
            clone!(
                #[weak(rename_to = page)]
                self,
                move || {
                    let imp = page.imp();
                    if imp.first_sight.borrow().look == look {
                        imp.join.set_sensitive(true);
                        match imp.name.text().is_empty() {
                            true => imp.name.grab_focus(),
                            // On no button: whoever goes on typing has compared nothing.
                            false => imp.words.grab_focus(),
                        };
                        imp.words.select_region(0, 0);
                        // What one is to press after comparing is in sight, too.
                        let below = imp.scroll.vadjustment();
                        below.set_value(below.upper() - below.page_size());
                    }
                }
            ),
        );
    }
}
