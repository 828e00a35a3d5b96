//! Pictures of what `tertulia-bench loss` found: one page that needs nothing beside itself.
//!
//! Pure: the results as JSON in, SVG and HTML out.

mod chart;
mod page;
mod run;
mod scale;
mod svg;

pub use chart::picture;
pub use page::page;
pub use run::{BadRun, Row, Run};
