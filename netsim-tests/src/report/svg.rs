//! The few elements of SVG that a chart is made of.

use std::fmt::Write;

/// Where people want it dark. Colours of systems are those of both.
const DARK: &str = "@media (prefers-color-scheme: dark) { svg { fill: #ddd } .ground { fill: #1b1d22 } \
    .soft { fill: #aaa } .grid { stroke: #3a3d44 } .mark { stroke: #ddd } }";

/// A picture being drawn.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
}

/// Where a text stands by its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// An empty picture: white, or dark where that is wanted. What shows it and knows nothing of such
    /// wishes shows a white one.
    pub(super) fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let (title, description) = (escaped(title), escaped(description));
        let text = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" font-family="sans-serif" font-size="13" fill="#222">
<title>{title}</title>
<desc>{description}</desc>
<style>{DARK}</style>
<rect width="{width}" height="{height}" fill="#fff" class="ground"/>
"##
        );
        Self { text }
    }

    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], fill: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"/>"#
        ));
    }

    /// `more`: attributes.
    pub(super) fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], stroke: &str, more: &str) {
        self.put(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}" {more}/>"#
        ));
    }

    /// `more`: attributes.
    pub(super) fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, more: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.put(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" {more}>{text}</text>"#
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{element}");
    }
}

/// Text as text, whatever is in it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            character => out.push(character),
        }
    }
    out
}
