//! A window to try things in, and things to try.

use std::{cell::Cell, path::PathBuf, rc::Rc, time::Duration};

use adw::prelude::*;
use gtk::{gio, glib, subclass::prelude::*};
use tertulia_client::{
    ClientEvent, Connection, Item, PresenceView, Snapshot,
    proto::{Role, RoomId, RoomKind, Timestamp},
};

use crate::{
    appearance::{self, Appearance},
    application::Application,
    bridge::Batch,
    model::{
        Accounts, Session, now,
        testing::{account, direct_view, my_item, person, room_view, text_item},
    },
    ui::{
        Window, account_page::AccountPage, body_bin::BodyBin, chat_page::ChatPage,
        timeline_cell::TimelineCell,
    },
};

const HOUR_MS: u64 = 3_600_000;
const ME: &str = "me";
const LONG_NAME: &str = "Ana Sofía de la Concepción Fernández";

/// A window, and the session that it shows.
pub(super) struct Stage {
    pub(super) window: Window,
    pub(super) session: Session,
    pub(super) accounts: Accounts,
}

impl Stage {
    pub(super) fn new(width: i32, height: i32) -> Self {
        crate::load_resources();
        if let (Some(_), Some(settings)) =
            (std::env::var_os("TERTULIA_SHOTS"), gtk::Settings::default())
        {
            // GNOME's font, which a desktop without settings does not choose by itself.
            settings.set_gtk_font_name(Some("Cantarell 11"));
        }
        let folder = tempfile::tempdir().unwrap();
        let application = Application::new(folder.path().to_owned());
        application.register(gio::Cancellable::NONE).unwrap();
        let session = Session::default();
        let accounts = Accounts::default();
        accounts.add(&session);
        accounts.show(&session);
        let window = Window::new(&application, &accounts);
        window.set_default_size(width, height);
        Self { window, session, accounts }
    }

    /// The account's part of the window.
    pub(super) fn page(&self) -> AccountPage {
        self.window.page().unwrap()
    }

    pub(super) fn present(&self) {
        self.page().begin();
        self.window.present();
        settle(|| self.window.is_mapped() && self.window.width() > 0);
    }

    pub(super) fn apply(&self, events: Vec<ClientEvent>) {
        let mut batch = Batch::default();
        events.into_iter().for_each(|event| batch.fold(event));
        self.session.apply(batch);
    }

    /// Lets frames pass until nothing moves any more.
    pub(super) fn rest(&self) {
        self.frames(40);
    }

    /// Rows of the message list, in sight or not.
    pub(super) fn rows(&self) -> usize {
        self.chat().imp().list.observe_children().n_items() as usize
    }

    /// Lets so many frames pass.
    pub(super) fn frames(&self, count: u32) {
        let frames = Rc::new(Cell::new(0));
        let counted = frames.clone();
        let ticking = self.window.add_tick_callback(move |_, _| {
            counted.set(counted.get() + 1);
            glib::ControlFlow::Continue
        });
        settle(|| frames.get() > count);
        ticking.remove();
    }

    /// A picture in the folder of `TERTULIA_SHOTS`, to look at.
    pub(super) fn shot(&self, name: &str) {
        self.shot_of(self.window.upcast_ref(), name);
    }

    pub(super) fn shot_of(&self, window: &gtk::Window, name: &str) {
        self.rest();
        let Some(folder) = std::env::var_os("TERTULIA_SHOTS") else {
            return;
        };
        let paintable = gtk::WidgetPaintable::new(Some(window));
        let snapshot = gtk::Snapshot::new();
        let (width, height) = (paintable.intrinsic_width(), paintable.intrinsic_height());
        paintable.snapshot(&snapshot, width.into(), height.into());
        let texture = window.renderer().unwrap().render_texture(snapshot.to_node().unwrap(), None);
        texture.save_to_png(PathBuf::from(folder).join(format!("{name}.png"))).unwrap();
    }

    pub(super) fn chat(&self) -> ChatPage {
        self.page().imp().chat.get()
    }

    /// A message's text near the middle of the list, and how far down it is.
    pub(super) fn a_line_in_sight(&self) -> (String, i32) {
        self.line_below(self.chat().imp().scroll.height() / 2)
    }

    /// The first message's text that begins in sight, and how far down it is.
    pub(super) fn topmost_line_in_sight(&self) -> (String, i32) {
        self.line_below(0)
    }

    fn line_below(&self, height: i32) -> (String, i32) {
        let list = self.chat().imp().scroll.get();
        let found = find(list.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| {
                let down = self.place_of(&label.label());
                label.label().contains(": ") && down.is_some_and(|down| down > height)
            })
        });
        let text = found.and_downcast::<gtk::Label>().unwrap().label().to_string();
        let down = self.place_of(&text).unwrap();
        (text, down)
    }

    pub(super) fn place_of(&self, text: &str) -> Option<i32> {
        let list = self.chat().imp().scroll.get();
        let label = find(list.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            label.is_some_and(|label| label.is_mapped() && label.label() == text)
        })?;
        let (_, down) = label.translate_coordinates(&list, 0.0, 0.0)?;
        Some(down.round() as i32)
    }

    /// Every row of the message list that is laid out is as high as it has to be.
    pub(super) fn assert_rows_fit(&self) {
        find(self.chat().imp().scroll.upcast_ref(), &|widget| {
            let lays_out = widget.is::<TimelineCell>() || widget.is::<BodyBin>();
            if let (Some(child), true, true) = (widget.first_child(), lays_out, widget.is_mapped())
            {
                let (width, height) = (widget.width(), widget.height());
                let (wanted, _, _, _) = child.measure(gtk::Orientation::Vertical, width);
                assert!(wanted <= height, "{}: {wanted} at {width}, has {height}", child.type_());
                if let Some(cell) = widget.ancestor(TimelineCell::static_type()) {
                    let bounds = widget.compute_bounds(&cell).unwrap();
                    let end = bounds.y() + bounds.height();
                    assert!(end <= cell.height() as f32, "{end} of {}", cell.height());
                }
            }
            false
        });
    }

    /// Events of one room.
    pub(super) fn say(&self, room: u64, items: Vec<Item>) {
        let room = RoomId(room);
        self.apply(vec![ClientEvent::Items { room, items }]);
    }

    pub(super) fn shows(&self, text: &str) -> bool {
        self.count(text) > 0
    }

    /// How many labels in sight have this text, as it is read.
    pub(super) fn count(&self, text: &str) -> u32 {
        let count = Cell::new(0);
        find(self.window.upcast_ref(), &|widget| {
            let label = widget.downcast_ref::<gtk::Label>();
            if label.is_some_and(|label| label.is_mapped() && label.text().contains(text)) {
                count.set(count.get() + 1);
            }
            false
        });
        count.get()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.window.destroy();
        appearance::apply(&Appearance::default());
    }
}

