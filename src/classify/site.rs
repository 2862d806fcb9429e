//! Per-site learning: a small FTRL model for each corrected label, which learns the residual between the base model and the
//! site's own outcomes.
//!
//! The computation is pure: a correction is a fold over outcomes in their order ([`fold`]). The same outcomes give the same
//! correction, bit for bit, and leaving one out gives the correction that was never trained on it. The [`gate`] decides
//! whether a correction serves, by its predictions for outcomes that it had not learned yet.

pub mod fold;
pub mod gate;
mod limits;
pub mod missed;
mod rehearsal;
pub mod sentinel;
mod terms;
pub mod training_example;

use sha2::{Digest, Sha256};

use super::Label;
use super::feature_counts::FeatureCounts;
use super::features::FeatureGroup;
use super::learn::{Coordinate, FtrlLearner, FtrlParams, LearnError};

/// Base-2 logarithm of the number of weight slots of a head. More slots did not improve learning on any stream.
const SLOT_BITS: u32 = 14;
/// Number of weight slots of a head.
const SLOTS: usize = 1 << SLOT_BITS;
/// Bits of a feature's bucket before it is mapped to a slot.
const BUCKET_BITS: u32 = 20;
/// Feature values are stored as multiples of this.
const QUANTUM: f32 = 1.0 / 4_096.0;
/// FTRL parameters of a site's model: fast, since a few outcomes must have an effect. All constants here were chosen by the
/// curves of `benches/learning.rs`.
const SITE_RATES: FtrlParams = FtrlParams { alpha: 1.0, beta: 0.03, l1: 0.0, l2: 0.0 };
/// Value of the bias feature once each class has [`OUTCOMES_FOR_FULL_BIAS`] outcomes.
const MAX_BIAS_VALUE: f32 = 0.35;
/// Number of outcomes of each class from which on the bias feature has its full value.
const OUTCOMES_FOR_FULL_BIAS: f32 = 5.0;
/// The logits that learning treats as even odds, by [`CorrectedLabel`]. Most outcomes of a site are about held or reported
/// comments, which are bad far more often than incoming ones are. Learning therefore pulls towards the point where a policy
/// begins to hold and not towards a probability of 0.5, so that corrected logits lie on the right side of the thresholds
/// (on why: M. Saerens et al., "Adjusting the outputs of a classifier to new a priori probabilities", 2002).
const EVEN_LOGITS: [f32; 2] = [1.9, 0.5];
/// Maximum residual that is learned from one outcome. A larger one is as often a mistake of the moderator as new
/// information.
const MAX_RESIDUAL: f32 = 0.5;
/// The share of the base model's logit that counts when evidence is plentiful.
const MIN_BASE_SHARE: f32 = 0.6;
/// Number of outcomes of each class at which half of the reduction to [`MIN_BASE_SHARE`] is reached.
const OUTCOMES_FOR_HALF_SHARE: f32 = 5.0;
/// Maximum number of harmless and of bad comments that are rehearsed with an outcome of the other class.
const MAX_REHEARSED: [usize; 2] = [3, 2];

/// Maximum absolute value of a base logit.
const MAX_BASE_LOGIT: f32 = 20.0;

/// What a site decided that a comment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A legitimate comment.
    Ham,
    /// Advertising, link dropping or fraud.
    Spam,
    /// Abuse.
    Toxic,
}

/// A sparse feature vector of a comment with the base model's logits. The text cannot be reconstructed from it.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVector {
    /// Slot and value in units of 1/4,096. Slots are distinct and in ascending order.
    features: Vec<(u16, i16)>,
    /// The base model's logits for spam and toxicity. `None` if the model does not support the language.
    base: [Option<f32>; 2],
}

/// A label that a site's outcomes can correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum CorrectedLabel {
    /// [`Label::Spam`].
    Spam,
    /// [`Label::Toxicity`].
    Toxicity,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Ham, Self::Spam, Self::Toxic];

    /// Returns the name of the outcome.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
            Self::Toxic => "toxic",
        }
    }
}

impl CorrectedLabel {
    /// Both labels.
    pub const ALL: [Self; 2] = [Self::Spam, Self::Toxicity];

    /// Returns the label whose score is corrected.
    pub fn label(self) -> Label {
        match self {
            Self::Spam => Label::Spam,
            Self::Toxicity => Label::Toxicity,
        }
    }

