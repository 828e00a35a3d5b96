//! Runs as one page of HTML, with nothing beside it.

use super::{Results, section::Section, svg::escaped};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222;
       background: #fff; line-height: 1.45; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85em; margin: 0.5em 0 1em; }
td, th { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
tr.first td { border-top: 2px solid #999; }
h2 { margin-top: 2.5em; }
.soft { color: #555; font-size: 0.9em; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1d22; }
  td, th { border-color: #3a3d44; }
  tr.first td { border-color: #777; }
  .soft { color: #aaa; }
}
";

/// The page.
pub fn page(results: &[Results]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Tertulia on bad networks</title>\n<style>{STYLE}</style>\n\
         <h1>Tertulia on bad networks</h1>\n\
         <p>How long messages take from who writes to who reads: Tertulia, and the same chat (its \
         store, its log, its frames) over other transports, at the same time, between real \
         kernels.</p>\n"
    );
    for results in results {
        html.push_str(&section(&results.section()));
    }
    html.push_str(
        "<p class=\"soft\">Times are in milliseconds where nothing else is said. Made by <code>make \
         report</code> from the results of <code>tertulia-bench</code>.</p>\n</html>\n",
    );
    html
}

fn section(section: &Section) -> String {
    let mut html = format!("<h2>{}</h2>\n", escaped(&section.title));
    html.push_str(&format!("<p>{}</p>\n", escaped(section.words)));
    html.extend(section.chart.iter().map(|chart| chart.draw()));
    let head = section.head.iter().map(|name| format!("<th>{}</th>", escaped(name)));
    let head: String = head.collect();
    html.push_str(&format!("<div class=\"wide\"><table>\n<tr>{head}</tr>\n"));
    for line in &section.rows {
        let cells = line.cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell)));
        let class = if line.is_first { " class=\"first\"" } else { "" };
        html.push_str(&format!("<tr{class}>{}</tr>\n", cells.collect::<String>()));
    }
    html.push_str("</table></div>\n");
    if let Some(late) = section.late_ms {
        html.push_str(&format!(
            "<p class=\"soft\">The emulator itself was late by at most {late} ms for 99 % of all \
             packets.</p>\n"
        ));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run;

    #[test]
    fn the_page_has_a_picture_and_a_table_of_each_run_and_needs_nothing_else() {
        let html = page(&[Results::Loss(run()), Results::Loss(run())]);
        assert_eq!((html.matches("<svg").count(), html.matches("<table").count()), (2, 2));
        assert_eq!(html.matches("<tr").count(), 2 * 5, "a head and four rows");
        assert!(html.contains("<td>12000.0</td>") && html.contains("at most 0.2 ms"));
        for foreign in ["<script", "<link", "<img", "href=", "src=", "@import", "url("] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }
}
