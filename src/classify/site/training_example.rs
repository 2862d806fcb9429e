//! An outcome as stored in a site's log: what the comment is, who decided so, and the features for training. The text
//! cannot be reconstructed from it.

use prost::Message;

use super::{FeatureVector, Outcome, SLOTS};
use crate::classify::file::FORMAT;
use crate::classify::{BANDS, MinHash, TextDigest};

/// Maximum size of a record, in bytes. A record that uses every slot is smaller.
const MAX_BYTES: usize = 128 << 10;
/// Maximum absolute value of a stored base logit.
const MAX_LOGIT: f32 = 60.0;

/// The source of an outcome, from the least to the most trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeSource {
    /// An earlier decision, imported from an archive.
    Import,
    /// The host, on behalf of its own moderators.
    Host,
    /// A moderator who decided in Gatepost.
    Moderator,
}

impl OutcomeSource {
    /// All sources.
    pub const ALL: [Self; 3] = [Self::Import, Self::Host, Self::Moderator];

    /// Returns the name of the source.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Host => "host",
            Self::Moderator => "moderator",
        }
    }
}

/// An outcome of a comment with its features.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingExample {
    /// Name by which the outcome can be withdrawn. It identifies the action that recorded it.
    pub name: String,
    /// Id of the comment.
    pub comment_id: String,
    /// The outcome. `None` if there is none, e.g. if the comment returned to the queue or was rejected for a reason other
    /// than its words. Earlier outcomes of the comment then no longer count.
    pub outcome: Option<Outcome>,
    /// Whether the comment was rejected.
    pub rejected: bool,
    /// Hash that distinguishes this text of the comment from others.
    pub text_hash: u32,
    /// Source of the outcome.
    pub source: OutcomeSource,
    /// Name of the moderator or of the key; may be empty.
    pub by: String,
    /// Time of the decision, in microseconds since 1970.
    pub decided_at: i64,
    /// Feature vector of the comment.
    pub features: FeatureVector,
    /// MinHash of the text, for finding near-duplicates.
    pub min_hash: Option<MinHash>,
    /// Digest of the whole text. `None` if unknown.
    pub digest: Option<TextDigest>,
    /// Keyed hashes of the author, concatenated.
    pub persons: Vec<u8>,
    /// Number of approved comments that the example represents, at least 1, if it was a spot check.
    pub spot_check: Option<f32>,
}

/// Maximum number of comments that a spot check may represent.
const MAX_SPOT_CHECK_WEIGHT: f32 = 10_000.0;

/// The protobuf record of a [`TrainingExample`].
#[derive(Clone, PartialEq, Message)]
struct StoredExample {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    comment_id: String,
    /// 1 ham, 2 spam, 3 toxic; 0 if there is no outcome.
    #[prost(uint32, tag = "3")]
    outcome: u32,
    /// 1 import, 2 host, 3 moderator.
    #[prost(uint32, tag = "4")]
    source: u32,
    #[prost(string, tag = "5")]
    by: String,
    #[prost(int64, tag = "6")]
    at: i64,
    /// Difference of each slot to the one before.
    #[prost(uint32, repeated, tag = "7")]
    steps: Vec<u32>,
    #[prost(sint32, repeated, tag = "8")]
    values: Vec<i32>,
    #[prost(float, optional, tag = "9")]
    spam: Option<f32>,
    #[prost(float, optional, tag = "10")]
    toxicity: Option<f32>,
    #[prost(fixed64, repeated, tag = "11")]
    bands: Vec<u64>,
    #[prost(bytes = "vec", tag = "12")]
    persons: Vec<u8>,
    #[prost(bool, tag = "13")]
    rejected: bool,
    #[prost(fixed32, tag = "14")]
    text: u32,
    /// Version of the feature hashing, which determines the meaning of a slot.
    #[prost(uint32, tag = "15")]
    version: u32,
    #[prost(float, optional, tag = "16")]
    spot_check: Option<f32>,
    /// Digest of the whole text. Empty if unknown, as in records of earlier versions.
    #[prost(bytes = "vec", tag = "17")]
    digest: Vec<u8>,
}

impl TrainingExample {
    /// Returns the comment and the text that the example is about.
    pub fn subject(&self) -> (&str, u32) {
        (&self.comment_id, self.text_hash)
    }

    /// Returns whether the example has an outcome or rejects the comment.
    pub fn decides(&self) -> bool {
        self.outcome.is_some() || self.rejected
    }

