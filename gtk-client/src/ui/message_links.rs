//! Links in the label of a message: found by the pointer, by Enter, and in the label's menu.
//! A label's own links are markup, and a peer's text is never that.

use std::{cell::RefCell, ops::Range, rc::Rc};

use gtk::{gdk, gio, glib, glib::clone, pango, prelude::*};

use crate::{
    i18n::{fill, tr},
    model::Link,
};

/// A link as the label holds it.
#[derive(Debug)]
struct Held {
    range: Range<usize>,
    address: String,
    host: String,
}

/// What a label leads to. Asks for `chat.open-link` with the address.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageLinks(Rc<RefCell<Vec<Held>>>);

impl MessageLinks {
    /// Links of this label from now on. To be called once a label.
    pub(super) fn of(label: &gtk::Label) -> Self {
        let links = Self::default();
        links.follow_pointer(label);
        links.follow_clicks(label);
        links.follow_keys(label);
        links.tell_hosts(label);
        links
    }

    /// The label shows another text, with these links.
    pub(super) fn set(&self, label: &gtk::Label, text: &str, links: &[Link]) {
        let held = links.iter().filter_map(|link| {
            let address = text.get(link.range.clone())?.to_owned();
            Some(Held { range: link.range.clone(), address, host: link.host.clone() })
        });
        self.0.replace(held.collect());
        label.set_has_tooltip(!links.is_empty());
        let menu = (!links.is_empty()).then(|| self.menu());
        label.set_extra_menu(menu.as_ref());
        label.set_cursor_from_name(None);
    }

    fn menu(&self) -> gio::Menu {
        let menu = gio::Menu::new();
        for link in self.0.borrow().iter() {
            // An underscore would mark a letter to press.
            let host = link.host.replace('_', "__");
            let item = gio::MenuItem::new(Some(&fill(tr("Open {host}"), &[("host", &host)])), None);
            item.set_action_and_target_value(
                Some("chat.open-link"),
                Some(&link.address.to_variant()),
            );
            menu.append_item(&item);
        }
        menu
    }

    fn follow_pointer(&self, label: &gtk::Label) {
        let motion = gtk::EventControllerMotion::new();
        motion.connect_motion(clone!(
            #[strong(rename_to = links)]
            self,
            #[weak]
            label,
            move |_, x, y| {
                if !links.0.borrow().is_empty() {
                    let is_link = links.at(&label, x, y).is_some();
                    label.set_cursor_from_name(Some(if is_link { "pointer" } else { "text" }));
                }
            }
        ));
        label.add_controller(motion);
    }

    fn follow_clicks(&self, label: &gtk::Label) {
        // No gesture: the label's own, which select, take the click for themselves.
        let click = gtk::EventControllerLegacy::new();
        click.set_propagation_phase(gtk::PropagationPhase::Capture);
        let pressed = RefCell::new(None);
        click.connect_event(clone!(
            #[strong(rename_to = links)]
            self,
            #[weak]
            label,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, event| {
                let there = || {
                    let (x, y) = place_of(event, &label)?;
                    links.at(&label, x, y)
                };
                let primary = || {
                    let button = event.downcast_ref::<gdk::ButtonEvent>();
                    button.is_none_or(|event| event.button() == gdk::BUTTON_PRIMARY)
                };
                match event.event_type() {
                    gdk::EventType::ButtonPress | gdk::EventType::TouchBegin => {
                        pressed.replace(there().filter(|_| primary()));
                    }
                    gdk::EventType::ButtonRelease | gdk::EventType::TouchEnd => {
                        let address =
                            pressed.take().filter(|pressed| there().as_ref() == Some(pressed));
                        if let (Some(address), None) = (address, label.selection_bounds()) {
                            // A dialog must not come up while the click is being handled.
                            let label = label.clone();
                            glib::idle_add_local_once(move || open(&label, &address));
                        }
                    }
                    _ => {}
                }
                glib::Propagation::Proceed
            }
        ));
        label.add_controller(click);
    }

    fn follow_keys(&self, label: &gtk::Label) {
        let keys = gtk::EventControllerKey::new();
        keys.connect_key_pressed(clone!(
            #[strong(rename_to = links)]
            self,
            #[weak]
            label,
            #[upgrade_or]
            glib::Propagation::Proceed,
            move |_, key, _, _| {
                let is_enter = matches!(key, gdk::Key::Return | gdk::Key::KP_Enter);
                let only = match &links.0.borrow()[..] {
                    [] => return glib::Propagation::Proceed,
                    [link] => Some(link.address.clone()),
                    _ => None,
                };
                match only {
                    _ if !is_enter => return glib::Propagation::Proceed,
                    Some(address) => open(&label, &address),
                    // Which one, the menu asks. The label has the action by its class.
                    None => drop(label.activate_action("menu.popup", None)),
                }
                glib::Propagation::Stop
            }
        ));
        label.add_controller(keys);
    }

    fn tell_hosts(&self, label: &gtk::Label) {
        let links = self.clone();
        label.connect_query_tooltip(move |label, x, y, by_keyboard, tooltip| {
            let held = links.0.borrow();
            let place = index_at(label, f64::from(x), f64::from(y));
            let link = held
                .iter()
                .find(|link| by_keyboard || place.is_some_and(|index| link.range.contains(&index)));
            if let Some(link) = link {
                tooltip.set_text(Some(&fill(tr("Leads to {host}"), &[("host", &link.host)])));
            }
            link.is_some()
        });
    }

    fn at(&self, label: &gtk::Label, x: f64, y: f64) -> Option<String> {
        let index = index_at(label, x, y)?;
        let held = self.0.borrow();
        held.iter().find(|link| link.range.contains(&index)).map(|link| link.address.clone())
    }
}

/// Where in the widget it happened.
pub(super) fn place_of(event: &gdk::Event, widget: &impl IsA<gtk::Widget>) -> Option<(f64, f64)> {
    let (native, (x, y)) = (widget.native()?, event.position()?);
    let (left, top) = native.surface_transform();
    native.translate_coordinates(widget, x - left, y - top)
}

/// Which byte of the label's text is there; `None`: there is no text.
fn index_at(label: &gtk::Label, x: f64, y: f64) -> Option<usize> {
    let (left, top) = label.layout_offsets();
    let units = |pixels: f64| (pixels * f64::from(pango::SCALE)) as i32;
    let (is_inside, index, _) =
        label.layout().xy_to_index(units(x - f64::from(left)), units(y - f64::from(top)));
    is_inside.then_some(index).and_then(|index| index.try_into().ok())
}

fn open(label: &gtk::Label, address: &str) {
    // What stands outside a conversation opens nothing.
    let _ = WidgetExt::activate_action(label, "chat.open-link", Some(&address.to_variant()));
}
