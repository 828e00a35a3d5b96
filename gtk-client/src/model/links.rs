//! Addresses of web pages in a text, and where they really lead. Pure.

use std::ops::Range;

use unicode_security::MixedScript;

/// Links found in one text at most.
const LINKS: usize = 40;

/// An address of a web page in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it is, in bytes.
    pub(crate) range: Range<usize>,
    /// The host that it leads to.
    pub(crate) host: String,
    /// Whether a reader may take another host for it.
    pub(crate) is_deceptive: bool,
}

/// The `http` and `https` addresses of a text, in order.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = next_scheme(text, from) {
        from = start + 4;
        let begins = !text[..start].ends_with(|c: char| c.is_alphanumeric());
        let length = end_of(&text[start..]);
        if !begins {
            continue;
        }
        if let Some((host, is_deceptive)) = host_of(&text[start..start + length]) {
            from = start + length;
            found.push(Link { range: start..from, host, is_deceptive });
            if found.len() == LINKS {
                break;
            }
        }
    }
    found
}

/// The link that a text is, and nothing beside it.
pub(crate) fn whole_link(text: &str) -> Option<Link> {
    let link = links(text).into_iter().next()?;
    (link.range == (0..text.len())).then_some(link)
}

fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find(|at| {
        let is = |scheme: &str| {
            let end = at + scheme.len();
            bytes.get(*at..end).is_some_and(|part| part.eq_ignore_ascii_case(scheme.as_bytes()))
        };
        is("http://") || is("https://")
    })
}

/// Where the address that `text` begins with ends: before what no address holds, and before
/// punctuation that is the sentence's.
fn end_of(text: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '^' | '\\' | '«' | '»' | '“' | '”')
            // What is not seen, or turns the direction of what follows.
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    let mut address = &text[..text.find(ends).unwrap_or(text.len())];
    while let Some(last) = address.chars().next_back() {
        let count = |c: char| address.matches(c).count();
        let is_sentences = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '…' | '’' => true,
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !is_sentences {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address.len()
}

/// The host of an address, and whether it may be taken for another; `None`: there is none.
fn host_of(address: &str) -> Option<(String, bool)> {
    let (_, rest) = address.split_once("://")?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (has_user, place) = match authority.rsplit_once('@') {
        Some((_, place)) => (true, place),
        None => (false, authority),
    };
    if let Some(inside) = place.strip_prefix('[') {
        let (inner, port) = inside.split_once(']')?;
        let is_address = inner.parse::<std::net::Ipv6Addr>().is_ok() && is_port(port);
        return is_address.then(|| (format!("[{inner}]"), has_user));
    }
    let (host, port) = match place.find(':') {
        Some(at) => place.split_at(at),
        None => (place, ""),
    };
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_') || is_mark(c);
    let is_name = !host.trim_end_matches('.').is_empty()
        && host
            .trim_end_matches('.')
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_part));
    if !is_name || !is_port(port) {
        return None;
    }
    let host = host.to_lowercase();
    let is_coded = host.split('.').any(|part| part.starts_with("xn--"));
    // Over the whole name: of `аррӏе.com` each part alone is of one alphabet.
    let letters: String = host.chars().filter(|c| c.is_alphabetic() || is_mark(*c)).collect();
    let is_mixed = !letters.is_ascii() && !letters.as_str().is_single_script();
    Some((host, has_user || is_coded || is_mixed))
}

fn is_port(text: &str) -> bool {
    let Some(number) = text.strip_prefix(':') else {
        return text.is_empty();
    };
    number.is_empty() || number.parse::<u16>().is_ok()
}

