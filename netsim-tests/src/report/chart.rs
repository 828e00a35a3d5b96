//! One run as a picture: for each loss, how long messages took by each system.

use super::{
    run::{Row, Run, about},
    scale::{Scale, time},
    svg::{Anchor, Svg},
};

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 116.0;
const BOTTOM: f64 = 62.0;
/// Ours first; told apart by those who see fewer colours, too (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7"];
/// Of a system's place: its bar, and what of it the slowest 1 % take.
const BAR: f64 = 0.62;
const TAIL: f64 = 0.26;
/// So that a bar that is no higher than a line is seen.
const LEAST: f64 = 3.0;

/// A run's picture, as SVG.
pub fn picture(run: &Run) -> String {
    let title = format!("{}: how long messages take", run.title());
    let mut svg = Svg::new(WIDTH, HEIGHT, &title, &description(run));
    let most = run.rows().iter().map(|row| row.max_ms).fold(0.0, f64::max);
    let scale = Scale::around(run.bound_ms(), most, TOP, HEIGHT - BOTTOM);
    svg.text([LEFT, 28.0], Anchor::Start, r#"font-size="18" font-weight="bold""#, &title);
    legend(&mut svg, run);
    axes(&mut svg, run, &scale);
    let (losses, systems) = (run.losses(), run.systems());
    let place = (WIDTH - LEFT - RIGHT) / losses.len() as f64;
    for (loss, n) in losses.iter().zip(0u32..) {
        let from = LEFT + place * f64::from(n);
        let label = format!("{loss} %");
        svg.text([from + place / 2.0, HEIGHT - BOTTOM + 20.0], Anchor::Middle, "", &label);
        let step = place * 0.86 / systems.len() as f64;
        for (system, m) in systems.iter().zip(0u32..) {
            if let Some(row) = run.find(system, *loss) {
                let middle = from + place * 0.07 + step * (f64::from(m) + 0.5);
                bar(&mut svg, row, &scale, (middle, step), colour(m));
            }
        }
    }
    svg.finish()
}

/// From the median to the slowest of a hundred; narrower to that of a thousand; a line to the last.
fn bar(svg: &mut Svg, row: &Row, scale: &Scale, (middle, step): (f64, f64), colour: &str) {
    let [p50, p99, p999, max] =
        [row.p50_ms, row.p99_ms, row.p999_ms, row.max_ms].map(|ms| scale.y(ms));
    let column = |low: f64, high: f64, share: f64| {
        let height = (low - high).max(LEAST);
        [middle - step * share / 2.0, low - height, step * share, height]
    };
    svg.line([middle, p50, middle, max], colour, r#"stroke-width="1.5""#);
    svg.rect(column(p99, p999, TAIL), colour);
    svg.rect(column(p50, p99, BAR), colour);
}

fn legend(svg: &mut Svg, run: &Run) {
    let words = "Bars: from the median to the 99th percentile; narrow: to the 99.9th; line: to the slowest.";
    svg.text([LEFT, 48.0], Anchor::Start, r##"fill="#555""##, words);
    let wide = (WIDTH - LEFT - RIGHT) / 3.0;
    for (system, n) in run.systems().into_iter().zip(0u32..) {
        let (x, y) = (LEFT + wide * f64::from(n % 3), 70.0 + 20.0 * f64::from(n / 3));
        svg.rect([x, y - 10.0, 12.0, 12.0], colour(n));
        svg.text([x + 18.0, y], Anchor::Start, "", about(system));
    }
}

fn axes(svg: &mut Svg, run: &Run, scale: &Scale) {
    for tick in scale.ticks() {
        let y = scale.y(tick);
        svg.line([LEFT, y, WIDTH - RIGHT, y], "#ddd", "");
        svg.text([LEFT - 8.0, y + 4.0], Anchor::End, "", &time(tick));
    }
    let bound = scale.y(run.bound_ms());
    let dashes = r#"stroke-width="1.5" stroke-dasharray="6 4""#;
    svg.line([LEFT, bound, WIDTH - RIGHT, bound], "#222", dashes);
    let words = format!("dashed: {}, what the way itself takes", time(run.bound_ms()));
    svg.text([LEFT, HEIGHT - 12.0], Anchor::Start, r##"fill="#555""##, &words);
    let words = "packets lost in each direction of each link";
    svg.text([WIDTH - RIGHT, HEIGHT - 12.0], Anchor::End, r##"fill="#555""##, words);
}

/// For those who do not see it.
fn description(run: &Run) -> String {
    let mut text = String::new();
    for row in run.rows() {
        text.push_str(&format!(
            "{} at {} %: median {}, p99 {}, p99.9 {}. ",
            about(&row.system),
            row.loss_pct,
            time(row.p50_ms),
            time(row.p99_ms),
            time(row.p999_ms)
        ));
    }
    text
}

fn colour(n: u32) -> &'static str {
    COLOURS[n as usize % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::run::tests::run;

    #[test]
    fn every_row_has_its_bar_and_the_bound_its_line() {
        let svg = picture(&run());
        // Four bars with tails, two in the legend, the ground.
        assert_eq!(svg.matches("<rect").count(), 4 * 2 + 2 + 1);
        assert_eq!(svg.matches("stroke-dasharray").count(), 1);
        assert!(svg.contains("dashed: 60 ms") && svg.contains("TLS 1.3 over TCP, BBR"));
        assert!(svg.contains("at 10 %: median 110 ms, p99 110 ms, p99.9 12 s"));
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    }

    #[test]
    fn what_stands_in_results_is_text_and_nothing_else() {
        let json = serde_json::json!([{
            "system": "<script>\"&", "rtt_ms": 60, "loss_pct": 0, "burst": null, "n": 1,
            "p50_ms": 61, "p95_ms": 61, "p99_ms": 61, "p999_ms": 61, "max_ms": 61,
            "bytes_per_delivery": 1, "lost": 0,
        }]);
        let svg = picture(&Run::from_json(json.to_string().as_bytes()).unwrap());
        assert!(svg.contains("&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
    }
}
