//! What one site's own outcomes add to the base model: a small FTRL model per kind of badness that learns the residual of
//! the base and itself.
//!
//! Pure: a correction is a fold over outcomes in their order ([`fold`]). The same outcomes give the same correction, bit for
//! bit, and leaving one out gives the correction that never saw it. Whether it serves is decided by how it did on outcomes
//! before it had learned them ([`gate`]).

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

/// Two to this power slots hold a head's weights; with more, no stream learned better.
const SLOT_BITS: u32 = 14;
const SLOTS: usize = 1 << SLOT_BITS;
/// Bits of a bucket before it is folded into slots.
const BUCKET_BITS: u32 = 20;
/// Features are kept to this fraction.
const QUANTUM: f32 = 1.0 / 4_096.0;
/// How fast to learn: a few outcomes must tell. Chosen, like all figures here, by the curves of `benches/learning.rs`.
const SITE_RATES: FtrlParams = FtrlParams { alpha: 1.0, beta: 0.03, l1: 0.0, l2: 0.0 };
/// What the site's bias counts beside its features, once there are so many outcomes of each class.
const MAX_BIAS_VALUE: f32 = 0.35;
const OUTCOMES_FOR_FULL_BIAS: f32 = 5.0;
/// The logits that learning takes for even odds. Most of what a site decides was held or reported, and is bad far more often
/// than what comes in: outcomes pull towards where a policy begins to hold, not towards a probability of a half, so that what
/// was learned lies on the right side of the thresholds (M. Saerens et al., "Adjusting the outputs of a classifier to new a
/// priori probabilities", 2002, on why).
const EVEN_LOGITS: [f32; 2] = [1.9, 0.5];
/// How far one outcome may be from what was expected of it: more is a slip of the hand as often as news.
const MAX_RESIDUAL: f32 = 0.5;
/// The part of the base's say that is left when there is evidence, and how many outcomes of each class bring it half-way
/// there.
const MIN_BASE_SHARE: f32 = 0.6;
const OUTCOMES_FOR_HALF_SHARE: f32 = 5.0;
/// How many harmless and bad comments are rehearsed with an outcome of the other class.
const MAX_REHEARSED: [usize; 2] = [3, 2];

/// No base is surer than this.
const MAX_BASE_LOGIT: f32 = 20.0;

/// What a comment turned out to be, in the eyes of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It belongs on the site.
    Ham,
    /// Advertising, link dropping, fraud.
    Spam,
    /// Abuse.
    Toxic,
}

/// What learning needs of a comment, and nothing that its text could be read out of.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVector {
    /// Slot and value in units of 1/4,096; slots are distinct and in rising order.
    features: Vec<(u16, i16)>,
    /// The base's logits for spam and toxicity. `None`: the base does not speak the language.
    base: [Option<f32>; 2],
}

/// The two things that a site teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum CorrectedLabel {
    /// [`Label::Spam`].
    Spam,
    /// [`Label::Toxicity`].
    Toxicity,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ham, Self::Spam, Self::Toxic];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ham => "ham",
            Self::Spam => "spam",
            Self::Toxic => "toxic",
        }
    }
}

impl CorrectedLabel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Spam, Self::Toxicity];

    /// The label whose score it corrects.
    pub fn label(self) -> Label {
        match self {
            Self::Spam => Label::Spam,
            Self::Toxicity => Label::Toxicity,
        }
    }

    /// What an outcome says of it. `None`: nothing. Spam may well be abusive too, and abuse advertise: nobody has said.
    pub fn target(self, outcome: Outcome) -> Option<bool> {
        match (outcome, self) {
            (Outcome::Ham, _) => Some(false),
            (Outcome::Spam, Self::Spam) | (Outcome::Toxic, Self::Toxicity) => Some(true),
            (Outcome::Spam, Self::Toxicity) | (Outcome::Toxic, Self::Spam) => None,
        }
    }
}

/// A site's correction.
#[derive(Debug, Clone)]
pub struct Correction {
    heads: [Head; 2],
}

#[derive(Debug, Clone)]
struct Head {
    learner: FtrlLearner,
    /// How much was learned: harmless and bad outcomes by their weight.
    evidence: [f32; 2],
}

