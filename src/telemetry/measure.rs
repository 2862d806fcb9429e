//! Measures and traces the parts of the way of a comment.

use std::time::Instant;

use tracing::Instrument;

use super::metrics::METRICS;
use super::stage::Stage;

/// Does a part of the way of a comment, measured and traced.
pub fn measured<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = stage.span().in_scope(work);
    METRICS.stage(stage, began);
    done
}

/// The same for a part that waits.
pub async fn measured_async<T>(stage: Stage, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let done = work.instrument(stage.span()).await;
    METRICS.stage(stage, began);
    done
}