/// Runs the main loop until `done`.
pub(super) fn settle(mut done: impl FnMut() -> bool) {
    let end = glib::monotonic_time() + 20_000_000;
    let overdue =
        glib::timeout_add_local(Duration::from_millis(100), || glib::ControlFlow::Continue);
    while !done() {
        assert!(glib::monotonic_time() < end, "it did not happen");
        glib::MainContext::default().iteration(true);
    }
    overdue.remove();
}

pub(super) fn find(
    widget: &gtk::Widget,
    wanted: &dyn Fn(&gtk::Widget) -> bool,
) -> Option<gtk::Widget> {
    if wanted(widget) {
        return Some(widget.clone());
    }
    let mut child = widget.first_child();
    while let Some(present) = child {
        if let Some(found) = find(&present, wanted) {
            return Some(found);
        }
        child = present.next_sibling();
    }
    None
}

pub(super) fn live(rooms: &[(u64, &str)]) -> Snapshot {
    Snapshot {
        connection: Connection::Live,
        account: Some(account("Ana María")),
        rooms: rooms.iter().map(|(id, name)| room_view(*id, name)).collect(),
        presence: PresenceView { current: true, ..PresenceView::default() },
        queued: 0,
        held_by: None,
    }
}

/// An afternoon in a garden club, and the room list beside it.
pub(super) fn garden(stage: &Stage) {
    let mut snapshot = live(&[(1, "lobby"), (2, "garden"), (3, "música"), (4, "release-team")]);
    snapshot.rooms[3].listing.kind = RoomKind::Private;
    snapshot.rooms[3].listing.mentions = 1;
    snapshot.rooms.push(direct_view(5, "Mia"));
    let now = now().0;
    let previews = [
        ("Tom", "See you at six", now - 26 * HOUR_MS, 0),
        ("Ana María", "I’ll bring the cake 🍰", now - 60_000, 0),
        ("Lucía", "¿Ensayamos el jueves? 🎻", now - 2 * HOUR_MS, 3),
        ("Zoë", "@ana.maría tagging 1.2 now", now - 5 * 24 * HOUR_MS, 128),
        ("Mia", "Shall I bring the tea?", now - HOUR_MS, 1),
    ];
    for (view, (author, text, time, unread)) in snapshot.rooms.iter_mut().zip(previews) {
        view.preview = Some((author.into(), text.into(), Timestamp(time)));
        view.listing.unread = unread;
    }
    let mut mia = person("Mia");
    mia.role = Role::Owner;
    let mut away = person("Tom");
    away.online = false;
    let sofia = person(LONG_NAME);
    snapshot.presence = PresenceView {
        online: 3,
        people: vec![mia.clone(), person("Ana María"), sofia.clone()],
        current: true,
    };
    stage.session.restore(snapshot);
    stage.present();
    let members = vec![mia, away, person("Ana María"), sofia];
    stage.session.show_members(members);
    stage.say(2, conversation(now));
}

fn conversation(now: u64) -> Vec<Item> {
    let today = now - HOUR_MS;
    let yesterday = today - 24 * HOUR_MS;
    let said = [
        (yesterday, "Mia", "Good morning! Who has time to water the beds this week?"),
        (
            yesterday + 60_000,
            "Mia",
            "I can do Monday and Thursday, but the rest is open. The long bed by the wall needs the most.",
        ),
        (yesterday + 500_000, ME, "I’ll take the weekend 🌱"),
        (
            yesterday + 900_000,
            "Tom",
            "Tuesday works for me. Also the hose by the gate leaks, I will bring a new washer and some tape, it shouldn’t take more than ten minutes to mend.",
        ),
        (today, LONG_NAME, "Hello everybody, I am new here. May I bring my daughter on Saturday?"),
        (today + 30_000, ME, "Of course!"),
        (today + 40_000, ME, "We meet at ten, by the blue gate."),
        (today + 900_000, "Mia", "👏🎉"),
        (today + 2_400_000, "Mia", "The seedlings are up!"),
        (today + 3_540_000, ME, "I’ll bring the cake 🍰"),
    ];
    said.into_iter()
        .zip(1..)
        .map(|((time, name, text), seq)| Item {
            time: Timestamp(time),
            ..if name == ME { my_item(seq, 5_000 + seq, text) } else { text_item(seq, name, text) }
        })
        .collect()
}

/// What fits badly: a long word from somebody with a long name.
pub(super) fn awkward() -> Vec<Item> {
    let address = format!("https://example.org/{}", "a-long-address/".repeat(8));
    vec![Item { time: now(), ..text_item(900, LONG_NAME, &address) }]
}
