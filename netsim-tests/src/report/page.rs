//! Runs as one page of HTML, with nothing beside it.

use super::{
    chart::picture,
    run::{Row, Run, about},
    svg::escaped,
};

const STYLE: &str = "
body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222;
       background: #fff; line-height: 1.45; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 0.85em; margin: 0.5em 0 2.5em; }
td, th { padding: 0.2em 0.7em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
tr.first td { border-top: 2px solid #999; }
";

const HEAD: [&str; 9] =
    ["system", "lost packets", "deliveries", "p50", "p95", "p99", "p99.9", "slowest", "bytes"];

/// The page.
pub fn page(runs: &[Run]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Tertulia on bad networks</title>\n<style>{STYLE}</style>\n\
         <h1>Tertulia on bad networks</h1>\n\
         <p>How long a message takes from who writes to who reads, over links that lose packets: \
         Tertulia, and the same chat (its store, its log, its frames) over other transports, at the \
         same time, between real kernels. One writes into four rooms, twenty messages a second, two \
         read; everybody has a link of their own, and each direction of each link loses packets. \
         What never came counts as having taken until the end.</p>\n"
    );
    for run in runs {
        html.push_str(&format!("<h2>{}</h2>\n{}", escaped(&run.title()), picture(run)));
        html.push_str(&table(run));
    }
    html.push_str(
        "<p>Times are in milliseconds; bytes are those of all three links, by delivery. Made by \
         <code>make report</code> from the results of <code>tertulia-bench loss</code>.</p>\n</html>\n",
    );
    html
}

fn table(run: &Run) -> String {
    let head = HEAD.map(|name| format!("<th>{name}</th>")).concat();
    let mut html = format!("<table>\n<tr>{head}</tr>\n");
    for loss in run.losses() {
        let mut class = " class=\"first\"";
        for row in run.rows().iter().filter(|row| row.loss_pct == loss) {
            let cells = cells(row).map(|cell| format!("<td>{}</td>", escaped(&cell))).concat();
            html.push_str(&format!("<tr{class}>{cells}</tr>\n"));
            class = "";
        }
    }
    html.push_str("</table>\n");
    let late = run.rows().iter().find_map(|row| row.emulator_late_p99_ms);
    if let Some(late) = late {
        html.push_str(&format!(
            "<p>The emulator itself was late by at most {late} ms for 99 % of all packets.</p>\n"
        ));
    }
    html
}

fn cells(row: &Row) -> [String; 9] {
    let ms = |ms: f64| format!("{ms:.1}");
    let n = match row.lost {
        0 => row.n.to_string(),
        lost => format!("{} ({lost} never came)", row.n),
    };
    [
        about(&row.system).to_owned(),
        format!("{} %", row.loss_pct),
        n,
        ms(row.p50_ms),
        ms(row.p95_ms),
        ms(row.p99_ms),
        ms(row.p999_ms),
        ms(row.max_ms),
        format!("{:.0}", row.bytes_per_delivery),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run;

    #[test]
    fn the_page_has_a_picture_and_a_table_of_each_run_and_needs_nothing_else() {
        let html = page(&[run(), run()]);
        assert_eq!((html.matches("<svg").count(), html.matches("<table").count()), (2, 2));
        assert_eq!(html.matches("<tr").count(), 2 * 5, "a head and four rows");
        assert!(html.contains("<td>12000.0</td>") && html.contains("at most 0.2 ms"));
        for foreign in ["<script", "<link", "<img", "href=", "src=", "@import", "url("] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }
}
