//! Remembers what each use of a feature was evidence of.

use crate::classify::feature_counts::FeatureCounts;
use crate::classify::features::{CountedShare, Evidence, FeatureGroup, FeatureSink};

/// The index of a feature in the tally, how much it counts, and what it is evidence of.
pub type TracedOccurrence = (usize, CountedShare, Evidence);

/// Counts features like the tally it wraps, and remembers what each occurrence was evidence of.
pub struct Tracer<'a> {
    pub tally: &'a mut FeatureCounts,
    pub trace: &'a mut Vec<TracedOccurrence>,
}

impl FeatureSink for Tracer<'_> {
    fn add(&mut self, group: FeatureGroup, hash: u64, amount: impl Into<CountedShare>, evidence: Evidence) -> bool {
        let amount = amount.into();
        let (index, first_time) = self.tally.count(group, hash, amount);
        self.trace.push((index, amount, evidence));
        first_time
    }

    fn contains(&self, group: FeatureGroup, hash: u64) -> bool {
        self.tally.contains(group, hash)
    }
}
