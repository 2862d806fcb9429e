//! What is seen of a running server: its log, its metrics, and traces of the calls it answers.

mod measure;
mod metrics;
mod setup;
mod stage;
mod verdict;

pub use measure::{measured, measuring};
pub use metrics::METRICS;
pub use setup::{LogFormat, Traces, follow, start};
pub use stage::Stage;
pub use verdict::tell;