    /// Returns the training target that an outcome gives for this label. Returns `None` if it gives none: spam may be
    /// abusive as well, and abuse may advertise.
    pub fn target(self, outcome: Outcome) -> Option<bool> {
        match (outcome, self) {
            (Outcome::Ham, _) => Some(false),
            (Outcome::Spam, Self::Spam) | (Outcome::Toxic, Self::Toxicity) => Some(true),
            (Outcome::Spam, Self::Toxicity) | (Outcome::Toxic, Self::Spam) => None,
        }
    }
}

/// A site's correction of the base model's logits.
#[derive(Debug, Clone)]
pub struct Correction {
    heads: [Head; 2],
}

/// The model of one corrected label.
#[derive(Debug, Clone)]
struct Head {
    learner: FtrlLearner,
    /// Total weight of the harmless and of the bad outcomes that were learned.
    evidence: [f32; 2],
}

/// Returns the features that a correction uses: slot, value, and the share of the value that counts as evidence for a
/// label. Of the groups that describe form, only names are used: otherwise a property that a blog's comments share, such as
/// authors without an address, would decide on every comment. Identity terms are excluded too, because a site's moderators
/// must not teach judgements about groups of people.
fn correction_features<'t>(
    counts: &'t FeatureCounts,
    factors: &'t [f32; FeatureGroup::COUNT],
) -> impl Iterator<Item = (u16, f32, f32)> {
    let counted = counts.features().iter().filter(|feature| match feature.group {
        FeatureGroup::Words | FeatureGroup::Chars | FeatureGroup::Post => true,
        FeatureGroup::Shape | FeatureGroup::Dense | FeatureGroup::Author => feature.is_name,
        FeatureGroup::Scope | FeatureGroup::Identity => false,
    });
    counted.map(|feature| {
        let value = feature.value() * factors[feature.group as usize];
        ((feature.bucket() >> (BUCKET_BITS - SLOT_BITS)) as u16, value, feature.counted_share().spam)
    })
}

impl FeatureVector {
    /// Creates the feature vector of a comment from its feature counts and the base model's logits.
    pub(super) fn new(counts: &FeatureCounts, factors: &[f32; FeatureGroup::COUNT], base: [Option<f32>; 2]) -> Self {
        let mut found: Vec<(u16, f32)> =
            correction_features(counts, factors).map(|(slot, value, counted)| (slot, value * counted)).collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let shared = found.chunk_by(|a, b| a.0 == b.0);
        let features = shared.filter_map(|shared| {
            let value: f32 = shared.iter().map(|(_, value)| value).sum();
            // The clamp is a safeguard: values are at most a few units long.
            let value = (value / QUANTUM).round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
            Some((shared.first()?.0, value)).filter(|(_, value)| *value != 0)
        });
        Self {
            features: features.collect(),
            base: base.map(|logit| logit.map(|logit| logit.clamp(-MAX_BASE_LOGIT, MAX_BASE_LOGIT))),
        }
    }

    /// Returns a SimHash signature: the more similar two comments, the fewer bits differ. Each bit is the sign of a sum
    /// over the features with pseudo-random signs (M. Charikar, "Similarity estimation techniques from rounding
    /// algorithms", 2002).
    pub fn signature(&self) -> u128 {
        let mut sums = [0i32; 128];
        for &(slot, value) in &self.features {
            let signs = u128::from(splitmix64(u64::from(slot))) << 64 | u128::from(splitmix64(u64::from(slot) | 1 << 32));
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += if signs >> bit & 1 == 1 { i32::from(value) } else { -i32::from(value) };
            }
        }
        sums.iter().enumerate().fold(0, |signature, (bit, sum)| signature | u128::from(*sum > 0) << bit)
    }

    /// Returns the learner's coordinates for this vector, with the bias feature last.
    fn coordinates(&self, bias: f32) -> Vec<Coordinate> {
        let features = self.features.iter().map(|&(slot, value)| (u32::from(slot), f32::from(value) * QUANTUM));
        features.chain([(SLOTS as u32, bias)]).collect()
    }

    /// Returns this vector without the base model's logits.
    #[must_use]
    pub fn without_base(&self) -> Self {
        Self { features: self.features.clone(), base: [None; 2] }
    }

    /// Returns this vector without features: only the base model's logits and the site's bias remain.
    #[must_use]
    pub fn without_features(&self) -> Self {
        Self { features: Vec::new(), base: self.base }
    }

    /// Returns the base model's logit for a label.
    pub fn base(&self, label: CorrectedLabel) -> Option<f32> {
        self.base[label as usize]
    }
}

