//! Sentinels: bundled comments of known class, which limit how much of a correction may serve.
//!
//! A site's outcomes contain nothing about topics that did not occur on it, and an archive of approved comments alone
//! teaches that nothing is spam. The sentinels represent everything else. A correction may serve only to the extent that
//! the policy still holds at least 98 % of the bad sentinels that it holds with the base model, and at most 2 % more of the
//! harmless ones, overall and in each language.

use std::sync::OnceLock;

use isolang::Language;

use super::limits::CorrectionLimits;
use super::terms::HoldThresholds;
use super::{CorrectedLabel, Correction, FeatureVector, Outcome};
use crate::classify::rows::{PostTextKind, Row};
use crate::classify::{LABEL_LANES, Label, Model, parse_language};

/// The bundled files. Each holds the sentinels of one language by one author.
const FILES: &[&str] = &[
    include_str!("../../../corpus/sentinels/ar-1.jsonl"),
    include_str!("../../../corpus/sentinels/cs-1.jsonl"),
    include_str!("../../../corpus/sentinels/da-1.jsonl"),
    include_str!("../../../corpus/sentinels/de-1.jsonl"),
    include_str!("../../../corpus/sentinels/el-1.jsonl"),
    include_str!("../../../corpus/sentinels/en-1.jsonl"),
    include_str!("../../../corpus/sentinels/en-2.jsonl"),
    include_str!("../../../corpus/sentinels/es-1.jsonl"),
    include_str!("../../../corpus/sentinels/fa-1.jsonl"),
    include_str!("../../../corpus/sentinels/fi-1.jsonl"),
    include_str!("../../../corpus/sentinels/fr-1.jsonl"),
    include_str!("../../../corpus/sentinels/hi-1.jsonl"),
    include_str!("../../../corpus/sentinels/hi-Latn-1.jsonl"),
    include_str!("../../../corpus/sentinels/hu-1.jsonl"),
    include_str!("../../../corpus/sentinels/id-1.jsonl"),
    include_str!("../../../corpus/sentinels/it-1.jsonl"),
    include_str!("../../../corpus/sentinels/ja-1.jsonl"),
    include_str!("../../../corpus/sentinels/jv-1.jsonl"),
    include_str!("../../../corpus/sentinels/ko-1.jsonl"),
    include_str!("../../../corpus/sentinels/nl-1.jsonl"),
    include_str!("../../../corpus/sentinels/pl-1.jsonl"),
    include_str!("../../../corpus/sentinels/pt-1.jsonl"),
    include_str!("../../../corpus/sentinels/ro-1.jsonl"),
    include_str!("../../../corpus/sentinels/ru-1.jsonl"),
    include_str!("../../../corpus/sentinels/sv-1.jsonl"),
    include_str!("../../../corpus/sentinels/tr-1.jsonl"),
    include_str!("../../../corpus/sentinels/uk-1.jsonl"),
    include_str!("../../../corpus/sentinels/vi-1.jsonl"),
    include_str!("../../../corpus/sentinels/zh-1.jsonl"),
];
/// Maximum share of the bad sentinels held by the base model that a correction may release, and of the harmless ones that
/// it may hold.
const MAX_CHANGED_SHARE: f64 = 0.02;
/// Number of sentinels per language that may change sides in any case, since 2 % of thirty sentinels are less than one.
const MIN_TOLERATED: usize = 1;
/// Minimum number of sentinels of a language that can show the effect of a correction in it.
const MIN_SENTINELS: usize = 10;
/// Maximum margin of a sentinel beyond the threshold, in logits, for changes that lower and that raise logits, with
/// outcomes of one class and of both. A smaller margin makes the limits stricter, also for sentinels of which the base
/// model is very sure: a blog's comments resemble the training data of the base model less than the sentinels do.
const MAX_MARGIN: [[f32; 2]; 2] = [[0.25, 40.0], [0.3, 4.0]];
/// Number of outcomes of each class from which on the margins for both classes apply in full.
const OUTCOMES_FOR_BOTH_CLASSES: f32 = 10.0;
/// Maximum decrease and increase in logits without outcomes of the other class. Each outcome of the other class allows one
/// logit more. Rejections may have a larger effect than approvals, because a comment that is wrongly held still reaches a
/// moderator.
const MAX_CHANGE_FROM_ONE_CLASS: [f32; 2] = [1.0, 6.0];

