//! Panics of a run. tokio catches those of tasks, and nobody would hear of them.

use std::{cell::RefCell, panic, sync::Once};

thread_local! {
    /// A run has one thread, and a thread one run at a time.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

static HOOK: Once = Once::new();

/// From now on panics of this thread are written down.
pub fn begin() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
            before(info);
        }));
    });
    PANICS.take();
}

/// Those since [`begin`].
pub fn found() -> Vec<String> {
    PANICS.take()
}
