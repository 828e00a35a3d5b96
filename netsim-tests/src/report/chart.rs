//! Times as a picture: for each circumstance, how long it took by each system.

use super::{
    run::about,
    scale::{Scale, time},
    svg::{Anchor, Svg},
};

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 74.0;
const RIGHT: f64 = 20.0;
/// Above the legend, and of each of its lines.
const HEAD: f64 = 70.0;
const LINE: f64 = 20.0;
const BOTTOM: f64 = 62.0;
/// Entries of the legend in a line.
const COLUMNS: usize = 3;
/// Ours first; told apart by those who see fewer colours, too (Okabe and Ito), and on dark and light.
const COLOURS: [&str; 8] =
    ["#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#8c8c8c", "#b5a000"];
/// Of a system's place: its bar, and what of it the slowest take.
const BAR: f64 = 0.62;
const TAIL: f64 = 0.26;
/// So that a bar that is no higher than a line is seen.
const LEAST: f64 = 3.0;

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What a bar is, from where to where.
    pub(super) legend: &'static str,
    /// What the circumstances are.
    pub(super) below: &'static str,
    /// What the way itself takes.
    pub(super) bound_ms: f64,
    pub(super) groups: Vec<Group>,
}

/// One circumstance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
}

/// One system in it: four times, from the median to the slowest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) system: String,
    pub(super) ms: [f64; 4],
}

impl Chart {
    /// As SVG.
    pub(super) fn draw(&self) -> String {
        let mut svg = Svg::new(WIDTH, HEIGHT, &self.title, &self.description());
        let systems = self.systems();
        let all = || self.groups.iter().flat_map(|group| &group.bars).flat_map(|bar| bar.ms);
        let (least, most) = (all().fold(self.bound_ms, f64::min), all().fold(0.0, f64::max));
        let top = HEAD + LINE * systems.len().div_ceil(COLUMNS) as f64 + 6.0;
        let scale = Scale::around(least.max(1.0), most, top, HEIGHT - BOTTOM);
        let bold = r#"font-size="18" font-weight="bold""#;
        svg.text([LEFT, 28.0], Anchor::Start, bold, &self.title);
        self.draw_legend(&mut svg, &systems);
        self.draw_axes(&mut svg, &scale);
        let place = (WIDTH - LEFT - RIGHT) / self.groups.len().max(1) as f64;
        let step = place * 0.86 / systems.len().max(1) as f64;
        for (group, n) in self.groups.iter().zip(0u32..) {
            let from = LEFT + place * f64::from(n);
            let label = [from + place / 2.0, HEIGHT - BOTTOM + 20.0];
            svg.text(label, Anchor::Middle, "", &group.label);
            for bar in &group.bars {
                let at = systems.iter().position(|system| *system == bar.system);
                let at = at.unwrap_or_default() as u32;
                let middle = from + place * 0.07 + step * (f64::from(at) + 0.5);
                bar.draw(&mut svg, &scale, (middle, step), colour(at));
            }
        }
        svg.finish()
    }

    /// In the order of their first bars.
    fn systems(&self) -> Vec<&str> {
        let mut systems: Vec<&str> = Vec::new();
        for bar in self.groups.iter().flat_map(|group| &group.bars) {
            if !systems.contains(&bar.system.as_str()) {
                systems.push(&bar.system);
            }
        }
        systems
    }

    fn draw_legend(&self, svg: &mut Svg, systems: &[&str]) {
        svg.text([LEFT, 48.0], Anchor::Start, SOFT, self.legend);
        let wide = (WIDTH - LEFT - RIGHT) / COLUMNS as f64;
        for (n, system) in systems.iter().enumerate() {
            let x = LEFT + wide * (n % COLUMNS) as f64;
            let y = HEAD + LINE * (n / COLUMNS) as f64;
            svg.rect([x, y - 10.0, 12.0, 12.0], colour(n as u32));
            svg.text([x + 18.0, y], Anchor::Start, "", about(system));
        }
    }

    fn draw_axes(&self, svg: &mut Svg, scale: &Scale) {
        for tick in scale.ticks() {
            let y = scale.y(tick);
            svg.line([LEFT, y, WIDTH - RIGHT, y], "#ddd", r#"class="grid""#);
            svg.text([LEFT - 8.0, y + 4.0], Anchor::End, "", &time(tick));
        }
        let bound = scale.y(self.bound_ms);
        let dashes = r#"stroke-width="1.5" stroke-dasharray="6 4" class="mark""#;
        svg.line([LEFT, bound, WIDTH - RIGHT, bound], "#222", dashes);
        let words = format!("dashed: {}, what the way itself takes", time(self.bound_ms));
        svg.text([LEFT, HEIGHT - 12.0], Anchor::Start, SOFT, &words);
        svg.text([WIDTH - RIGHT, HEIGHT - 12.0], Anchor::End, SOFT, self.below);
    }

    /// For those who do not see it.
    fn description(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            for Bar { system, ms } in &group.bars {
                let [from, to, tail, most] = ms.map(time);
                let (system, label) = (about(system), &group.label);
                text.push_str(&format!("{system}, {label}: {from}, {to}, {tail}, {most}. "));
            }
        }
        text
    }
}

const SOFT: &str = r##"fill="#555" class="soft""##;

impl Bar {
    /// From the first time to the second; narrower to the third; a line to the last.
    fn draw(&self, svg: &mut Svg, scale: &Scale, (middle, step): (f64, f64), colour: &str) {
        let [from, to, tail, most] = self.ms.map(|ms| scale.y(ms));
        let column = |low: f64, high: f64, share: f64| {
            let height = (low - high).max(LEAST);
            [middle - step * share / 2.0, low - height, step * share, height]
        };
        svg.line([middle, from, middle, most], colour, r#"stroke-width="1.5""#);
        if self.ms[2] > self.ms[1] {
            svg.rect(column(to, tail, TAIL), colour);
        }
        svg.rect(column(from, to, BAR), colour);
    }
}

fn colour(n: u32) -> &'static str {
    COLOURS[n as usize % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let bar =
            |system: &str, most| Bar { system: system.to_owned(), ms: [61.0, 62.0, 63.0, most] };
        let group = |label: &str, bars| Group { label: label.to_owned(), bars };
        Chart {
            title: "How long".to_owned(),
            legend: "bars are times",
            below: "lost",
            bound_ms: 60.0,
            groups: vec![
                group("0 %", vec![bar("tertulia", 70.0), bar("tcp-tls-bbr", 80.0)]),
                group("10 %", vec![bar("tcp-tls-bbr", 12_000.0)]),
            ],
        }
    }

    #[test]
    fn every_time_has_its_bar_and_the_bound_its_line() {
        let svg = chart().draw();
        // Three bars with tails, two in the legend, the ground.
        assert_eq!(svg.matches("<rect").count(), 3 * 2 + 2 + 1);
        assert_eq!(svg.matches("stroke-dasharray").count(), 1);
        assert!(svg.contains("dashed: 60 ms") && svg.contains("TLS 1.3 over TCP, BBR"));
        assert!(svg.contains("TLS 1.3 over TCP, BBR, 10 %: 61 ms, 62 ms, 63 ms, 12 s"));
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    }

    #[test]
    fn what_stands_in_results_is_text_and_nothing_else() {
        let mut chart = chart();
        chart.groups[0].bars[0].system = "<script>\"&".to_owned();
        chart.groups[0].label = "</text>".to_owned();
        let svg = chart.draw();
        assert!(svg.contains("&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
        assert!(svg.contains("&lt;/text&gt;"));
    }
}
