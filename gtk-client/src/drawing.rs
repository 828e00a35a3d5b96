//! Where there is no graphics card, the window is drawn without OpenGL. GTK would load a card made
//! of software first and draw by that: half of an empty window's start, and 20 MB, for nothing.

use std::{env, ffi::OsStr, fs, os::unix::process::CommandExt, path::Path, process::Command};

/// What GTK draws by.
const RENDERER: &str = "GSK_RENDERER";
const WITHOUT_CARD: &str = "cairo";
/// The first GTK 4 that is told by the second of these rather than by the first.
const NEWER: u32 = 16;
const OFF: (&str, &str) = ("GDK_DEBUG", "gl-disable");
const NEWER_OFF: (&str, &str) = ("GDK_DISABLE", "gl,vulkan");

/// Begins the process anew with that said in its environment, which GTK reads once and only there.
/// To be called first of all. Where nothing is to be said, or it can't be, it returns.
pub(crate) fn settle() {
    let (name, off) = if gtk::minor_version() < NEWER { OFF } else { NEWER_OFF };
    let renderer = env::var_os(RENDERER);
    if env::var_os(name).is_some() || !without_card(renderer.as_deref(), has_card) {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let mut words = env::args_os();
    let called = words.next().unwrap_or_else(|| program.clone().into_os_string());
    let mut again = Command::new(program);
    again.arg0(called).args(words).env(RENDERER, WITHOUT_CARD).env(name, off);
    // Returns only where it fails: then it is drawn as GTK likes.
    drop(again.exec());
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