/// A bundled comment, scored with one model.
struct Sentinel {
    outcome: Outcome,
    language: Language,
    features: FeatureVector,
    /// The comment's signature; see [`FeatureVector::signature`].
    signature: u128,
    /// The model's logits by lane; NaN where it has no head.
    logits: [f32; LABEL_LANES],
}

/// All sentinels, scored with one model.
pub struct Sentinels(
    /// Sorted by language.
    Vec<Sentinel>,
);

/// Returns the bundled rows, sentinels and rehearsed comments alternating.
pub(super) fn bundled_rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let lines = FILES.iter().flat_map(|file| file.lines());
        // A test verifies that every line is valid.
        lines.filter_map(|line| Row::from_fields(serde_json::from_str(line).ok()?).ok()).collect()
    })
}

impl Sentinels {
    /// Scores every other bundled comment with a model.
    pub fn score(model: &Model) -> Self {
        // The remaining ones are rehearsed. Comments used for training cannot show what was learned.
        let sentinels = bundled_rows().iter().step_by(2).filter_map(|row| {
            let input = row.input(PostTextKind::Post);
            let scores = model.score(&input);
            let features = model.feature_vector_scored(&input, &scores);
            Some(Sentinel {
                outcome: Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.label)?,
                language: parse_language(&row.lang)?,
                signature: features.signature(),
                features,
                logits: std::array::from_fn(|lane| {
                    let label = Label::ALL.into_iter().find(|label| label.lane() == lane);
                    label.and_then(|label| scores.logit(label)).unwrap_or(f32::NAN)
                }),
            })
        });
        let mut sentinels: Vec<Sentinel> = sentinels.collect();
        sentinels.sort_by_key(|sentinel| sentinel.language);
        Self(sentinels)
    }

    /// Returns whether the whole correction may be used on comments that `resembles` says are related to bad (`true`) or
    /// harmless (`false`) ones. This is the case if hardly any sentinel would change sides for the worse.
    pub fn allow_for_similar(
        &self,
        correction: &Correction,
        thresholds: &HoldThresholds,
        label: CorrectedLabel,
        resembles: impl Fn(u128) -> Option<bool>,
    ) -> bool {
        let weights = correction.weights(label);
        let (mut all, mut worse) = ([0usize; 2], [0usize; 2]);
        for sentinel in &self.0 {
            let Some(bad) = label.target(sentinel.outcome) else { continue };
            let Some(effect) = sentinel.effect_of(correction, &weights, label, thresholds).filter(|effect| effect.supported)
            else {
                continue;
            };
            all[usize::from(bad)] += usize::from(!bad || effect.held);
            // Only a change towards the wrong class counts.
            let changes = effect.crosses && resembles(sentinel.signature) == Some(!bad);
            worse[usize::from(bad)] += usize::from(changes);
        }
        all.into_iter().zip(worse).all(|(all, worse)| worse as f64 <= MAX_CHANGED_SHARE * all as f64)
    }

    /// Returns the limits within which a correction may serve under a policy.
    pub fn limits(&self, correction: &Correction, thresholds: &HoldThresholds) -> CorrectionLimits {
        let mut limits = CorrectionLimits::default();
        for label in CorrectedLabel::ALL {
            let weights = correction.weights(label);
            let effects: Vec<SentinelEffect> =
                self.0.iter().filter_map(|sentinel| sentinel.effect_of(correction, &weights, label, thresholds)).collect();
            let (down, up) = (&mut limits.down[label as usize], &mut limits.up[label as usize]);
            // Approvals may only lower logits, and rejections may only raise them.
            let [approved, rejected] = correction.heads[label as usize].evidence;
            (*down, *up) = (if approved > 0.0 { 1.0 } else { 0.0 }, if rejected > 0.0 { 1.0 } else { 0.0 });
            limits.max_change[label as usize] =
                [MAX_CHANGE_FROM_ONE_CLASS[0] + rejected, MAX_CHANGE_FROM_ONE_CLASS[1] + approved];
            for group in effects.chunk_by(|a, b| a.language == b.language).chain([&effects[..]]) {
                *down = down.min(max_factor(group.iter().filter(|effect| effect.supported && effect.bad && effect.held)));
                *up = up.min(max_factor(group.iter().filter(|effect| effect.supported && !effect.bad)));
            }
            let groups = effects.chunk_by(|a, b| a.language == b.language).filter(|group| may_score_alone(group));
            limits.standalone_languages[label as usize] = groups.filter_map(|group| Some(group.first()?.language)).collect();
        }
        limits
    }
}

