//! One who is on that server already, with another account of the window.

use gtk::{prelude::*, subclass::prelude::*};
use tertulia_client::{JoinError, certs::ServerLink, proto::Refusal};

use super::WelcomePage;
use crate::{
    application::Application,
    i18n::{fill, tr},
    ui::confirm::window_of,
};

/// Whether it is only the name that stands in the way.
pub(super) fn is_taken(error: &JoinError) -> bool {
    matches!(error, JoinError::Refused { refusal: Refusal::NAME_TAKEN, .. })
}

impl WelcomePage {
    /// The name is taken: where it is taken by oneself, the way goes to that account.
    pub(super) fn show_if_here_already(&self, link: &ServerLink) {
        let application = window_of(self).and_then(|window| window.application());
        let application = application.and_downcast::<Application>();
        let session = application.and_then(|application| application.account_at(link));
        let Some((slot, account)) =
            session.and_then(|session| Some((session.slot(), session.account()?)))
        else {
            return;
        };
        let imp = self.imp();
        let name = [("name", account.display.as_str())];
        imp.problem_text.set_label(&fill(tr("You are here already, as {name}."), &name));
        imp.go_there.set_label(&fill(tr("Go on as {name}"), &name));
        // The target first: an action with a target of the wrong type is complained about.
        imp.go_there.set_action_target_value(Some(&slot.0.to_variant()));
        imp.go_there.set_action_name(Some("win.show-account"));
        imp.go_there.set_visible(true);
    }
}
