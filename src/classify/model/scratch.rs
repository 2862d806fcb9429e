//! The buffers that scoring works in, one set per thread.

use std::cell::RefCell;

use super::trace::TracedOccurrence;
use crate::classify::feature_counts::FeatureCounts;
use crate::classify::features::Workspace;

/// Buffers that scoring and explaining need. Reused from call to call.
#[derive(Default)]
pub struct Scratch {
    /// The comment as it was read.
    pub workspace: Workspace,
    /// Its features.
    pub tally: FeatureCounts,
    /// What each use of a feature was evidence of, if it is to be explained.
    pub trace: Vec<TracedOccurrence>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Scratch {
    /// Calls a function with the buffers of this thread.
    pub fn with_thread_local<R>(f: impl FnOnce(&mut Scratch) -> R) -> R {
        SCRATCH.with_borrow_mut(f)
    }
}