    /// Encodes the example as a record for the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut last = 0;
        let steps = self.features.features.iter().map(|&(slot, _)| {
            let step = u32::from(slot) - last;
            last = u32::from(slot);
            step
        });
        let [spam, toxicity] = self.features.base;
        let stored = StoredExample {
            name: self.name.clone(),
            comment_id: self.comment_id.clone(),
            outcome: self.outcome.map_or(0, |outcome| outcome as u32 + 1),
            source: self.source as u32 + 1,
            by: self.by.clone(),
            at: self.decided_at,
            steps: steps.collect(),
            values: self.features.features.iter().map(|&(_, value)| i32::from(value)).collect(),
            spam,
            toxicity,
            bands: self.min_hash.map(|min_hash| min_hash.bands().to_vec()).unwrap_or_default(),
            persons: self.persons.clone(),
            rejected: self.rejected,
            text: self.text_hash,
            version: u32::from(FORMAT),
            spot_check: self.spot_check,
            digest: self.digest.map(Vec::from).unwrap_or_default(),
        };
        stored.encode_to_vec()
    }

    /// Decodes a record that [`to_bytes`](Self::to_bytes) encoded. Returns `None` if the bytes are not a valid record, or
    /// were written with another version of the features.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored = StoredExample::decode(Some(bytes).filter(|bytes| bytes.len() <= MAX_BYTES)?).ok()?;
        if stored.version != u32::from(FORMAT)
            || stored.steps.len() != stored.values.len()
            || stored.steps.iter().skip(1).any(|step| *step == 0)
        {
            return None;
        }
        let mut slot = 0u32;
        let mut features = Vec::with_capacity(stored.steps.len());
        for (step, value) in stored.steps.iter().zip(&stored.values) {
            slot = slot.checked_add(*step)?;
            let slot_index = u16::try_from(slot).ok().filter(|slot_index| usize::from(*slot_index) < SLOTS)?;
            features.push((slot_index, i16::try_from(*value).ok()?));
        }
        let base = [stored.spam, stored.toxicity];
        if base.iter().flatten().any(|logit| !logit.is_finite() || logit.abs() > MAX_LOGIT) {
            return None;
        }
        Some(Self {
            outcome: match stored.outcome.checked_sub(1) {
                None => None,
                Some(index) => Some(*Outcome::ALL.get(usize::try_from(index).ok()?)?),
            },
            rejected: stored.rejected,
            text_hash: stored.text,
            source: *OutcomeSource::ALL.get(usize::try_from(stored.source.checked_sub(1)?).ok()?)?,
            name: stored.name,
            comment_id: stored.comment_id,
            by: stored.by,
            decided_at: stored.at,
            features: FeatureVector { features, base },
            min_hash: <[u64; BANDS]>::try_from(stored.bands).ok().map(MinHash::from_bands),
            digest: TextDigest::try_from(stored.digest).ok(),
            persons: stored.persons,
            spot_check: stored
                .spot_check
                .map(|number| if number.is_nan() { 1.0 } else { number.clamp(1.0, MAX_SPOT_CHECK_WEIGHT) }),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classify::{Input, Model};

    #[test]
    fn a_lesson_comes_back_as_it_was() {
        let model = Model::builtin().unwrap();
        let text = "Earn money from home with our proven system, just visit http://a.example/join and start today";
        let example = TrainingExample {
            name: "d:c1:2".to_owned(),
            comment_id: "c1".to_owned(),
            outcome: Some(Outcome::Spam),
            rejected: true,
            text_hash: 7,
            source: OutcomeSource::Moderator,
            by: "ann".to_owned(),
            decided_at: 1_790_000_000_000_000,
            features: model.feature_vector(&Input { text, ..Input::default() }),
            min_hash: MinHash::from_text(text),
            digest: Some([3; 16]),
            persons: vec![7; 16],
            spot_check: Some(50.0),
        };
        let bytes = example.to_bytes();
        assert_eq!(TrainingExample::from_bytes(&bytes), Some(example));
        assert!(bytes.len() < 2_000, "{}", bytes.len());
    }

    proptest! {
        /// Another process may write to the same store.
        #[test]
        fn any_record_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(example) = TrainingExample::from_bytes(&bytes) {
                prop_assert_eq!(TrainingExample::from_bytes(&example.to_bytes()), Some(example));
            }
        }

        #[test]
        fn slots_beyond_the_table_are_refused(steps in prop::collection::vec(0u32..40_000, 0..4)) {
            let values = steps.iter().map(|_| 1).collect();
            let version = u32::from(FORMAT);
            let stored = StoredExample { outcome: 1, source: 1, version, steps, values, ..Default::default() };
            if let Some(example) = TrainingExample::from_bytes(&stored.encode_to_vec()) {
                prop_assert!(example.features.features.iter().all(|(slot, _)| usize::from(*slot) < SLOTS));
                prop_assert!(example.features.features.is_sorted_by(|a, b| a.0 < b.0));
            }
        }
    }
}
