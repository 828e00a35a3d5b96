//! Whether everything in a window has its place: no text cut off, nothing over something else,
//! nothing beyond the edge.

use adw::prelude::*;
use gtk::graphene;

/// What rounding may take away, in pixels.
const SLACK: f32 = 1.5;

/// What does not fit within a window, in words; empty where all does.
pub(super) fn faults(window: &gtk::Window) -> Vec<String> {
    let mut faults = Vec::new();
    look(window.upcast_ref(), window, &mut faults);
    faults
}

/// What takes more than this width at least, innermost first: it is what makes a window wider.
pub(super) fn too_wide(widget: &gtk::Widget, limit: i32) -> Vec<String> {
    let mut found = Vec::new();
    for child in children(widget).into_iter().filter(|child| !child.is::<gtk::Popover>()) {
        found.extend(too_wide(&child, limit));
    }
    let (least, ..) = widget.measure(gtk::Orientation::Horizontal, -1);
    if widget.is_visible() && least > limit {
        found.push(format!("{} takes {least}", told(widget)));
    }
    found
}

fn look(widget: &gtk::Widget, window: &gtk::Window, faults: &mut Vec<String>) {
    if !widget.is_mapped() || widget.opacity() == 0.0 {
        return;
    }
    if let Some(label) = widget.downcast_ref::<gtk::Label>() {
        faults.extend(cut_off(label));
    }
    if is_seen(widget) {
        faults.extend(beyond_the_edge(widget, window));
    }
    if widget.is::<gtk::Box>() || widget.is::<gtk::CenterBox>() {
        faults.extend(overlapping(widget));
    }
    for child in children(widget) {
        // What opens over the window has a size of its own.
        if !child.is::<gtk::Popover>() {
            look(&child, window, faults);
        }
    }
}

/// A label's text that is larger than the label.
fn cut_off(label: &gtk::Label) -> Option<String> {
    let (wide, high) = label.layout().pixel_size();
    let (width, height) = (label.width(), label.height());
    let fits = wide <= width + 1 && high <= height + 1;
    // It shows that there is more, and is long enough to be of use.
    let shortened = label.ellipsize() != gtk::pango::EllipsizeMode::None;
    let useful = !label.layout().is_ellipsized() || label.text().len() < 4 || width >= 24;
    let is_cut = !(fits && useful || shortened && high <= height + 1 && useful);
    is_cut.then(|| {
        format!("the text {:?} of {wide}x{high} has {width}x{height}", told(label.upcast_ref()))
    })
}

fn beyond_the_edge(widget: &gtk::Widget, window: &gtk::Window) -> Option<String> {
    let bounds = widget.compute_bounds(window)?;
    let (width, height) = (window.width() as f32, window.height() as f32);
    // A button in a bar may be a little higher than the bar, where nothing is drawn of it.
    let in_a_button =
        widget.is::<gtk::Button>() || widget.ancestor(gtk::Button::static_type()).is_some();
    let high = if in_a_button { 4.0 } else { SLACK };
    let scrolls = widget.ancestor(gtk::ScrolledWindow::static_type()).is_some();
    let inside = bounds.x() >= -SLACK
        && bounds.x() + bounds.width() <= width + SLACK
        && (scrolls || bounds.y() >= -high && bounds.y() + bounds.height() <= height + high);
    (!inside).then(|| format!("{} is beyond the edge: {}", told(widget), said(&bounds)))
}

/// Children of a box that lie over each other.
fn overlapping(parent: &gtk::Widget) -> Vec<String> {
    let places: Vec<_> = children(parent)
        .into_iter()
        .filter(|child| child.is_mapped() && child.width() > 0 && child.height() > 0)
        .filter_map(|child| Some((child.compute_bounds(parent)?, child)))
        .collect();
    let mut faults = Vec::new();
    for (at, (bounds, child)) in places.iter().enumerate() {
        let (width, height) = (parent.width() as f32, parent.height() as f32);
        let inside =
            bounds.x() >= -SLACK - 8.0 && bounds.x() + bounds.width() <= width + SLACK + 8.0;
        let high = bounds.y() + bounds.height() <= height + SLACK + 8.0;
        if !(inside && high) {
            let parent = parent.type_();
            faults.push(format!(
                "{} at {} is larger than its {parent} of {width}x{height}",
                told(child),
                said(bounds)
            ));
        }
        for (other_bounds, other) in &places[at + 1..] {
            let common = bounds.intersection(other_bounds);
            if let Some(common) = common
                && common.width() > SLACK
                && common.height() > SLACK
            {
                let (one, other) = (told(child), told(other));
                faults.push(format!("{one} and {other} share {}", said(&common)));
            }
        }
    }
    faults
}

/// Whether it is something to see or to press, not only a place for such.
fn is_seen(widget: &gtk::Widget) -> bool {
    widget.is::<gtk::Label>()
        || widget.is::<gtk::Button>()
        || widget.is::<gtk::MenuButton>()
        || widget.is::<gtk::Text>()
        || widget.is::<gtk::TextView>()
        || widget.is::<adw::Avatar>()
}

fn children(widget: &gtk::Widget) -> Vec<gtk::Widget> {
    let mut children = Vec::new();
    let mut child = widget.first_child();
    while let Some(present) = child {
        child = present.next_sibling();
        children.push(present);
    }
    children
}

fn told(widget: &gtk::Widget) -> String {
    let text = widget.downcast_ref::<gtk::Label>().map(|label| label.text().to_string());
    match text {
        Some(text) => format!("“{}”", text.chars().take(30).collect::<String>()),
        None => format!("{}.{}", widget.type_(), widget.css_classes().join(".")),
    }
}

fn said(bounds: &graphene::Rect) -> String {
    let (x, y) = (bounds.x(), bounds.y());
    format!("{x:.0},{y:.0} {:.0}x{:.0}", bounds.width(), bounds.height())
}
