//! Files: chosen, dropped or pasted to be sent; saved, opened and shown when they came.

use std::{path::PathBuf, rc::Rc};

use gtk::{gdk, gio, glib, glib::clone, prelude::*, subclass::prelude::*};
use tertulia_client::{
    Client, Item,
    proto::{FileName, MessageId},
};

use super::{ChatPage, imp};
use crate::{
    i18n::{fill, tr, trn},
    model::{Room, Stage, downloads, has_file, now},
    ui::confirm,
};

/// Files that are named before they are sent.
const NAMED: usize = 5;
/// Pasted pictures that were not sent are thrown away after so many seconds.
const PASTED_FOR: u64 = 7 * 24 * 3_600;

impl ChatPage {
    /// Asks which files are to be sent.
    pub(super) fn attach(&self) {
        if !self.imp().composer.is_visible() {
            return;
        }
        let window = confirm::window_of(self);
        let chooser = gtk::FileChooserNative::new(
            Some(tr("Send files")),
            window.as_ref(),
            gtk::FileChooserAction::Open,
            Some(tr("Send")),
            Some(tr("Cancel")),
        );
        chooser.set_modal(true);
        chooser.set_select_multiple(true);
        self.run_chooser(chooser, |page, chooser| {
            let files = chooser.files();
            page.send_files(paths(files.iter::<gio::File>().filter_map(Result::ok)));
        });
    }

    /// The file of a message goes where such files go, or where the person says.
    pub(super) fn save_file(&self, id: MessageId) {
        if downloads().is_none() {
            return self.save_file_as(id);
        }
        if let Some(item) = self.with_file(id) {
            self.fetch(&item, None);
        }
    }

    /// The file of a message goes where the person says.
    pub(super) fn save_file_as(&self, id: MessageId) {
        let Some(item) = self.with_file(id) else { return };
        let Some(file) = &item.file else { return };
        let chooser = gtk::FileChooserNative::new(
            Some(tr("Save the file")),
            confirm::window_of(self).as_ref(),
            gtk::FileChooserAction::Save,
            Some(tr("Save")),
            Some(tr("Cancel")),
        );
        chooser.set_modal(true);
        if let Some(folder) = downloads() {
            // Only where one begins to look.
            drop(chooser.set_current_folder(Some(&gio::File::for_path(folder))));
        }
        let name = Client::place_in(std::path::Path::new(""), file);
        chooser.set_current_name(&name.to_string_lossy());
        self.run_chooser(chooser, move |page, chooser| {
            match chooser.file().and_then(|file| file.path()) {
                Some(path) => page.fetch(&item, Some(path)),
                None => page.toast(tr("Files can only be saved on this computer.")),
            }
        });
    }

