//! Looking for words in the room in sight.

use gtk::{glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::{Beyond, Pattern};

use super::{ChatPage, imp};
use crate::{
    model::Finding,
    sentences,
    ui::{find_bar::FindBar, row_finder::cells, timeline_cell::TimelineCell},
};

/// Pages from the server that it looks through unasked: they cost whoever has little of a network.
const UNASKED: u32 = 5;

impl ChatPage {
    /// Shows where one types what to look for.
    pub(super) fn find(&self) {
        self.show_find_bar(None);
    }

    fn show_find_bar(&self, words: Option<&str>) {
        let imp = self.imp();
        if self.room().is_some() {
            let bar = imp.find_bar.get_or_init(|| imp.make_find_bar());
            bar.set_visible(true);
            words.iter().for_each(|words| bar.set_text(words));
            // What is written there still is of another room, or of a time before.
            if words.is_some() || imp.finding.borrow().is_none() {
                self.look_anew();
            }
            bar.grab_focus();
        }
    }

    /// Looks for these words.
    pub(super) fn find_words(&self, words: &str) {
        self.show_find_bar(Some(words));
    }

    /// Nothing is looked for any more. `false`: nothing was.
    pub(super) fn end_finding(&self) -> bool {
        let imp = self.imp();
        let was = imp.find_bar.get().is_some_and(|bar| bar.is_visible());
        if was {
            imp.forget_finding();
            imp.show_found_everywhere();
            imp.composer.grab_focus();
        }
        was
    }

    /// Goes to what was found before or after what is in sight; past the last of it, on to the server.
    pub(super) fn find_next(&self, back: bool) {
        let imp = self.imp();
        let next = imp.finding.borrow_mut().as_mut().and_then(|finding| finding.step(back));
        if let Some(seq) = next {
            imp.show_finding();
            return self.show_found(seq);
        }
        let beyond = imp.finding.borrow().as_ref().map(Finding::beyond);
        if back && beyond == Some(Beyond::Server) && !imp.looking.get() {
            self.find_further();
        }
    }

    /// Looks on at the server, until something is found.
    pub(super) fn find_further(&self) {
        self.look(true);
    }

    /// Looks no further; what was found stays.
    pub(super) fn stop_finding(&self) {
        self.imp().stop_looking();
        self.imp().show_finding();
    }

    fn look_anew(&self) {
        let imp = self.imp();
        imp.stop_looking();
        let pattern = imp.find_bar.get().and_then(|bar| Pattern::new(&bar.text()));
        imp.finding.replace(pattern.map(Finding::new));
        imp.show_finding();
        if imp.finding.borrow().is_some() {
            self.look(false);
        }
    }

    /// Looks through what is on this computer, and on at the server where nothing was found there or
    /// somebody asks for it.
    fn look(&self, asked_further: bool) {
        let imp = self.imp();
        let (Some(session), Some(room)) = (imp.session.get().cloned(), self.room()) else { return };
        let run = imp.stop_looking();
        imp.looking.set(true);
        imp.show_finding();
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let (mut further, mut unasked) = (asked_further, 0);
                loop {
                    let imp = page.imp();
                    let asked = imp.finding.borrow().as_ref().map(|finding| {
                        (finding.pattern().clone(), finding.looked_to().map(|(seq, _)| seq))
                    });
                    let Some((pattern, before)) = asked else { return };
                    let step = session.search(&room, pattern, before, further).await;
                    if imp.runs.get() != run {
                        return;
                    }
                    let step = match step {
                        Ok(step) => step,
                        Err(error) => {
                            page.stop_finding();
                            // How far it looked says enough where nobody asked for more.
                            let bar = imp.find_bar.get().filter(|_| asked_further || !further);
                            return bar.iter().for_each(|bar| {
                                bar.say(&sentences::request_error(&error));
                            });
                        }
                    };
                    match page.take_step(step, further) {
                        Some(on) if asked_further || !on || unasked < UNASKED => {
                            unasked += u32::from(on);
                            further = on;
                        }
                        _ => return page.stop_finding(),
                    }
                    imp.show_finding();
                }
            }
        ));
    }

    /// Whether the next step is one at the server; `None`: it looks no further.
    fn take_step(&self, step: tertulia_client::Searched, further: bool) -> Option<bool> {
        let imp = self.imp();
        let (is_found, count, beyond, goes) = match imp.finding.borrow_mut().as_mut() {
            Some(finding) => {
                let (_, before) = finding.count();
                let is_found = finding.take(step);
                // The first one shows at once; those further back, for which one asked, too.
                let goes = is_found && (before == 0 || further);
                let (_, count) = finding.count();
                (is_found, count, finding.beyond(), goes.then(|| finding.step(true)).flatten())
            }
            None => return None,
        };
        if let Some(seq) = goes {
            self.show_found(seq);
        }
        match beyond {
            Beyond::Nothing => None,
            Beyond::Here => Some(further),
            Beyond::Server if is_found => None,
            // Nobody has to ask for what they came for.
            Beyond::Server => (further || count == 0).then_some(true),
        }
    }
}

impl imp::ChatPage {
    fn make_find_bar(&self) -> FindBar {
        let bar = FindBar::default();
        bar.connect_typed(clone!(
            #[weak(rename_to = page)]
            self.obj(),
            move || page.look_anew()
        ));
        self.obj().insert_child_after(&bar, Some(&*self.strip));
        bar
    }

    /// What is under way counts no more; the number of what begins now.
    fn stop_looking(&self) -> u64 {
        self.looking.set(false);
        self.runs.set(self.runs.get() + 1);
        self.runs.get()
    }

    fn show_finding(&self) {
        if let Some(bar) = self.find_bar.get() {
            bar.show(self.finding.borrow().as_ref(), self.looking.get());
        }
        self.show_found_everywhere();
    }

    fn show_found_everywhere(&self) {
        for cell in cells(&self.list) {
            self.show_found(&cell);
        }
    }

    /// A row shows another line, or something else is looked for.
    pub(super) fn show_found(&self, cell: &TimelineCell) {
        let finding = self.finding.borrow();
        let current = finding.as_ref().and_then(Finding::current);
        let seq = cell.line().and_then(|line| line.message().and_then(|item| item.seq));
        cell.set_found(finding.as_ref().map(Finding::pattern), current.is_some() && seq == current);
    }

    /// Another room comes into sight.
    pub(super) fn forget_finding(&self) {
        self.stop_looking();
        self.finding.take();
        self.find_bar.get().iter().for_each(|bar| bar.set_visible(false));
    }
}