/// The effect of a correction on a sentinel.
struct SentinelEffect {
    language: Language,
    bad: bool,
    /// Whether the base model supports the language.
    supported: bool,
    /// Whether the policy holds the sentinel with the base model.
    held: bool,
    /// The smallest factor of the correction with which the sentinel counts as changing sides for the worse, if it does.
    critical: Option<f32>,
    /// Whether the sentinel changes sides for the worse with the whole correction.
    crosses: bool,
}

impl Sentinel {
    /// Returns the effect of a correction with these weights. Returns `None` if the sentinel's class for the label is
    /// unknown.
    fn effect_of(
        &self,
        correction: &Correction,
        weights: &[f32],
        label: CorrectedLabel,
        thresholds: &HoldThresholds,
    ) -> Option<SentinelEffect> {
        let bad = label.target(self.outcome)?;
        let corrected = correction.logit_with(weights, &self.features, label);
        let at = thresholds.hold_logit(label) as f32;
        let (language, critical) = (self.language, |critical: f32| (critical < 1.0).then_some(critical));
        let Some(base) = self.features.base(label) else {
            // Held as long as the model has no abuse score for its language.
            let held = thresholds.unscored_holds && self.logits[Label::Toxicity.lane()].is_nan();
            let worse = if bad { held && corrected < at } else { !held && corrected >= at };
            return Some(SentinelEffect {
                language,
                bad,
                supported: false,
                held,
                critical: worse.then_some(0.0),
                crosses: worse,
            });
        };
        let change = corrected - base;
        let both = (correction.heads[label as usize].smaller_class() / OUTCOMES_FOR_BOTH_CLASSES).min(1.0);
        let max_margin = |direction: usize| {
            let [one, two] = MAX_MARGIN[direction];
            one + both * (two - one)
        };
        // A decrease of toxicity applies to all abuse labels; an increase applies to toxicity alone.
        let margin = if label == CorrectedLabel::Toxicity && bad { thresholds.abuse_margin(&self.logits) } else { base - at };
        let critical = match bad {
            true if margin >= 0.0 && change < 0.0 => critical(margin.min(max_margin(0)) / -change),
            false if margin < 0.0 && change > 0.0 => critical((-margin).min(max_margin(1)) / change),
            _ => None,
        };
        let crosses = bad == (margin >= 0.0) && (margin + change >= 0.0) != bad;
        Some(SentinelEffect { language, bad, supported: true, held: margin >= 0.0, critical, crosses })
    }
}

/// Returns the largest factor at which no more than the tolerated share of the sentinels changes sides.
fn max_factor<'c>(effects: impl Iterator<Item = &'c SentinelEffect>) -> f32 {
    let (mut all, mut criticals) = (0usize, Vec::new());
    for effect in effects {
        all += 1;
        criticals.extend(effect.critical);
    }
    criticals.sort_unstable_by(f32::total_cmp);
    // Slightly below the point where the next one would change sides.
    criticals.get(((all as f64 * MAX_CHANGED_SHARE) as usize).max(MIN_TOLERATED)).map_or(1.0, |critical| critical * 0.999)
}