    /// Opens a file that was saved, or sent from here, in the program for such.
    pub(super) fn open_file(&self, id: MessageId) {
        let (Some(place), Some(room)) = (self.place_of_file(id), self.room()) else { return };
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let file = gio::File::for_path(&place);
                let (what, how) =
                    (gio::FILE_ATTRIBUTE_STANDARD_TYPE, gio::FileQueryInfoFlags::NONE);
                let looked = file.query_info_future(what, how, glib::Priority::DEFAULT).await;
                if looked.is_err_and(|error| error.matches(gio::IOErrorEnum::NotFound)) {
                    page.forget_file(&room, id);
                } else {
                    page.open_place(&place);
                }
            }
        ));
    }

    /// It is not where it was: it can be fetched again.
    fn forget_file(&self, room: &Room, id: MessageId) {
        if let Some(session) = self.imp().session.get() {
            session.forget_place(room, id);
        }
        self.toast(tr("The file is not there any more. It can be saved again."));
    }

    fn open_place(&self, place: &std::path::Path) {
        let (kind, _) = gio::content_type_guess(Some(place), None::<&[u8]>);
        if may_be_a_program(&kind) {
            // Somebody else's program is not begun by a press of a button here.
            self.toast(tr("This may be a program, and is only shown in its folder."));
            return self.show_in_folder(place);
        }
        self.launch(place);
    }

    /// Opens the folder of a file that was saved.
    pub(super) fn show_file(&self, id: MessageId) {
        if let Some(place) = self.place_of_file(id) {
            self.show_in_folder(&place);
        }
    }

    /// A file is not to be sent or fetched after all.
    pub(super) fn cancel_file(&self, parcel: u64) {
        if let (Some(session), Some(room)) = (self.imp().session.get(), self.room()) {
            session.drop_file(&room, parcel);
        }
    }

    /// Once more what failed.
    pub(super) fn retry_file(&self, parcel: u64) {
        if let (Some(session), Some(room)) = (self.imp().session.get(), self.room()) {
            session.retry_file(&room, parcel);
        }
    }

    /// Asks, then sends: what was dropped or pasted may have been meant for elsewhere.
    pub(in crate::ui) fn ask_to_send(&self, files: Vec<PathBuf>, passing: bool) {
        let Some(room) = self.room().filter(|_| self.imp().composer.is_visible()) else { return };
        let Some(first) = files.first() else {
            return self.toast(tr("Only files on this computer can be sent."));
        };
        let heading = match files.len() {
            1 => fill(
                tr("Send “{name}” to {room}?"),
                &[("name", name_of(first).as_str()), ("room", &room.title())],
            ),
            count => fill(
                &trn("Send one file to {room}?", "Send {n} files to {room}?", count as u64),
                &[("room", &room.title())],
            ),
        };
        let mut names: Vec<String> =
            files.iter().take(NAMED).map(|file| name_of(file).as_str().to_owned()).collect();
        if files.len() > NAMED {
            names.push("…".to_owned());
        }
        let body = if files.len() > 1 { names.join("\n") } else { String::new() };
        let window = confirm::window_of(self);
        let page = self.downgrade();
        let send = move || {
            let Some(page) = page.upgrade().filter(|page| page.room().as_ref() == Some(&room))
            else {
                return;
            };
            page.send_all(files.clone(), passing);
        };
        confirm::ask_gently(window.as_ref(), &heading, &body, (tr("Cancel"), tr("Send")), send);
    }

    fn send_files(&self, files: Vec<PathBuf>) {
        if files.is_empty() {
            return self.toast(tr("Only files on this computer can be sent."));
        }
        self.send_all(files, false);
    }

    fn send_all(&self, files: Vec<PathBuf>, passing: bool) {
        let (Some(session), Some(room)) = (self.imp().session.get().cloned(), self.room()) else {
            return;
        };
        let answered = self.take_answered();
        let mut reply_to = answered.and_then(|item| item.seq);
        for file in files {
            if !session.send_file(&room, file, reply_to.take(), passing) {
                self.toast(tr("Too many files are on their way. Send the rest later."));
                break;
            }
        }
        self.go_to_end();
    }

    fn fetch(&self, item: &Item, target: Option<PathBuf>) {
        if let (Some(session), Some(room)) = (self.imp().session.get(), self.room())
            && !session.fetch_file(&room, item, target)
        {
            self.toast(tr("This file is on its way, or too many are."));
        }
    }

    fn with_file(&self, id: MessageId) -> Option<Rc<Item>> {
        self.room().and_then(|room| room.item(id)).filter(|item| has_file(item))
    }

    fn place_of_file(&self, id: MessageId) -> Option<PathBuf> {
        let item = self.with_file(id)?;
        let carried = self.room()?.with_timeline(|timeline| timeline.carried(&item))?;
        match carried.stage {
            Stage::Here(place) => Some(place),
            Stage::Moving | Stage::Failed(_) => None,
        }
    }

    fn show_in_folder(&self, place: &std::path::Path) {
        if let Some(folder) = place.parent() {
            self.launch(folder);
        }
    }

    fn launch(&self, place: &std::path::Path) {
        let window = confirm::window_of(self);
        let address = gio::File::for_path(place).uri();
        let opened = clone!(
            #[weak(rename_to = page)]
            self,
            move |opened: Result<(), glib::Error>| {
                if opened.is_err() {
                    page.toast(tr("No program was found that opens this."));
                }
            }
        );
        gtk::show_uri_full(
            window.as_ref(),
            &address,
            gdk::CURRENT_TIME,
            gio::Cancellable::NONE,
            opened,
        );
    }

    /// Kept by its own handler until it was answered.
    fn run_chooser(
        &self,
        chooser: gtk::FileChooserNative,
        chosen: impl Fn(&Self, &gtk::FileChooserNative) + 'static,
    ) {
        let kept = std::cell::RefCell::new(Some(chooser.clone()));
        chooser.connect_response(clone!(
            #[weak(rename_to = page)]
            self,
            move |chooser, response| {
                if response == gtk::ResponseType::Accept {
                    chosen(&page, chooser);
                }
                kept.take();
            }
        ));
        chooser.show();
    }
}

