//! Feature groups, and the sink that receives each extracted feature.

use super::evidence::Evidence;

/// A group of features. Each group is normalised separately, so that the many n-grams of a long text do not outweigh its
/// words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FeatureGroup {
    /// Words and word pairs.
    Words,
    /// Character n-grams.
    Chars,
    /// Addresses, numbers, emoji and other forms.
    Shape,
    /// Dense signals.
    Dense,
    /// The author's name and addresses.
    Author,
    /// How well the comment matches its post.
    Post,
    /// Scope marks: hostile or kind words with their targets and contexts. The spam head does not use them.
    Scope,
    /// Identity terms, which name groups of people. The abuse heads do not use them.
    Identity,
}

impl FeatureGroup {
    /// The number of groups.
    pub const COUNT: usize = 8;
}

/// The share of a feature occurrence that counts as evidence for a label, `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedShare {
    /// The share for spam.
    pub spam: f32,
    /// The share for the abuse labels. Quotations and words said about things count less.
    pub abuse: f32,
}

impl From<f32> for CountedShare {
    fn from(share: f32) -> Self {
        Self { spam: share, abuse: share }
    }
}

impl CountedShare {
    /// Returns the larger share for each label.
    pub fn max(self, other: CountedShare) -> CountedShare {
        CountedShare { spam: self.spam.max(other.spam), abuse: self.abuse.max(other.abuse) }
    }
}

/// A receiver of features.
pub trait FeatureSink {
    /// Adds an occurrence of a feature, of which `share` counts. Returns whether it is the first occurrence.
    fn add(&mut self, group: FeatureGroup, hash: u64, share: impl Into<CountedShare>, evidence: Evidence) -> bool;

    /// Adds an occurrence of a feature that names a person or a place: a domain, or a word of a name or an address. Among
    /// the features of form, only these are specific to a site. Returns whether it is the first occurrence.
    fn add_name(&mut self, group: FeatureGroup, hash: u64, share: impl Into<CountedShare>, evidence: Evidence) -> bool {
        self.add(group, hash, share, evidence)
    }

    /// Returns whether the feature has occurred.
    fn contains(&self, group: FeatureGroup, hash: u64) -> bool;
}