/// Returns whether a correction may decide by itself in a language that the base model does not support.
fn may_score_alone(group: &[SentinelEffect]) -> bool {
    let unsupported: Vec<&SentinelEffect> = group.iter().filter(|effect| !effect.supported).collect();
    let tolerated = |bad: bool| {
        let class = unsupported.iter().filter(|effect| effect.bad == bad);
        let worse = class.clone().filter(|effect| effect.critical.is_some()).count();
        worse as f64 <= MAX_CHANGED_SHARE * class.count() as f64
    };
    let held = unsupported.iter().filter(|effect| effect.bad && effect.held).count();
    let published = unsupported.iter().filter(|effect| !effect.bad && !effect.held).count();
    held.max(published) >= MIN_SENTINELS && tolerated(true) && tolerated(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Input;

    const TERMS: HoldThresholds = HoldThresholds {
        hold: [Some(0.78), Some(0.5), Some(0.5), Some(0.35), Some(0.5), Some(0.2), Some(0.5), None],
        unscored_holds: true,
    };

    /// Returns, for every sentinel of a supported language, whether it is bad, whether the base model holds it, and whether
    /// the limited correction holds it.
    fn held(sentinels: &Sentinels, correction: &Correction, label: CorrectedLabel) -> Vec<(bool, bool, bool)> {
        let limits = sentinels.limits(correction, &TERMS);
        let each = sentinels.0.iter().filter_map(|sentinel| {
            let (bad, base) = (label.target(sentinel.outcome)?, sentinel.features.base(label)?);
            let served = limits.apply(label, base, correction.logit(&sentinel.features, label));
            let margin = if label == CorrectedLabel::Toxicity && bad {
                TERMS.abuse_margin(&sentinel.logits)
            } else {
                base - TERMS.hold_logit(label) as f32
            };
            let change = if label == CorrectedLabel::Toxicity && bad { (served - base).min(0.0) } else { served - base };
            Some((bad, margin >= 0.0, margin + change >= 0.0))
        });
        each.collect()
    }

    #[test]
    fn whatever_is_learned_the_base_s_sentinels_stand() {
        let model = Model::builtin().unwrap();
        let sentinels = Sentinels::score(&model);
        let texts: Vec<&str> = bundled_rows().iter().map(|row| row.text.as_str()).step_by(5).take(300).collect();
        for outcomes in [&[Outcome::Ham][..], &[Outcome::Spam], &[Outcome::Toxic], &Outcome::ALL] {
            let mut correction = Correction::default();
            for (number, text) in texts.iter().enumerate() {
                let features = model.feature_vector(&Input { text, ..Input::default() });
                correction.learn(&features, outcomes[number % outcomes.len()], 1.0).unwrap();
            }
            for label in CorrectedLabel::ALL {
                let all = held(&sentinels, &correction, label);
                let (bad, harmless): (Vec<_>, Vec<_>) = all.into_iter().partition(|(bad, ..)| *bad);
                let base = bad.iter().filter(|(_, base, _)| *base).count();
                let lost = bad.iter().filter(|(_, base, served)| *base && !served).count();
                assert!(lost * 50 <= base, "{label:?} {outcomes:?}: {lost} of {base} bad sentinels are not held any more");
                let more = harmless.iter().filter(|(_, base, served)| !base && *served).count();
                assert!(more * 50 <= harmless.len(), "{label:?} {outcomes:?}: {more} more of {} harmless ones", harmless.len());
            }
        }
    }

    #[test]
    fn every_language_has_sentinels_of_each_kind() {
        let mut counts = std::collections::BTreeMap::<&str, [usize; 3]>::new();
        for row in bundled_rows() {
            let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.label).unwrap();
            counts.entry(&row.lang).or_default()[outcome as usize] += 1;
        }
        assert!(counts.len() >= 17, "{counts:?}");
        assert!(counts.values().all(|counts| counts.iter().all(|count| *count >= 20)), "{counts:?}");
        let model = Model::builtin().unwrap();
        for language_model in model.language_models() {
            let code = crate::classify::language::tag(language_model.language);
            assert!(counts.contains_key(code), "the model speaks {code}, and there are no sentinels of it");
        }
    }
}
