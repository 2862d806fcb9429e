//! Records the evidence of each feature occurrence.

use crate::classify::feature_counts::FeatureCounts;
use crate::classify::features::{CountedShare, Evidence, FeatureGroup, FeatureSink};

/// A feature occurrence: the index of the feature among the counted ones, the share that counts, and its evidence.
pub type TracedOccurrence = (usize, CountedShare, Evidence);

/// A feature sink that counts features and records the evidence of each occurrence.
pub struct Tracer<'a> {
    /// The feature counts.
    pub tally: &'a mut FeatureCounts,
    /// The recorded occurrences.
    pub trace: &'a mut Vec<TracedOccurrence>,
}

impl FeatureSink for Tracer<'_> {
    fn add(&mut self, group: FeatureGroup, hash: u64, share: impl Into<CountedShare>, evidence: Evidence) -> bool {
        let share = share.into();
        let (index, is_new) = self.tally.count(group, hash, share);
        self.trace.push((index, share, evidence));
        is_new
    }

    fn contains(&self, group: FeatureGroup, hash: u64) -> bool {
        self.tally.contains(group, hash)
    }
}