/// Returns a pseudo-random number for each number: the finisher of SplitMix64 (S. Vigna, public domain).
fn splitmix64(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

impl Default for Correction {
    fn default() -> Self {
        Self { heads: std::array::from_fn(|_| Head { learner: FtrlLearner::new(SITE_RATES, SLOTS + 1), evidence: [0.0; 2] }) }
    }
}

impl Correction {
    /// Learns an outcome with a weight in `0..=1`. Returns the logits of each label before the update.
    ///
    /// # Errors
    /// Returns an error if linfa's model cannot be built.
    pub fn learn(&mut self, vector: &FeatureVector, outcome: Outcome, weight: f32) -> Result<[f32; 2], LearnError> {
        let mut before = [0.0; 2];
        for ((label, head), before) in CorrectedLabel::ALL.into_iter().zip(&mut self.heads).zip(&mut before) {
            let coordinates = vector.coordinates(head.bias_value());
            let offset = head.base_term(vector.base(label), label);
            *before = EVEN_LOGITS[label as usize] + offset + head.learner.logit(&coordinates);
            if let Some(target) = label.target(outcome) {
                head.learner.learn_residual(&coordinates, target, offset, MAX_RESIDUAL, weight)?;
                head.evidence[usize::from(target)] += weight;
            }
        }
        Ok(before)
    }

    /// Rehearses bundled comments whose class is known: of the candidates, those with the largest error whose logit the
    /// correction has moved in the wrong direction. They do not count as evidence.
    fn rehearse(
        &mut self,
        candidates: &[&FeatureVector],
        label: CorrectedLabel,
        bad: bool,
        weight: f32,
    ) -> Result<(), LearnError> {
        let wrong = candidates.iter().filter_map(|vector| {
            let corrected = self.logit(vector, label);
            let change = corrected - vector.base(label)?;
            ((change < 0.0) == bad && change != 0.0).then_some((if bad { corrected } else { -corrected }, *vector))
        });
        let mut wrong: Vec<(f32, &FeatureVector)> = wrong.collect();
        wrong.sort_by(|a, b| a.0.total_cmp(&b.0));
        let head = &mut self.heads[label as usize];
        for (_, vector) in wrong.into_iter().take(MAX_REHEARSED[usize::from(bad)]) {
            let offset = head.base_term(vector.base(label), label);
            head.learner.learn_residual(&vector.coordinates(head.bias_value()), bad, offset, MAX_RESIDUAL, weight)?;
        }
        Ok(())
    }

    /// Returns the corrected logit of a label.
    pub fn logit(&self, vector: &FeatureVector, label: CorrectedLabel) -> f32 {
        let head = &self.heads[label as usize];
        EVEN_LOGITS[label as usize]
            + head.base_term(vector.base(label), label)
            + head.learner.logit(&vector.coordinates(head.bias_value()))
    }

    /// Returns the corrected logit of a label by precomputed [`weights`](Self::weights), for callers that score many
    /// comments.
    fn logit_with(&self, weights: &[f32], vector: &FeatureVector, label: CorrectedLabel) -> f32 {
        let head = &self.heads[label as usize];
        let weight = |slot: usize| weights.get(slot).copied().unwrap_or_default();
        let sum: f32 = vector.features.iter().map(|&(slot, value)| f32::from(value) * weight(usize::from(slot))).sum();
        EVEN_LOGITS[label as usize]
            + head.base_term(vector.base(label), label)
            + sum * QUANTUM
            + head.bias_value() * weight(SLOTS)
    }

    /// Returns the corrected logits of both labels for a comment, from its feature counts and the base model's logits. Of a
    /// feature that the post shares, only the counted share is used where it raises a logit; where it lowers one, it counts
    /// in full.
    pub(super) fn logits(
        &self,
        counts: &FeatureCounts,
        factors: &[f32; FeatureGroup::COUNT],
        base: [Option<f32>; 2],
    ) -> [f32; 2] {
        let mut logits = [0.0; 2];
        for ((label, head), logit) in CorrectedLabel::ALL.into_iter().zip(&self.heads).zip(&mut logits) {
            *logit = EVEN_LOGITS[label as usize]
                + head.base_term(base[label as usize], label)
                + head.bias_value() * head.learner.weight(SLOTS);
        }
        for (slot, value, counted) in correction_features(counts, factors) {
            for (logit, head) in logits.iter_mut().zip(&self.heads) {
                let contribution = value * head.learner.weight(usize::from(slot));
                *logit += if contribution > 0.0 { contribution * counted } else { contribution };
            }
        }
        logits
    }

    /// Returns the weights of a label by slot; the last one is that of the site's bias.
    fn weights(&self, label: CorrectedLabel) -> Vec<f32> {
        let head = &self.heads[label as usize];
        (0..=SLOTS).map(|at| head.learner.weight(at)).collect()
    }

    /// Returns the total weight of the outcomes that were learned for a label.
    pub fn evidence(&self, label: CorrectedLabel) -> f32 {
        self.heads[label as usize].evidence.iter().sum()
    }

    /// Returns the SHA-256 of the correction's state. Corrections with the same digest score every comment alike.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for head in &self.heads {
            for number in head.evidence.into_iter().chain(head.learner.state()) {
                digest.update(number.to_le_bytes());
            }
        }
        digest.finalize().into()
    }
}

