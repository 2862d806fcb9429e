//! One outcome as a site's log keeps it: what the comment turned out to be, who says so, and what learning needs of the
//! comment. Its text cannot be read out of it.

use prost::Message;

use super::{FeatureVector, Outcome, SLOTS};
use crate::classify::file::FORMAT;
use crate::classify::{BANDS, MinHash, TextDigest};

/// Longest record that is read, in bytes: every slot at once takes less.
const MAX_BYTES: usize = 128 << 10;
/// No base says more.
const MAX_LOGIT: f32 = 60.0;

/// Who says what a comment turned out to be, from the least trusted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeSource {
    /// An archive's earlier decisions.
    Import,
    /// The host, for its own moderators.
    Host,
    /// A moderator, in Gatepost.
    Moderator,
}

impl OutcomeSource {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Import, Self::Host, Self::Moderator];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Host => "host",
            Self::Moderator => "moderator",
        }
    }
}

/// One outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingExample {
    /// What it is taken back by: it names the act that taught it.
    pub name: String,
    /// The comment.
    pub comment_id: String,
    /// What it turned out to be. `None`: nobody says, as of one that is put back into the queue, or rejected for what no words
    /// are at fault for; but what was said of it before counts no more.
    pub outcome: Option<Outcome>,
    /// Whether it was rejected.
    pub rejected: bool,
    /// Tells this text of the comment from another.
    pub text_hash: u32,
    /// Whose word that is.
    pub source: OutcomeSource,
    /// The moderator's or the key's name; may be empty.
    pub by: String,
    /// When, in microseconds since 1970.
    pub decided_at: i64,
    /// What the comment looked like.
    pub features: FeatureVector,
    /// What nearly the same comments share with it.
    pub min_hash: Option<MinHash>,
    /// Tells its whole text from others. `None`: not known.
    pub digest: Option<TextDigest>,
    /// Keyed hashes of its author, one behind the other.
    pub persons: Vec<u8>,
    /// How many approved comments it stands for, at least 1, if it was a spot check.
    pub spot_check: Option<f32>,
}

/// The most comments that one is taken to stand for.
const MAX_SPOT_CHECK_WEIGHT: f32 = 10_000.0;

/// The same as it is kept.
#[derive(Clone, PartialEq, Message)]
struct StoredExample {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    comment_id: String,
    /// 1 ham, 2 spam, 3 toxic; 0: nobody says.
    #[prost(uint32, tag = "3")]
    outcome: u32,
    /// 1 import, 2 host, 3 moderator.
    #[prost(uint32, tag = "4")]
    source: u32,
    #[prost(string, tag = "5")]
    by: String,
    #[prost(int64, tag = "6")]
    at: i64,
    /// How far each slot is from the one before.
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
    /// Of the features: what a slot means.
    #[prost(uint32, tag = "15")]
    version: u32,
    #[prost(float, optional, tag = "16")]
    spot_check: Option<f32>,
    /// Tells its whole text from others. Empty: not known, as of those that earlier versions kept.
    #[prost(bytes = "vec", tag = "17")]
    digest: Vec<u8>,
}

impl TrainingExample {
    /// What it is about: a text of a comment.
    pub fn subject(&self) -> (&str, u32) {
        (&self.comment_id, self.text_hash)
    }

    /// Returns whether it says what becomes of the comment, or what the comment is.
    pub fn decides(&self) -> bool {
        self.outcome.is_some() || self.rejected
    }

    /// As the log keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut last = 0;
        let steps = self.features.features.iter().map(|&(slot, _)| {
            let step = u32::from(slot) - last;
            last = u32::from(slot);
            step
        });
        let [spam, toxicity] = self.features.base;
        let kept = StoredExample {
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
            bands: self.min_hash.map(|likeness| likeness.bands().to_vec()).unwrap_or_default(),
            persons: self.persons.clone(),
            rejected: self.rejected,
            text: self.text_hash,
            version: u32::from(FORMAT),
            spot_check: self.spot_check,
            digest: self.digest.map(Vec::from).unwrap_or_default(),
        };
        kept.encode_to_vec()
    }

    /// Reads back what [`to_bytes`](Self::to_bytes) gave. `None`: the bytes are not that, or of a version whose features mean
    /// something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let kept = StoredExample::decode(Some(bytes).filter(|bytes| bytes.len() <= MAX_BYTES)?).ok()?;
        if kept.version != u32::from(FORMAT)
            || kept.steps.len() != kept.values.len()
            || kept.steps.iter().skip(1).any(|step| *step == 0)
        {
            return None;
        }
        let mut slot = 0u32;
        let mut features = Vec::with_capacity(kept.steps.len());
        for (step, value) in kept.steps.iter().zip(&kept.values) {
            slot = slot.checked_add(*step)?;
            let place = u16::try_from(slot).ok().filter(|place| usize::from(*place) < SLOTS)?;
            features.push((place, i16::try_from(*value).ok()?));
        }
        let base = [kept.spam, kept.toxicity];
        if base.iter().flatten().any(|logit| !logit.is_finite() || logit.abs() > MAX_LOGIT) {
            return None;
        }
        Some(Self {
            outcome: match kept.outcome.checked_sub(1) {
                None => None,
                Some(place) => Some(*Outcome::ALL.get(usize::try_from(place).ok()?)?),
            },
            rejected: kept.rejected,
            text_hash: kept.text,
            source: *OutcomeSource::ALL.get(usize::try_from(kept.source.checked_sub(1)?).ok()?)?,
            name: kept.name,
            comment_id: kept.comment_id,
            by: kept.by,
            decided_at: kept.at,
            features: FeatureVector { features, base },
            min_hash: <[u64; BANDS]>::try_from(kept.bands).ok().map(MinHash::from_bands),
            digest: TextDigest::try_from(kept.digest).ok(),
            persons: kept.persons,
            spot_check: kept
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
        let lesson = TrainingExample {
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
        let bytes = lesson.to_bytes();
        assert_eq!(TrainingExample::from_bytes(&bytes), Some(lesson));
        assert!(bytes.len() < 2_000, "{}", bytes.len());
    }

    proptest! {
        /// A neighbour may write where ours is kept.
        #[test]
        fn any_record_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(lesson) = TrainingExample::from_bytes(&bytes) {
                prop_assert_eq!(TrainingExample::from_bytes(&lesson.to_bytes()), Some(lesson));
            }
        }

        #[test]
        fn slots_beyond_the_table_are_refused(steps in prop::collection::vec(0u32..40_000, 0..4)) {
            let values = steps.iter().map(|_| 1).collect();
            let kept = StoredExample { outcome: 1, source: 1, version: u32::from(FORMAT), steps, values, ..Default::default() };
            if let Some(lesson) = TrainingExample::from_bytes(&kept.encode_to_vec()) {
                prop_assert!(lesson.features.features.iter().all(|(slot, _)| usize::from(*slot) < SLOTS));
                prop_assert!(lesson.features.features.is_sorted_by(|a, b| a.0 < b.0));
            }
        }
    }
}
