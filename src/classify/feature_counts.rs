//! Counts how often each feature occurs in one comment, without allocating once warm.

use super::features::{CountedShare, Evidence, FeatureGroup, FeatureSink};
use super::hash;

/// Up to so many marks of scope do not take from each other's weight.
const MIN_SCOPE_SQUARE_SUM: f32 = 9.0;

/// One distinct feature of a comment.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// `bucket << 1 | negative`
    pub key: u32,
    pub group: FeatureGroup,
    /// Whether it names somebody or some place.
    pub is_name: bool,
    /// How often it occurs.
    pub occurrences: f32,
    /// How much of that counts: a use that counts less adds less than one.
    pub counted_sum: CountedShare,
}

impl Feature {
    /// The bucket of the weight table.
    #[inline]
    pub fn bucket(&self) -> u32 {
        self.key >> 1
    }

    /// The value before its group is normalised: sub-linear in how often it occurs, with the sign of the hash.
    #[inline]
    pub fn value(&self) -> f32 {
        let size = if self.occurrences <= 1.0 { 1.0 } else { 1.0 + self.occurrences.ln() };
        if self.key & 1 == 1 { -size } else { size }
    }

    /// Returns the part of it that counts in what speaks for spam, and for abuse, `0..=1`.
    #[inline]
    pub fn counted_share(&self) -> CountedShare {
        CountedShare { spam: self.counted_sum.spam / self.occurrences, abuse: self.counted_sum.abuse / self.occurrences }
    }
}

/// A counting table with open addressing. A slot holds the round it was filled in and the index of its feature, so
/// that clearing is starting a new round.
#[derive(Default)]
pub struct FeatureCounts {
    slots: Vec<(u32, u32)>,
    /// How many slots this round uses, less one: short texts stay in the fastest cache.
    mask: usize,
    round: u32,
    features: Vec<Feature>,
}

impl FeatureCounts {
    /// Forgets everything and makes room for a text of that many bytes.
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

    /// The distinct features in order of their first occurrence.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// For each group the factor that brings its features to the given length.
    pub fn norm_factors(&self, norms: &[f32; FeatureGroup::COUNT]) -> [f32; FeatureGroup::COUNT] {
        let mut squares = [0.0f32; FeatureGroup::COUNT];
        for feature in &self.features {
            squares[feature.group as usize] += feature.value().powi(2);
        }
        let mut factors = *norms;
        // A mark counts the same whether it stands alone or beside a few others.
        let marks = &mut squares[FeatureGroup::Scope as usize];
        *marks = marks.max(MIN_SCOPE_SQUARE_SUM);
        for (factor, square) in factors.iter_mut().zip(squares) {
            *factor = if square > 0.0 { *factor / square.sqrt() } else { 0.0 };
        }
        factors
    }

    /// The index of the feature's slot: where it is, or the empty one where it would go.
    #[inline]
    fn find_slot(&self, key: u32, group: FeatureGroup) -> usize {
        // Keys are high bits of a hash already, so their low bits are as good as any.
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

    /// Doubles the table.
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

    /// Counts a feature; returns its index among the distinct ones and whether it is new.
    #[inline]
    pub fn count(&mut self, group: FeatureGroup, hash: u64, amount: CountedShare) -> (usize, bool) {
        let key = hash::feature_key(hash);
        let at = self.find_slot(key, group);
        let (round, index) = self.slots[at];
        if round == self.round {
            let feature = &mut self.features[index as usize];
            feature.occurrences += 1.0;
            feature.counted_sum.spam += amount.spam;
            feature.counted_sum.abuse += amount.abuse;
            return (index as usize, false);
        }
        let index = self.features.len();
        self.slots[at] = (self.round, index as u32);
        self.features.push(Feature { key, group, is_name: false, occurrences: 1.0, counted_sum: amount });
        if self.features.len() * 2 > self.mask {
            self.grow();
        }
        (index, true)
    }
}

impl FeatureSink for FeatureCounts {
    #[inline]
    fn add(&mut self, group: FeatureGroup, hash: u64, amount: impl Into<CountedShare>, _: Evidence) -> bool {
        self.count(group, hash, amount.into()).1
    }

    #[inline]
    fn add_name(&mut self, group: FeatureGroup, hash: u64, amount: impl Into<CountedShare>, _: Evidence) -> bool {
        let (index, first_time) = self.count(group, hash, amount.into());
        self.features[index].is_name = true;
        first_time
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
        let mut tally = FeatureCounts::default();
        for round in 0..3u64 {
            tally.reset(10);
            for n in 0..5000u64 {
                tally.count(FeatureGroup::Words, hash::combine(round, n % 2500), 1.0.into());
            }
            // A few of 2,500 may share a bucket of two million keys.
            assert!((2490..=2500).contains(&tally.features().len()));
            assert!(tally.contains(FeatureGroup::Words, hash::combine(round, 7)));
            assert!(!tally.contains(FeatureGroup::Chars, hash::combine(round, 7)));
        }
    }

    #[test]
    fn groups_are_brought_to_their_norms() {
        let mut tally = FeatureCounts::default();
        tally.reset(10);
        for n in 0..50 {
            tally.count(FeatureGroup::Words, hash::combine(1, n % 20), 1.0.into());
        }
        let norms = [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
        let factors = tally.norm_factors(&norms);
        let length: f32 = tally.features().iter().map(|feature| (feature.value() * factors[0]).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(factors[1], 0.0);
    }
}