impl Head {
    /// Returns the weighted distance of the base model's logit from even odds, or 0 if the model does not support the
    /// language.
    fn base_term(&self, logit: Option<f32>, label: CorrectedLabel) -> f32 {
        logit.map_or(0.0, |logit| self.base_share() * (logit - EVEN_LOGITS[label as usize]))
    }

    /// Returns the evidence of the class that has less.
    fn smaller_class(&self) -> f32 {
        self.evidence[0].min(self.evidence[1])
    }

    /// Returns the value of the bias feature. It is 0 until both classes have outcomes.
    fn bias_value(&self) -> f32 {
        MAX_BIAS_VALUE * (self.smaller_class() / OUTCOMES_FOR_FULL_BIAS).min(1.0)
    }

    /// Returns the share of the base model's logit that counts: 1 until both classes have outcomes, less as evidence grows.
    fn base_share(&self) -> f32 {
        MIN_BASE_SHARE + (1.0 - MIN_BASE_SHARE) * OUTCOMES_FOR_HALF_SHARE / (OUTCOMES_FOR_HALF_SHARE + self.smaller_class())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::classify::calibrate::probability;
    use crate::classify::{Input, Model};

    fn vector(model: &Model, text: &str) -> FeatureVector {
        model.feature_vector(&Input { text, ..Input::default() })
    }

    #[test]
    fn a_few_outcomes_of_a_new_kind_are_enough() {
        let model = Model::builtin().unwrap();
        let mut correction = Correction::default();
        let wave = [
            "Marmot futures are the safest asset, ask Gerald",
            "Ask Gerald about marmot futures, safest asset ever",
            "Marmot futures: safest asset of the year, ask Gerald",
        ];
        for text in wave {
            correction.learn(&vector(&model, text), Outcome::Spam, 1.0).unwrap();
        }
        let next = vector(&model, "Gerald sells marmot futures, the safest asset, ask him");
        let other = vector(&model, "The bread did not rise, what did I do wrong with the yeast?");
        let spam = |vector: &FeatureVector| probability(correction.logit(vector, CorrectedLabel::Spam));
        assert!(spam(&next) > 0.5, "{}", spam(&next));
        assert!(spam(&other) < spam(&next));
    }

    proptest! {
        #[test]
        fn the_same_outcomes_give_the_same_correction_bit_for_bit(
            outcomes in proptest::collection::vec((0..6usize, 0..3usize, 0.1f32..1.0), 1..40),
        ) {
            let model = Model::builtin().unwrap();
            let texts = ["buy pills now", "you are an idiot", "I see it differently", "visit my channel", "thank you", "shut up"];
            let vectors = texts.map(|text| vector(&model, text));
            let fold = || {
                let mut correction = Correction::default();
                for &(text, outcome, weight) in &outcomes {
                    let outcome = [Outcome::Ham, Outcome::Spam, Outcome::Toxic][outcome];
                    correction.learn(&vectors[text], outcome, weight).unwrap();
                }
                vectors.each_ref().map(|vector| [CorrectedLabel::Spam, CorrectedLabel::Toxicity].map(|label| correction.logit(vector, label).to_bits()))
            };
            prop_assert_eq!(fold(), fold());
            let any = Correction::default();
            prop_assert!(vectors.iter().all(|vector| (any.logit(vector, CorrectedLabel::Spam) - vector.base(CorrectedLabel::Spam).unwrap_or(EVEN_LOGITS[0])).abs() < 1e-5));
        }
    }
}