/// Accents that stand alone, as some systems write them.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        links(text).into_iter().map(|link| &text[link.range]).collect()
    }

    fn host(text: &str) -> (String, bool) {
        let link = whole_link(text).unwrap_or_else(|| panic!("{text} is no link"));
        (link.host, link.is_deceptive)
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        for (text, address) in [
            ("see https://example.org.", "https://example.org"),
            ("(https://example.org/a)", "https://example.org/a"),
            ("https://example.org/a_(b) and", "https://example.org/a_(b)"),
            ("https://example.org/?q=1&b=[2], yes", "https://example.org/?q=1&b=[2]"),
            ("«http://example.org»", "http://example.org"),
            ("<HTTPS://Example.ORG/x>", "HTTPS://Example.ORG/x"),
            ("is it https://example.org?!", "https://example.org"),
            ("https://example.org/a\nb", "https://example.org/a"),
            ("https://example.org:8443/x…", "https://example.org:8443/x"),
            ("http://[::1]:80/x", "http://[::1]:80/x"),
            ("https://localhost", "https://localhost"),
        ] {
            assert_eq!(found(text), [address], "{text}");
        }
    }

    #[test]
    fn several_are_found_in_order_and_no_more_than_a_page_needs() {
        assert_eq!(found("http://a.b https://c.d"), ["http://a.b", "https://c.d"]);
        assert_eq!(found(&"http://a.b ".repeat(200)).len(), LINKS);
    }

    #[test]
    fn nothing_else_is_a_link() {
        for text in [
            "",
            "http",
            "http://",
            "https://.",
            "https:///etc/passwd",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://example.org",
            "example.org",
            "xhttp://example.org",
            "https://a..b",
            "https://a%2eb/",
            "https://host:port/",
            "https://host:99999/",
            "https://[::1",
            "https://@/",
            "tertulia://example.org",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn the_real_host_is_the_one_behind_a_name() {
        assert_eq!(host("https://Example.org/@x"), ("example.org".into(), false));
        assert_eq!(host("https://bank.example@evil.example/x"), ("evil.example".into(), true));
        assert_eq!(host("https://bank.example:pw@evil.example"), ("evil.example".into(), true));
        assert_eq!(host("https://a@b@evil.example"), ("evil.example".into(), true));
        assert_eq!(host("https://evil.example?@bank.example"), ("evil.example".into(), false));
        assert_eq!(host("https://evil.example#@bank.example"), ("evil.example".into(), false));
        assert_eq!(host("http://u@[::1]:80/"), ("[::1]".into(), true));
    }

    #[test]
    fn a_backslash_ends_an_address_as_browsers_take_it_for_a_slash() {
        let text = "https://evil.example\\@bank.example";
        assert_eq!(found(text), ["https://evil.example"]);
    }

    #[test]
    fn coded_names_and_mixed_alphabets_are_deceptive() {
        assert!(host("https://xn--pple-43d.com").1);
        assert!(host("https://www.XN--pple-43d.com").1);
        assert!(host("https://аpple.com").1, "a Cyrillic а");
        assert!(host("https://аррӏе.com").1, "all Cyrillic before .com");
        assert!(host("https://gοοgle.com").1, "Greek ο");
    }

    #[test]
    fn names_of_one_alphabet_are_not() {
        for text in ["https://münchen.de", "https://пример.рф", "https://例え.jp.example1"]
        {
            let expected = text.contains("jp");
            assert_eq!(host(text).1, expected, "{text}");
        }
        assert!(!host("https://192.0.2.7:8080/x").1);
    }

    #[test]
    fn what_is_not_seen_is_no_part_of_an_address() {
        for c in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{ad}', '\u{feff}', '\0'] {
            assert_eq!(found(&format!("https://a.example/{c}gro")), ["https://a.example/"]);
        }
    }

    #[test]
    fn any_text_is_looked_through_without_a_fault() {
        for text in [
            "httphttphttp://é",
            "http://é",
            "ahttp://a.bhttp://c.d",
            "http://http://a.b",
            "💥https://💥",
        ] {
            for link in links(text) {
                assert!(text.get(link.range).is_some());
            }
        }
    }
}
