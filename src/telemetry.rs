//! Observability of a running server: its log, its metrics, and traces of the calls it answers.

mod measure;
mod metrics;
mod setup;
mod stage;
mod verdict;

pub use measure::{measured, measured_async};
pub use metrics::METRICS;
pub use setup::{LogFormat, TraceExporter, set_parent, start};
pub use stage::Stage;
pub use verdict::report_verdict;