impl imp::ChatPage {
    /// Files can be dropped anywhere on the conversation.
    pub(super) fn follow_drops(&self) {
        let drop = gtk::DropTarget::new(gdk::FileList::static_type(), gdk::DragAction::COPY);
        // Before the text, which would take their names.
        drop.set_propagation_phase(gtk::PropagationPhase::Capture);
        drop.connect_accept(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            false,
            move |_, drop| {
                let is_file = drop.formats().contains_type(gdk::FileList::static_type());
                is_file && imp.room.borrow().is_some() && imp.composer.is_visible()
            }
        ));
        drop.connect_drop(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            false,
            move |_, value, _, _| {
                let files = value.get::<gdk::FileList>();
                if let Ok(files) = &files {
                    imp.obj().ask_to_send(paths(files.files().into_iter()), false);
                }
                files.is_ok()
            }
        ));
        self.stack.add_controller(drop);
    }

    /// Files and pictures can be pasted where one writes.
    pub(super) fn follow_pastes(&self) {
        self.composer.connect_pasted(clone!(
            #[weak(rename_to = imp)]
            self,
            #[upgrade_or]
            false,
            move |clipboard| {
                let formats = clipboard.formats();
                let files = formats.contains_type(gdk::FileList::static_type());
                // What can be text is meant to be: a table's cells come as a picture, too.
                let picture = formats.contains_type(gdk::Texture::static_type())
                    && !formats.contains_type(String::static_type());
                if files || picture {
                    imp.take_pasted(clipboard.clone(), files);
                }
                files || picture
            }
        ));
    }

    fn take_pasted(&self, clipboard: gdk::Clipboard, files: bool) {
        glib::spawn_future_local(clone!(
            #[weak(rename_to = page)]
            self.obj(),
            async move {
                if files {
                    let kind = gdk::FileList::static_type();
                    let value = clipboard.read_value_future(kind, glib::Priority::DEFAULT).await;
                    if let Some(Ok(files)) = value.ok().map(|value| value.get::<gdk::FileList>()) {
                        page.ask_to_send(paths(files.files().into_iter()), false);
                    }
                    return;
                }
                let Ok(Some(picture)) = clipboard.read_texture_future().await else { return };
                match gio::spawn_blocking(move || write_picture(&picture)).await {
                    Ok(Ok(path)) => page.ask_to_send(vec![path], true),
                    _ => page.toast(tr("The picture can’t be kept to be sent. Is the disk full?")),
                }
            }
        ));
    }
}

/// Of those that are on this computer.
fn paths(files: impl Iterator<Item = gio::File>) -> Vec<PathBuf> {
    files.filter_map(|file| file.path()).collect()
}

fn name_of(path: &std::path::Path) -> FileName {
    FileName::tamed(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// A pasted picture becomes a file, for as long as it takes to send it. Blocks.
fn write_picture(picture: &gdk::Texture) -> std::io::Result<PathBuf> {
    let folder = glib::user_cache_dir().join("tertulia").join("pasted");
    std::fs::create_dir_all(&folder)?;
    for old in std::fs::read_dir(&folder)?.filter_map(Result::ok) {
        let age =
            old.metadata().and_then(|file| file.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age.as_secs() > PASTED_FOR) {
            // Another process may have been quicker.
            let _ = std::fs::remove_file(old.path());
        }
    }
    let path = folder.join(format!("{}.png", now().0));
    picture.save_to_png(&path).map_err(std::io::Error::other)?;
    Ok(path)
}

/// Whether opening a file of this kind may begin what is in it. Every kind of text may for GIO, as a
/// script is one.
fn may_be_a_program(kind: &str) -> bool {
    const TEXTS: [&str; 8] = [
        "text/plain",
        "text/markdown",
        "text/csv",
        "text/tab-separated-values",
        "text/x-log",
        "text/calendar",
        "text/vcard",
        "application/json",
    ];
    // What begins a program for another system, or a program's own way to begin it.
    const PROGRAMS: [&str; 8] = [
        "application/x-desktop",
        "application/x-ms-dos-executable",
        "application/vnd.microsoft.portable-executable",
        "application/x-msdownload",
        "application/x-msi",
        "application/x-java-archive",
        "application/java-archive",
        "application/vnd.appimage",
    ];
    let is = |kinds: &[&str]| kinds.iter().any(|other| gio::content_type_equals(kind, other));
    is(&PROGRAMS) || gio::content_type_can_be_executable(kind) && !is(&TEXTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_opened_and_a_program_is_not() {
        let is_program =
            |name| may_be_a_program(&gio::content_type_guess(Some(name), None::<&[u8]>).0);
        for name in ["recipe.txt", "notes.md", "people.csv", "plan.pdf", "photo.jpg", "a.json"] {
            assert!(!is_program(name), "{name}");
        }
        for name in ["run.sh", "a.py", "a.desktop", "setup.exe", "a.pl"] {
            let kind = gio::content_type_guess(Some(name), None::<&[u8]>).0;
            assert!(is_program(name), "{name} is {kind}");
        }
    }
}
