use std::{collections::BTreeSet, fs, path::Path};

use super::{
    catalog::{Catalog, marked_texts, translate_template, unescape},
    *,
};

/// Every text the sources ask for: (English, its plural if it is counted).
fn texts_of_the_sources() -> BTreeSet<(String, Option<String>)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|end| end.to_str()) {
                None => folders.push(path),
                Some("ui") => {
                    let xml = fs::read_to_string(path).unwrap();
                    let texts = marked_texts(&xml).into_iter().map(|(_, text)| unescape(text));
                    found.extend(texts.filter(|text| !text.is_empty()).map(|text| (text, None)));
                }
                Some("rs") if !path.ends_with("tests.rs") => {
                    found.extend(calls(&fs::read_to_string(path).unwrap()));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// The string literals within `tr(..)` and `trn(.., ..)`.
fn calls(source: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for (name, counted) in [("tr(", false), ("trn(", true)] {
        for (at, _) in source.match_indices(name) {
            let part_of_a_word = source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let Some((one, rest)) = literal(&source[at + name.len()..]) else {
                continue;
            };
            if part_of_a_word {
                continue;
            }
            let many = counted.then(|| {
                let rest = rest.trim_start().strip_prefix(',').unwrap();
                literal(rest).unwrap().0
            });
            found.push((one, many));
        }
    }
    found
}

fn literal(source: &str) -> Option<(String, &str)> {
    let body = source.trim_start().strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((text, &body[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => text.push('\n'),
                '\n' => {
                    let rest = chars.as_str().trim_start();
                    let skipped = chars.as_str().len() - rest.len();
                    for _ in 0..skipped {
                        chars.next();
                    }
                }
                other => text.push(other),
            },
            c => text.push(c),
        }
    }
    None
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(key, _)| key).collect()
}

#[test]
fn every_text_is_translated_into_every_language_with_the_same_placeholders() {
    let texts = texts_of_the_sources();
    assert!(texts.len() > 100, "only {} texts were found", texts.len());
    let mut problems = Vec::new();
    for language in &LANGUAGES {
        let catalog = Catalog::parse(language.po);
        for (english, plural) in &texts {
            let forms = match plural {
                None => vec![(english, catalog.get(english))],
                Some(plural) => vec![
                    // Where none is counted like one, that form needs the number too.
                    match catalog.get_counted(english, 0) == catalog.get_counted(english, 1) {
                        false => (english, catalog.get_counted(english, 1)),
                        true => (plural, catalog.get_counted(english, 1)),
                    },
                    (plural, catalog.get_counted(english, 2)),
                ],
            };
            for (text, translated) in forms {
                let code = language.code;
                match translated {
                    None => problems.push(format!("{code}: no translation: {text:?}")),
                    Some(translated) if placeholders(translated) != placeholders(text) => {
                        problems
                            .push(format!("{code}: other placeholders: {text:?} {translated:?}"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_language_is_listed_and_counts_in_a_way_that_is_known() {
    let listed = include_str!("../../po/LINGUAS").lines();
    assert!(listed.eq(LANGUAGES.iter().map(|language| language.code)));
    let counted = |code: &str, count| {
        let language = LANGUAGES.iter().find(|language| language.code == code).unwrap();
        fill(
            Catalog::parse(language.po).get_counted("one message", count).unwrap(),
            &[("n", &count.to_string())],
        )
    };
    assert_eq!(
        [0, 1, 2].map(|count| counted("fr", count)),
        ["0 message", "1 message", "2 messages"]
    );
    let german = ["0 Nachrichten", "eine Nachricht", "2 Nachrichten"];
    assert_eq!([0, 1, 2].map(|count| counted("de", count)), german);
    for language in &LANGUAGES {
        let known = ["plural=(n != 1);", "plural=(n > 1);"];
        assert!(known.iter().any(|rule| language.po.contains(rule)), "{}", language.code);
    }
}

#[test]
fn figures_have_the_sign_of_the_language() {
    for language in &LANGUAGES {
        assert_eq!(Catalog::parse(language.po).get("1.5"), Some("1,5"), "{}", language.code);
    }
    assert_eq!(figure("300.0 kB"), "300.0 kB", "no language is chosen here");
}

#[test]
fn no_language_says_a_text_twice() {
    for language in &LANGUAGES {
        let mut ids: Vec<_> =
            language.po.lines().filter(|line| line.starts_with("msgid ")).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{}", language.code);
    }
}

#[test]
fn the_catalogs_hold_nothing_that_no_source_asks_for() {
    let texts: BTreeSet<String> = texts_of_the_sources().into_iter().map(|(id, _)| id).collect();
    for language in &LANGUAGES {
        let catalog = Catalog::parse(language.po);
        let stale: Vec<_> = catalog.texts().filter(|id| !texts.contains(*id)).collect();
        assert!(stale.is_empty(), "{}: {stale:#?}", language.code);
    }
}

#[test]
fn fuzzy_and_empty_translations_count_as_none() {
    let po = "#, fuzzy\nmsgid \"a\"\nmsgstr \"b\"\n\nmsgid \"c\"\nmsgstr \"\"\n\n\
              msgid \"one \\\"d\\\"\\n\"\n\"more\"\nmsgstr \"\"\n\"uno \"\n\"más\"\n";
    let catalog = Catalog::parse(po);
    assert_eq!(catalog.get("a"), None);
    assert_eq!(catalog.get("c"), None);
    assert_eq!(catalog.get("one \"d\"\nmore"), Some("uno más"));
}

#[test]
fn a_counted_text_has_its_form() {
    let po = "msgid \"one\"\nmsgid_plural \"{n} of them\"\nmsgstr[0] \"uno\"\nmsgstr[1] \"{n}\"\n";
    let catalog = Catalog::parse(po);
    assert_eq!(catalog.get_counted("one", 1), Some("uno"));
    assert_eq!(catalog.get_counted("one", 0), Some("{n}"));
}

#[test]
fn templates_are_translated_where_they_are_marked() {
    let catalog = Catalog::parse("msgid \"A & B\"\nmsgstr \"B & A\"\n");
    let xml = "<a translatable=\"yes\">A &amp; B</a><b>A &amp; B</b>";
    assert_eq!(
        translate_template(xml, &catalog),
        "<a translatable=\"yes\">B &amp; A</a><b>A &amp; B</b>"
    );
}

#[test]
fn the_language_is_the_first_one_spoken() {
    let code = |names: &[&str]| choose(names.iter().copied()).map(|language| language.code);
    assert_eq!(code(&["es_AR.UTF-8", "es_AR", "es", "C"]), Some("es"));
    assert_eq!(code(&["pt", "es", "C"]), Some("es"));
    assert_eq!(code(&["fr_CA", "fr", "C"]), Some("fr"));
    assert_eq!(code(&["de_AT.UTF-8", "es"]), Some("de"));
    assert_eq!(code(&["en_GB", "es"]), None);
    assert_eq!(code(&["C"]), None);
}

#[test]
fn values_are_not_looked_into() {
    assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
    assert_eq!(fill("{unknown} {", &[]), "{unknown} {");
}
