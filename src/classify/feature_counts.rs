//! Counts how often each feature occurs in one comment, without allocating once warm.

use super::features::{CountedShare, Evidence, FeatureGroup, FeatureSink};
use super::hash;

/// The smallest sum of squares that the scope group is normalised by. A few scope marks in one comment therefore do not
/// reduce each other's weight.
const MIN_SCOPE_SQUARE_SUM: f32 = 9.0;

/// One distinct feature of a comment.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// The bucket and the sign: `bucket << 1 | negative`.
    pub key: u32,
    /// The group of the feature.
    pub group: FeatureGroup,
    /// Whether the feature names a person or a place, such as a domain.
    pub is_name: bool,
    /// The number of occurrences.
    pub occurrences: f32,
    /// The sum of the counted shares of all occurrences.
    pub counted_sum: CountedShare,
}

impl Feature {
    /// Returns the bucket of the weight table.
    #[inline]
    pub fn bucket(&self) -> u32 {
        self.key >> 1
    }

    /// Returns the value before its group is normalised: `1 + ln(occurrences)`, with the sign of the hash.
    #[inline]
    pub fn value(&self) -> f32 {
        let size = if self.occurrences <= 1.0 { 1.0 } else { 1.0 + self.occurrences.ln() };
        if self.key & 1 == 1 { -size } else { size }
    }

    /// Returns the mean share of an occurrence that counts as evidence for spam and for abuse, `0..=1`.
    #[inline]
    pub fn counted_share(&self) -> CountedShare {
        CountedShare { spam: self.counted_sum.spam / self.occurrences, abuse: self.counted_sum.abuse / self.occurrences }
    }
}

/// A counting table with open addressing. Each slot holds the round in which it was filled and the index of its feature,
/// so starting a new round clears the table.
#[derive(Default)]
pub struct FeatureCounts {
    slots: Vec<(u32, u32)>,
    /// The number of slots that this round uses, minus one. Few slots for short texts keep them in the fastest CPU cache.
    mask: usize,
    round: u32,
    features: Vec<Feature>,
}

impl FeatureCounts {
    /// Clears the table and sizes it for a text of this many bytes.
    pub fn reset(&mut self, bytes: usize) {
        self.features.clear();

        let wanted = (bytes * 4).next_power_of_two().clamp(1024, 1 << 17);
        self.mask = wanted - 1;
        self.round = self.round.wrapping_add(1);
        if self.slots.len() < wanted || self.round == 0 {
            self.slots.clear();
            self.slots.resize(wanted, (0, 0));
            self.round = 1;
        }
    }

    /// Returns the distinct features in the order of their first occurrence.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Returns, for each group, the factor that scales its feature vector to the given norm.
    pub fn norm_factors(&self, norms: &[f32; FeatureGroup::COUNT]) -> [f32; FeatureGroup::COUNT] {
        let mut squares = [0.0f32; FeatureGroup::COUNT];
        for feature in &self.features {
            squares[feature.group as usize] += feature.value().powi(2);
        }
        let mut factors = *norms;
        // A scope mark has the same weight whether it is alone or one of a few.
        let scope = &mut squares[FeatureGroup::Scope as usize];
        *scope = scope.max(MIN_SCOPE_SQUARE_SUM);
        for (factor, square) in factors.iter_mut().zip(squares) {
            *factor = if square > 0.0 { *factor / square.sqrt() } else { 0.0 };
        }
        factors
    }

    /// Returns the index of the slot that holds the feature, or of the empty slot where it belongs.
    #[inline]
    fn find_slot(&self, key: u32, group: FeatureGroup) -> usize {
        // Keys are the high bits of a hash, so their low bits are well distributed.
        let mut at = (key as usize ^ (group as usize) << 7) & self.mask;
        loop {
            let (round, index) = self.slots[at];
            if round != self.round {
                return at;
            }
            let feature = &self.features[index as usize];
            if feature.key == key && feature.group == group {
                return at;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Doubles the number of slots and inserts all features again.
    #[cold]
    fn grow(&mut self) {
        let doubled = (self.mask + 1) * 2;
        self.mask = doubled - 1;
        self.slots.clear();
        self.slots.resize(doubled, (0, 0));
        self.round = 1;
        for index in 0..self.features.len() {
            let Feature { key, group, .. } = self.features[index];
            let at = self.find_slot(key, group);
            self.slots[at] = (self.round, index as u32);
        }
    }

    /// Counts an occurrence of a feature. Returns the index of the feature and whether it is new.
    #[inline]
    pub fn count(&mut self, group: FeatureGroup, hash: u64, share: CountedShare) -> (usize, bool) {
        let key = hash::feature_key(hash);
        let at = self.find_slot(key, group);
        let (round, index) = self.slots[at];
        if round == self.round {
            let feature = &mut self.features[index as usize];
            feature.occurrences += 1.0;
            feature.counted_sum.spam += share.spam;
            feature.counted_sum.abuse += share.abuse;
            return (index as usize, false);
        }
        let index = self.features.len();
        self.slots[at] = (self.round, index as u32);
        self.features.push(Feature { key, group, is_name: false, occurrences: 1.0, counted_sum: share });
        if self.features.len() * 2 > self.mask {
            self.grow();
        }
        (index, true)
    }
}

impl FeatureSink for FeatureCounts {
    #[inline]
    fn add(&mut self, group: FeatureGroup, hash: u64, share: impl Into<CountedShare>, _: Evidence) -> bool {
        self.count(group, hash, share.into()).1
    }

    #[inline]
    fn add_name(&mut self, group: FeatureGroup, hash: u64, share: impl Into<CountedShare>, _: Evidence) -> bool {
        let (index, is_new) = self.count(group, hash, share.into());
        self.features[index].is_name = true;
        is_new
    }

    #[inline]
    fn contains(&self, group: FeatureGroup, hash: u64) -> bool {
        self.slots[self.find_slot(hash::feature_key(hash), group)].0 == self.round
    }
}

#[cfg(test)]
mod tests {
    use super::{FeatureCounts, FeatureGroup, FeatureSink};
    use crate::classify::hash;

    #[test]
    fn features_are_counted_once_however_many_there_are() {
        let mut counts = FeatureCounts::default();
        for round in 0..3u64 {
            counts.reset(10);
            for n in 0..5000u64 {
                counts.count(FeatureGroup::Words, hash::combine(round, n % 2500), 1.0.into());
            }
            // A few of 2,500 may share a bucket of two million keys.
            assert!((2490..=2500).contains(&counts.features().len()));
            assert!(counts.contains(FeatureGroup::Words, hash::combine(round, 7)));
            assert!(!counts.contains(FeatureGroup::Chars, hash::combine(round, 7)));
        }
    }

    #[test]
    fn groups_are_brought_to_their_norms() {
        let mut counts = FeatureCounts::default();
        counts.reset(10);
        for n in 0..50 {
            counts.count(FeatureGroup::Words, hash::combine(1, n % 20), 1.0.into());
        }
        let norms = [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
        let factors = counts.norm_factors(&norms);
        let length: f32 = counts.features().iter().map(|feature| (feature.value() * factors[0]).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(factors[1], 0.0);
    }
}
