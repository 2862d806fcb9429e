//! The buffers of scoring, one set per thread.

use std::cell::RefCell;

use super::trace::TracedOccurrence;
use crate::classify::feature_counts::FeatureCounts;
use crate::classify::features::Workspace;

/// The buffers of scoring and explaining, reused from call to call.
#[derive(Default)]
pub struct Scratch {
    /// The normalised and tokenised comment.
    pub workspace: Workspace,
    /// The feature counts of the comment.
    pub tally: FeatureCounts,
    /// The feature occurrences of the comment, filled only for explanations.
    pub trace: Vec<TracedOccurrence>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Scratch {
    /// Calls `f` with the buffers of the current thread.
    pub fn with_thread_local<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        SCRATCH.with_borrow_mut(f)
    }
}