/// Returns the features that a correction looks at: slot, value, and the part of the value that counts in what speaks for a
/// label. Of the groups that describe form only names are looked at: what the comments of a blog have in common, such as
/// authors without an address, would else clear or accuse whatever comes to it. Identity terms are left out, too: which
/// people a comment speaks of is nothing that one site's moderators should teach.
fn correction_features<'t>(
    tally: &'t FeatureCounts,
    factors: &'t [f32; FeatureGroup::COUNT],
) -> impl Iterator<Item = (u16, f32, f32)> {
    let counted = tally.features().iter().filter(|feature| match feature.group {
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
    /// Returns what learning needs of a comment whose features were counted, where the base gives these logits.
    pub(super) fn new(tally: &FeatureCounts, factors: &[f32; FeatureGroup::COUNT], base: [Option<f32>; 2]) -> Self {
        let mut found: Vec<(u16, f32)> =
            correction_features(tally, factors).map(|(slot, value, counted)| (slot, value * counted)).collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let shared = found.chunk_by(|a, b| a.0 == b.0);
        let features = shared.filter_map(|shared| {
            let value: f32 = shared.iter().map(|(_, value)| value).sum();
            // Within the range of i16: values are at most some units long.
            let value = (value / QUANTUM).round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
            Some((shared.first()?.0, value)).filter(|(_, value)| *value != 0)
        });
        Self {
            features: features.collect(),
            base: base.map(|logit| logit.map(|logit| logit.clamp(-MAX_BASE_LOGIT, MAX_BASE_LOGIT))),
        }
    }

    /// A fingerprint of which bits differ the less the more alike two comments are: the signs of sums over features, each
    /// with random signs of its own (M. Charikar, "Similarity estimation techniques from rounding algorithms", 2002).
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

    fn coordinates(&self, bias: f32) -> Vec<Coordinate> {
        let features = self.features.iter().map(|&(slot, value)| (u32::from(slot), f32::from(value) * QUANTUM));
        features.chain([(SLOTS as u32, bias)]).collect()
    }

    /// The same without what the base says.
    #[must_use]
    pub fn without_base(&self) -> Self {
        Self { features: self.features.clone(), base: [None; 2] }
    }

    /// The same without any feature: only what the base says, and the site's bias.
    #[must_use]
    pub fn without_features(&self) -> Self {
        Self { features: Vec::new(), base: self.base }
    }

    /// The base's logit.
    pub fn base(&self, kind: CorrectedLabel) -> Option<f32> {
        self.base[kind as usize]
    }
}

/// A number as good as random for each number; the finisher of SplitMix64 (S. Vigna, public domain).
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
    /// Learns an outcome that counts so much, `0..=1`. Returns the logits of each kind that it would have given before.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn learn(&mut self, sketch: &FeatureVector, outcome: Outcome, weight: f32) -> Result<[f32; 2], LearnError> {
        let mut before = [0.0; 2];
        for ((kind, head), before) in CorrectedLabel::ALL.into_iter().zip(&mut self.heads).zip(&mut before) {
            let coordinates = sketch.coordinates(head.bias_value());
            let offset = head.base_term(sketch.base(kind), kind);
            *before = EVEN_LOGITS[kind as usize] + offset + head.learner.logit(&coordinates);
            if let Some(target) = kind.target(outcome) {
                head.learner.learn_residual(&coordinates, target, offset, MAX_RESIDUAL, weight)?;
                head.evidence[usize::from(target)] += weight;
            }
        }
        Ok(before)
    }

    /// Has a kind learn the truth of those comments that it gets most wrong for the worse, of a few: comments whose logit it
    /// has moved away from the truth. They are not counted.
    fn rehearse(&mut self, few: &[&FeatureVector], kind: CorrectedLabel, bad: bool, weight: f32) -> Result<(), LearnError> {
        let wrong = few.iter().filter_map(|sketch| {
            let corrected = self.logit(sketch, kind);
            let change = corrected - sketch.base(kind)?;
            ((change < 0.0) == bad && change != 0.0).then_some((if bad { corrected } else { -corrected }, *sketch))
        });
        let mut wrong: Vec<(f32, &FeatureVector)> = wrong.collect();
        wrong.sort_by(|a, b| a.0.total_cmp(&b.0));
        let head = &mut self.heads[kind as usize];
        for (_, sketch) in wrong.into_iter().take(MAX_REHEARSED[usize::from(bad)]) {
            let offset = head.base_term(sketch.base(kind), kind);
            head.learner.learn_residual(&sketch.coordinates(head.bias_value()), bad, offset, MAX_RESIDUAL, weight)?;
        }
        Ok(())
    }

    /// The logit of a kind for this site.
    pub fn logit(&self, sketch: &FeatureVector, kind: CorrectedLabel) -> f32 {
        let head = &self.heads[kind as usize];
        EVEN_LOGITS[kind as usize]
            + head.base_term(sketch.base(kind), kind)
            + head.learner.logit(&sketch.coordinates(head.bias_value()))
    }

    /// The same by the kind's weights, which one who asks often has put together once.
    fn logit_with(&self, weights: &[f32], sketch: &FeatureVector, kind: CorrectedLabel) -> f32 {
        let head = &self.heads[kind as usize];
        let weight = |slot: usize| weights.get(slot).copied().unwrap_or_default();
        let sum: f32 = sketch.features.iter().map(|&(slot, value)| f32::from(value) * weight(usize::from(slot))).sum();
        EVEN_LOGITS[kind as usize] + head.base_term(sketch.base(kind), kind) + sum * QUANTUM + head.bias_value() * weight(SLOTS)
    }

    /// The logits of both kinds of a comment whose features were counted, where the base gives these. A feature that the
    /// post shares counts in full only in what it speaks against.
    pub(super) fn logits(
        &self,
        tally: &FeatureCounts,
        factors: &[f32; FeatureGroup::COUNT],
        base: [Option<f32>; 2],
    ) -> [f32; 2] {
        let mut logits = [0.0; 2];
        for ((kind, head), logit) in CorrectedLabel::ALL.into_iter().zip(&self.heads).zip(&mut logits) {
            *logit = EVEN_LOGITS[kind as usize]
                + head.base_term(base[kind as usize], kind)
                + head.bias_value() * head.learner.weight(SLOTS);
        }
        for (slot, value, counted) in correction_features(tally, factors) {
            for (logit, head) in logits.iter_mut().zip(&self.heads) {
                let adds = value * head.learner.weight(usize::from(slot));
                *logit += if adds > 0.0 { adds * counted } else { adds };
            }
        }
        logits
    }

    /// Returns the weights of a kind's slots, the last of which is the site's bias.
    fn weights(&self, kind: CorrectedLabel) -> Vec<f32> {
        let head = &self.heads[kind as usize];
        (0..=SLOTS).map(|at| head.learner.weight(at)).collect()
    }

    /// How much was learned of a kind: outcomes by their weight.
    pub fn evidence(&self, kind: CorrectedLabel) -> f32 {
        self.heads[kind as usize].evidence.iter().sum()
    }

    /// SHA-256 of all that it is made of: two that have the same say the same of every comment.
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
    /// What the base says beyond even odds, as far as it counts. One that does not speak the language says nothing.
    fn base_term(&self, logit: Option<f32>, kind: CorrectedLabel) -> f32 {
        logit.map_or(0.0, |logit| self.base_share() * (logit - EVEN_LOGITS[kind as usize]))
    }

    /// Returns how many outcomes of each class there are at least.
    fn smaller_class(&self) -> f32 {
        self.evidence[0].min(self.evidence[1])
    }

    /// Returns what the site's bias counts beside its features. One class alone does not move it.
    fn bias_value(&self) -> f32 {
        MAX_BIAS_VALUE * (self.smaller_class() / OUTCOMES_FOR_FULL_BIAS).min(1.0)
    }

    /// Returns the part of the base's say that counts: all of it until both classes were seen, and less as evidence grows.
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

    fn sketch(model: &Model, text: &str) -> FeatureVector {
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
            correction.learn(&sketch(&model, text), Outcome::Spam, 1.0).unwrap();
        }
        let next = sketch(&model, "Gerald sells marmot futures, the safest asset, ask him");
        let other = sketch(&model, "The bread did not rise, what did I do wrong with the yeast?");
        let spam = |sketch: &FeatureVector| probability(correction.logit(sketch, CorrectedLabel::Spam));
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
            let sketches = texts.map(|text| sketch(&model, text));
            let fold = || {
                let mut correction = Correction::default();
                for &(text, outcome, weight) in &outcomes {
                    let outcome = [Outcome::Ham, Outcome::Spam, Outcome::Toxic][outcome];
                    correction.learn(&sketches[text], outcome, weight).unwrap();
                }
                sketches.each_ref().map(|sketch| [CorrectedLabel::Spam, CorrectedLabel::Toxicity].map(|kind| correction.logit(sketch, kind).to_bits()))
            };
            prop_assert_eq!(fold(), fold());
            let any = Correction::default();
            prop_assert!(sketches.iter().all(|sketch| (any.logit(sketch, CorrectedLabel::Spam) - sketch.base(CorrectedLabel::Spam).unwrap_or(EVEN_LOGITS[0])).abs() < 1e-5));
        }
    }
}
