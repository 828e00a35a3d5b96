//! Compiles the resources, and once per language the `.ui` files: every translatable text in them
//! is put into the reader's language here (why: see `src/i18n.rs`).

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "src/i18n/catalog.rs"]
mod catalog;

use catalog::Catalog;

const PREFIX: &str = "/org/tertulia/Tertulia";

fn main() {
    glib_build_tools::compile_resources(
        &["data"],
        "data/resources.gresource.xml",
        "data.gresource",
    );
    println!("cargo:rerun-if-changed=src/ui");
    println!("cargo:rerun-if-changed=src/i18n/catalog.rs");
    compile_templates("en", &Catalog::default());
    for po in files("po", "po") {
        println!("cargo:rerun-if-changed={}", po.display());
        let language = po.file_stem().expect("a listed file has a name");
        let catalog = Catalog::parse(&read(&po));
        compile_templates(&language.to_string_lossy(), &catalog);
    }
}

/// `OUT_DIR/ui-LANGUAGE.gresource`: all templates with their texts in that language.
fn compile_templates(language: &str, catalog: &Catalog) {
    let out_dir = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let folder = out_dir.join(language).join("ui");
    fs::create_dir_all(&folder).expect("OUT_DIR can be written");
    let mut list = format!("<gresources><gresource prefix=\"{PREFIX}\">\n");
    for template in files("src/ui", "ui") {
        println!("cargo:rerun-if-changed={}", template.display());
        let name = template.file_name().expect("a listed file has a name");
        let translated = catalog::translate_template(&read(&template), catalog);
        fs::write(folder.join(name), hide_for_tooltips(&translated))
            .expect("OUT_DIR can be written");
        list += &format!("<file>ui/{}</file>\n", name.to_string_lossy());
    }
    list += "</gresource></gresources>\n";
    let list_path = out_dir.join(format!("ui-{language}.gresource.xml"));
    fs::write(&list_path, list).expect("OUT_DIR can be written");
    // Not by glib_build_tools: it names these generated files as sources, and each build would be
    // followed by another.
    let status = Command::new("glib-compile-resources")
        .arg("--sourcedir")
        .arg(out_dir.join(language))
        .arg("--target")
        .arg(out_dir.join(format!("ui-{language}.gresource")))
        .arg(&list_path)
        .status()
        .expect("glib-compile-resources can be run (Debian: libglib2.0-dev-bin)");
    assert!(status.success(), "glib-compile-resources failed");
}

/// Widgets are given their tooltips while they are invisible. GTK 4.8 asks the display where the
/// pointer is, with several round trips, each time that a visible one is given one, in a window or
/// not: it adds up before there is a first frame.
fn hide_for_tooltips(xml: &str) -> String {
    const BEGIN: &str = "<property name=\"tooltip-text\"";
    const END: &str = "</property>";
    let visible = |is: &str| format!("<property name=\"visible\">{is}</property>");
    let (mut out, mut rest) = (String::with_capacity(xml.len()), xml);
    while let Some(begin) = rest.find(BEGIN) {
        let end = begin + rest[begin..].find(END).expect("a property ends") + END.len();
        let (before, tooltip, after) = (&rest[..begin], &rest[begin..end], &rest[end..]);
        out += before;
        let own = |text: &str| text.contains("name=\"visible\"");
        let object = before.rfind("<object ").or_else(|| before.rfind("<template ")).unwrap_or(0);
        let object_end = after.find("</object>").or_else(|| after.find("</template>")).unwrap_or(0);
        let child = after.find("<child").unwrap_or(object_end);
        if own(&before[object..]) || own(&after[..object_end.min(child)]) {
            // It says itself whether it is visible.
            out += tooltip;
        } else {
            out += &(visible("False") + tooltip + &visible("True"));
        }
        rest = after;
    }
    out + rest
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is part of the sources")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a listed file can be read")
}
