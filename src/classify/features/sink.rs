//! Groups of features, and the sink that extraction hands each feature to.

use super::evidence::Evidence;

/// Features are brought to a length of their own per group, so that a long text's many n-grams do not drown its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FeatureGroup {
    Words,
    Chars,
    Shape,
    Dense,
    Author,
    /// How the comment fits its post.
    Post,
    /// Marks of scope: hostile words, of whom they are said, and what surrounds them. Spam's head does without.
    Scope,
    /// Identity terms themselves: which group of people is spoken of. Heads for abuse do without.
    Identity,
}

impl FeatureGroup {
    /// How many groups there are.
    pub const COUNT: usize = 8;
}

/// The part of a feature's use that counts in what speaks for a label, `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedShare {
    /// For spam.
    pub spam: f32,
    /// For abuse, where what is quoted, or said of things, counts less.
    pub abuse: f32,
}

impl From<f32> for CountedShare {
    fn from(all: f32) -> Self {
        Self { spam: all, abuse: all }
    }
}

impl CountedShare {
    /// Returns the larger part of both.
    pub fn max(self, other: CountedShare) -> CountedShare {
        CountedShare { spam: self.spam.max(other.spam), abuse: self.abuse.max(other.abuse) }
    }
}

/// Where features go.
pub trait FeatureSink {
    /// Takes one occurrence of a feature that counts `amount`; tells whether it is the first.
    fn add(&mut self, group: FeatureGroup, hash: u64, amount: impl Into<CountedShare>, evidence: Evidence) -> bool;

    /// Takes a feature that names somebody or some place: a domain, a word of a name or of an address. In the groups that
    /// describe form, only these are of one site; the others say what comments look like anywhere.
    fn add_name(&mut self, group: FeatureGroup, hash: u64, amount: impl Into<CountedShare>, evidence: Evidence) -> bool {
        self.add(group, hash, amount, evidence)
    }

    /// Whether the feature has occurred.
    fn contains(&self, group: FeatureGroup, hash: u64) -> bool;
}
