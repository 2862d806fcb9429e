//! What one site's own outcomes add to the base model: a small FTRL model per kind of badness that learns the residual of
//! the base and itself.
//!
//! Pure: a correction is a fold over outcomes in their order. The same outcomes give the same correction, bit for bit, and
//! leaving one out gives the correction that never saw it.

use super::calibrate::probability;
use super::features::{self, Group};
use super::learn::{Coordinate, LearnError, Learner, Rates};
use super::model::{Model, Scratch};
use super::{Input, Label};

/// Two to this power slots hold a head's weights; with more, no stream learned better.
const BITS: u32 = 14;
const SLOTS: usize = 1 << BITS;
/// Bits of a bucket before it is folded into slots.
const BUCKET_BITS: u32 = 20;
/// Features are kept to this fraction.
const UNIT: f32 = 1.0 / 4_096.0;
/// How fast to learn: a few outcomes must tell.
const RATES: Rates = Rates { alpha: 1.0, beta: 0.1, l1: 0.0, l2: 0.3 };
/// What the site's bias counts beside its features.
const BIAS: f32 = 0.5;
/// How far one outcome may be from what was expected of it: more is a slip of the hand as often as news.
const SURPRISE: f32 = 0.5;
/// The part of the base's logit that is left when there is evidence, and how many outcomes bring it half-way there.
const BASE_LEFT: f32 = 0.5;
const HALF_WAY: f32 = 8.0;

/// What a comment turned out to be, in the eyes of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub struct Sketch {
    /// Slot and value in units of 1/4,096; slots are distinct and in rising order.
    features: Vec<(u16, i16)>,
    /// The base's logits for spam and toxicity. `None`: the base does not speak the language.
    base: [Option<f32>; 2],
}

/// The two things that a site teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Kind {
    /// [`Label::Spam`].
    Spam,
    /// [`Label::Toxicity`].
    Toxicity,
}

/// A site's correction.
#[derive(Debug, Clone)]
pub struct Correction {
    heads: [Head; 2],
}

#[derive(Debug, Clone)]
struct Head {
    learner: Learner,
    /// How much was learned: outcomes by their weight.
    evidence: f32,
}

impl Model {
    /// What learning needs of a comment.
    pub fn sketch(&self, input: &Input) -> Sketch {
        let scores = self.score(input);
        let mut scratch = Scratch::default();
        let Scratch { work, tally, .. } = &mut scratch;
        features::read(input, work);
        tally.start(input.text.len());
        // Also where the base does not speak the language: the site's moderators do.
        features::extract(input, work, tally);
        let factors = tally.factors(self.norms());
        let counted = tally.features().iter().filter(|feature| feature.group != Group::Identity);
        let mut found: Vec<(u16, f32)> = counted
            .map(|feature| {
                let value = feature.value() * feature.counted() * factors[feature.group as usize];
                ((feature.bucket() >> (BUCKET_BITS - BITS)) as u16, value)
            })
            .collect();
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let shared = found.chunk_by(|a, b| a.0 == b.0);
        let features = shared.filter_map(|shared| {
            let value: f32 = shared.iter().map(|(_, value)| value).sum();
            // Within the range of i16: values are at most some units long.
            let value = (value / UNIT).round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
            Some((shared.first()?.0, value)).filter(|(_, value)| *value != 0)
        });
        Sketch { features: features.collect(), base: [scores.logit(Label::Spam), scores.logit(Label::Toxicity)] }
    }
}

impl Sketch {
    fn coordinates(&self) -> Vec<Coordinate> {
        let features = self.features.iter().map(|&(slot, value)| (u32::from(slot), f32::from(value) * UNIT));
        features.chain([(SLOTS as u32, BIAS)]).collect()
    }

    /// The same without what the base says.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { features: self.features.clone(), base: [None; 2] }
    }

    /// The base's logit.
    pub fn base(&self, kind: Kind) -> Option<f32> {
        self.base[kind as usize]
    }
}

impl Default for Correction {
    fn default() -> Self {
        Self { heads: std::array::from_fn(|_| Head { learner: Learner::new(RATES, SLOTS + 1), evidence: 0.0 }) }
    }
}

impl Correction {
    /// Learns an outcome that counts so much, `0..=1`. Returns the probabilities of each kind that it would have given before.
    ///
    /// # Errors
    /// When linfa's model cannot be built.
    pub fn learn(&mut self, sketch: &Sketch, outcome: Outcome, weight: f32) -> Result<[f32; 2], LearnError> {
        let before = [Kind::Spam, Kind::Toxicity].map(|kind| probability(self.logit(sketch, kind)));
        let coordinates = sketch.coordinates();
        for (kind, head) in [Kind::Spam, Kind::Toxicity].into_iter().zip(&mut self.heads) {
            let target = match (outcome, kind) {
                (Outcome::Ham, _) => false,
                (Outcome::Spam, Kind::Spam) | (Outcome::Toxic, Kind::Toxicity) => true,
                // Spam may well be abusive too, and abuse advertise: nobody has said.
                _ => continue,
            };
            let offset = head.share() * sketch.base(kind).unwrap_or(0.0);
            head.learner.learn_residual(&coordinates, target, offset, SURPRISE, weight)?;
            head.evidence += weight;
        }
        Ok(before)
    }

    /// The logit of a kind for this site.
    pub fn logit(&self, sketch: &Sketch, kind: Kind) -> f32 {
        let head = &self.heads[kind as usize];
        head.share() * sketch.base(kind).unwrap_or(0.0) + head.learner.logit(&sketch.coordinates())
    }

    /// How much was learned of a kind: outcomes by their weight.
    pub fn evidence(&self, kind: Kind) -> f32 {
        self.heads[kind as usize].evidence
    }
}

impl Head {
    /// The part of the base's logit that counts: all of it before anything was learned, and less as evidence grows.
    fn share(&self) -> f32 {
        BASE_LEFT + (1.0 - BASE_LEFT) * HALF_WAY / (HALF_WAY + self.evidence)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(model: &Model, text: &str) -> Sketch {
        model.sketch(&Input { text, ..Input::default() })
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
        let spam = |sketch: &Sketch| probability(correction.logit(sketch, Kind::Spam));
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
                sketches.each_ref().map(|sketch| [Kind::Spam, Kind::Toxicity].map(|kind| correction.logit(sketch, kind).to_bits()))
            };
            prop_assert_eq!(fold(), fold());
            let any = Correction::default();
            prop_assert!(sketches.iter().all(|sketch| any.logit(sketch, Kind::Spam) == sketch.base(Kind::Spam).unwrap_or(0.0)));
        }
    }
}
