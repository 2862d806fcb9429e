//! Measures and traces the stages of processing a comment.

use std::time::Instant;

use tracing::Instrument;

use super::metrics::METRICS;
use super::stage::Stage;

/// Runs a stage. Records its duration and a span.
pub fn measured<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = stage.span().in_scope(work);
    METRICS.stage(stage, began);
    done
}

/// Runs an asynchronous stage. Records its duration and a span.
pub async fn measured_async<T>(stage: Stage, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.instrument(stage.span()).await;
    METRICS.stage(stage, began);
    done
}
