//! Tries the way to the server at once when the network changed or the computer woke up.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use gtk::{gio, gio::prelude::*, glib, glib::clone};

use crate::model::{Burst, Clocks, Session};

/// How often it is looked whether the computer slept, in seconds. GLib gathers such timers.
const LOOK_S: u32 = 4;

/// Wakes this session's client from now on.
pub(crate) fn watch(session: &Session) {
    let burst = Rc::new(Cell::new(Burst::default()));
    gio::NetworkMonitor::default().connect_network_changed(clone!(
        #[weak]
        session,
        move |_, _| news(&burst, &session)
    ));
    let clocks = RefCell::new(Clocks::default());
    glib::timeout_add_seconds_local(
        LOOK_S,
        clone!(
            #[weak]
            session,
            #[upgrade_or]
            glib::ControlFlow::Break,
            move || {
                if clocks.borrow_mut().read(glib::monotonic_time(), glib::real_time()) {
                    session.wake();
                }
                glib::ControlFlow::Continue
            }
        ),
    );
}

fn news(burst: &Rc<Cell<Burst>>, session: &Session) {
    let mut known = burst.get();
    let is_first = known.one_more(glib::monotonic_time());
    burst.set(known);
    if !is_first {
        return;
    }
    let (burst, session) = (burst.clone(), session.downgrade());
    glib::spawn_future_local(async move {
        loop {
            let mut known = burst.get();
            let due = known.due_in(glib::monotonic_time());
            burst.set(known);
            let Some(due) = due else { break };
            // It is positive, and less than a few seconds.
            glib::timeout_future(Duration::from_micros(due.unsigned_abs())).await;
        }
        if let Some(session) = session.upgrade() {
            session.wake();
        }
    });
}
