//! Where there is no graphics card, the window is drawn without OpenGL. GTK would load a card made
//! of software first and draw by that: half of an empty window's start, and 20 MB, for nothing.

use std::{env, ffi::OsStr, fs, path::Path, process};

use gtk::glib;

/// What GTK draws by.
const RENDERER: &str = "GSK_RENDERER";
const WITHOUT_CARD: &str = "cairo";
/// The first GTK 4 that is told by the second of these rather than by the first.
const NEWER: u32 = 16;
const OFF: (&str, &str) = ("GDK_DEBUG", "gl-disable");
const NEWER_OFF: (&str, &str) = ("GDK_DISABLE", "gl,vulkan");

/// Is the whole of the program, `run`, with that said in its environment where it is to be: GTK
/// reads it once and only there. To be called first of all, while there is one thread.
pub(crate) fn settled(run: impl FnOnce() -> glib::ExitCode) -> glib::ExitCode {
    let (name, off) = if gtk::minor_version() < NEWER { OFF } else { NEWER_OFF };
    let renderer = env::var_os(RENDERER);
    if env::var_os(name).is_some() || !without_card(renderer.as_deref(), has_card) {
        return run();
    }
    // To begin the program anew with another environment would be to load GTK twice. The process
    // ends within, as to take back what was said would be unsound beside other threads.
    temp_env::with_vars([(RENDERER, Some(WITHOUT_CARD)), (name, Some(off))], || {
        process::exit(run().get().into())
    })
}

/// Whether no card is wished, or there is none.
fn without_card(renderer: Option<&OsStr>, has_card: impl FnOnce() -> bool) -> bool {
    match renderer {
        Some(renderer) => renderer == WITHOUT_CARD,
        None => !has_card(),
    }
}

/// Whether the kernel shows one that draws.
fn has_card() -> bool {
    let renders = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("renderD");
    let cards = fs::read_dir("/dev/dri").into_iter().flatten().filter_map(Result::ok);
    cards.into_iter().any(renders) || Path::new("/dev/nvidiactl").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_used_where_there_is_one_unless_none_is_wished() {
        let wished = |renderer: Option<&str>, card| without_card(renderer.map(OsStr::new), || card);
        assert!(wished(None, false));
        assert!(!wished(None, true));
        assert!(wished(Some("cairo"), true));
        assert!(!wished(Some("ngl"), false), "somebody knows better");
    }
}
