//! Comments whose truth is known, bundled with the program, and how much of a correction they allow.
//!
//! A site's outcomes say nothing about what did not come up on it. An archive of approved comments, read as training data,
//! teaches that nothing is spam. The sentinels stand for the rest of the world: a correction may say only as much as leaves
//! the policy holding at least 98 % of the bad sentinels that the base model holds, and at most two in a hundred more of the
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
/// The share of the bad sentinels held by the base that a correction may release, and of the harmless ones that it may hold.
const MAX_CHANGED_SHARE: f64 = 0.02;
/// How many of a language may change sides in any case: two of a hundred are none of thirty.
const MIN_TOLERATED: usize = 1;
/// The fewest sentinels of a language that can show what a correction does in it.
const MIN_SENTINELS: usize = 10;
/// How far beyond the threshold a sentinel counts at most, in logits: by so little at least may a correction move all but the
/// tolerated share of them, also those of which the base is surer. What comes to a blog is less like the base's training
/// data than they are. Taking away and adding, from one class of outcomes alone and from both.
const MAX_MARGIN: [[f32; 2]; 2] = [[0.25, 40.0], [0.3, 4.0]];
/// How many outcomes of each class count as both.
const OUTCOMES_FOR_BOTH_CLASSES: f32 = 10.0;
/// The most that a correction takes away and adds in logits without outcomes of the other class; each of those allows one more.
/// What is wrongly held comes before a moderator, so that rejections may do more than approvals.
const MAX_CHANGE_FROM_ONE_CLASS: [f32; 2] = [1.0, 6.0];

/// A bundled comment as one model sees it.
struct Sentinel {
    outcome: Outcome,
    language: Language,
    sketch: FeatureVector,
    /// What similar comments share; see [`FeatureVector::signature`].
    signature: u128,
    /// The model's logits by lane; not a number where it has no head.
    logits: [f32; LABEL_LANES],
}

/// The sentinels as one model sees them.
pub struct Sentinels(
    /// By language.
    Vec<Sentinel>,
);

/// Returns the bundled rows.
pub(super) fn bundled_rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let lines = FILES.iter().flat_map(|file| file.lines());
        // A test holds the files to their form.
        lines.filter_map(|line| Row::from_fields(serde_json::from_str(line).ok()?).ok()).collect()
    })
}

impl Sentinels {
    /// Scores the bundled comments.
    pub fn score(model: &Model) -> Self {
        // The others are rehearsed: what is learned from is not what shows how much was learned.
        let seen = bundled_rows().iter().step_by(2).filter_map(|row| {
            let input = row.input(PostTextKind::Post);
            let scores = model.score(&input);
            let sketch = model.feature_vector_scored(&input, &scores);
            Some(Sentinel {
                outcome: Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == row.label)?,
                language: parse_language(&row.lang)?,
                signature: sketch.signature(),
                sketch,
                logits: std::array::from_fn(|lane| {
                    let label = Label::ALL.into_iter().find(|label| label.lane() == lane);
                    label.and_then(|label| scores.logit(label)).unwrap_or(f32::NAN)
                }),
            })
        });
        let mut seen: Vec<Sentinel> = seen.collect();
        seen.sort_by_key(|sentinel| sentinel.language);
        Self(seen)
    }

    /// Returns whether all of a correction may be used on the comments of which `resembles` says that they resemble bad ones, or
    /// harmless ones, as it says itself: whether hardly any of the sentinels would change sides for the worse.
    pub fn allow_for_similar(
        &self,
        correction: &Correction,
        terms: &HoldThresholds,
        kind: CorrectedLabel,
        resembles: impl Fn(u128) -> Option<bool>,
    ) -> bool {
        let weights = correction.weights(kind);
        let (mut all, mut worse) = ([0usize; 2], [0usize; 2]);
        for sentinel in &self.0 {
            let Some(bad) = kind.target(sentinel.outcome) else { continue };
            let Some(case) = sentinel.effect_of(correction, &weights, kind, terms).filter(|case| case.spoken) else { continue };
            all[usize::from(bad)] += usize::from(!bad || case.held);
            // Only where it says the opposite of what the sentinel is.
            let changes = case.crosses && resembles(sentinel.signature) == Some(!bad);
            worse[usize::from(bad)] += usize::from(changes);
        }
        all.into_iter().zip(worse).all(|(all, worse)| worse as f64 <= MAX_CHANGED_SHARE * all as f64)
    }

    /// Returns how much of a correction may serve under a policy.
    pub fn limits(&self, correction: &Correction, terms: &HoldThresholds) -> CorrectionLimits {
        let mut limits = CorrectionLimits::default();
        for kind in CorrectedLabel::ALL {
            let weights = correction.weights(kind);
            let cases: Vec<SentinelEffect> =
                self.0.iter().filter_map(|sentinel| sentinel.effect_of(correction, &weights, kind, terms)).collect();
            let (down, up) = (&mut limits.down[kind as usize], &mut limits.up[kind as usize]);
            // Approvals only clear, and rejections only accuse.
            let [approved, rejected] = correction.heads[kind as usize].evidence;
            (*down, *up) = (if approved > 0.0 { 1.0 } else { 0.0 }, if rejected > 0.0 { 1.0 } else { 0.0 });
            limits.max_change[kind as usize] =
                [MAX_CHANGE_FROM_ONE_CLASS[0] + rejected, MAX_CHANGE_FROM_ONE_CLASS[1] + approved];
            for group in cases.chunk_by(|a, b| a.language == b.language).chain([&cases[..]]) {
                *down = down.min(max_factor(group.iter().filter(|case| case.spoken && case.bad && case.held)));
                *up = up.min(max_factor(group.iter().filter(|case| case.spoken && !case.bad)));
            }
            let alone = cases.chunk_by(|a, b| a.language == b.language).filter(|group| may_score_alone(group));
            limits.standalone_languages[kind as usize] = alone.filter_map(|group| Some(group.first()?.language)).collect();
        }
        limits
    }
}

/// What a correction does to a sentinel.
struct SentinelEffect {
    language: Language,
    bad: bool,
    spoken: bool,
    /// Whether the base holds it.
    held: bool,
    /// The factor of the correction from which on the sentinel counts as changing sides for the worse, if it does.
    critical: Option<f32>,
    /// Whether it changes sides for the worse by all of the correction.
    crosses: bool,
}

impl Sentinel {
    /// Returns what a correction with these weights does to it. Returns `None` if nobody knows what it is in the sense of the kind.
    fn effect_of(
        &self,
        correction: &Correction,
        weights: &[f32],
        kind: CorrectedLabel,
        terms: &HoldThresholds,
    ) -> Option<SentinelEffect> {
        let bad = kind.target(self.outcome)?;
        let corrected = correction.logit_with(weights, &self.sketch, kind);
        let at = terms.hold_logit(kind) as f32;
        let (language, critical) = (self.language, |critical: f32| (critical < 1.0).then_some(critical));
        let Some(base) = self.sketch.base(kind) else {
            // Held as long as no score speaks of abuse in its language.
            let held = terms.unscored_holds && self.logits[Label::Toxicity.lane()].is_nan();
            let worse = if bad { held && corrected < at } else { !held && corrected >= at };
            return Some(SentinelEffect { language, bad, spoken: false, held, critical: worse.then_some(0.0), crosses: worse });
        };
        let change = corrected - base;
        let both = (correction.heads[kind as usize].smaller_class() / OUTCOMES_FOR_BOTH_CLASSES).min(1.0);
        let near = |way: usize| {
            let [one, two] = MAX_MARGIN[way];
            one + both * (two - one)
        };
        // What a correction takes from toxicity it takes from all labels of abuse; what it adds it adds to toxicity alone.
        let margin = if kind == CorrectedLabel::Toxicity && bad { terms.abuse_margin(&self.logits) } else { base - at };
        let critical = match bad {
            true if margin >= 0.0 && change < 0.0 => critical(margin.min(near(0)) / -change),
            false if margin < 0.0 && change > 0.0 => critical((-margin).min(near(1)) / change),
            _ => None,
        };
        let crosses = bad == (margin >= 0.0) && (margin + change >= 0.0) != bad;
        Some(SentinelEffect { language, bad, spoken: true, held: margin >= 0.0, critical, crosses })
    }
}

/// Returns the largest factor at which at most the tolerated share of the cases changes sides.
fn max_factor<'c>(cases: impl Iterator<Item = &'c SentinelEffect>) -> f32 {
    let (mut all, mut criticals) = (0usize, Vec::new());
    for case in cases {
        all += 1;
        criticals.extend(case.critical);
    }
    criticals.sort_unstable_by(f32::total_cmp);
    // A little below the point where the next one would change sides.
    criticals.get(((all as f64 * MAX_CHANGED_SHARE) as usize).max(MIN_TOLERATED)).map_or(1.0, |critical| critical * 0.999)
}

/// Returns whether a correction may decide by itself in a language that the base does not speak.
fn may_score_alone(group: &[SentinelEffect]) -> bool {
    let cases: Vec<&SentinelEffect> = group.iter().filter(|case| !case.spoken).collect();
    let few = |bad: bool| {
        let of = cases.iter().filter(|case| case.bad == bad);
        let worse = of.clone().filter(|case| case.critical.is_some()).count();
        worse as f64 <= MAX_CHANGED_SHARE * of.count() as f64
    };
    let held = cases.iter().filter(|case| case.bad && case.held).count();
    let published = cases.iter().filter(|case| !case.bad && !case.held).count();
    held.max(published) >= MIN_SENTINELS && few(true) && few(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::Input;

    const TERMS: HoldThresholds = HoldThresholds {
        hold: [Some(0.78), Some(0.5), Some(0.5), Some(0.35), Some(0.5), Some(0.2), Some(0.5), None],
        unscored_holds: true,
    };

    /// Every spoken sentinel of a kind with whether it is bad, and whether it is held by the base and by what may serve.
    fn held(sentinels: &Sentinels, correction: &Correction, kind: CorrectedLabel) -> Vec<(bool, bool, bool)> {
        let limits = sentinels.limits(correction, &TERMS);
        let each = sentinels.0.iter().filter_map(|sentinel| {
            let (bad, base) = (kind.target(sentinel.outcome)?, sentinel.sketch.base(kind)?);
            let served = limits.apply(kind, base, correction.logit(&sentinel.sketch, kind));
            let margin = if kind == CorrectedLabel::Toxicity && bad {
                TERMS.abuse_margin(&sentinel.logits)
            } else {
                base - TERMS.hold_logit(kind) as f32
            };
            let change = if kind == CorrectedLabel::Toxicity && bad { (served - base).min(0.0) } else { served - base };
            Some((bad, margin >= 0.0, margin + change >= 0.0))
        });
        each.collect()
    }

    #[test]
    fn whatever_is_learned_the_base_s_sentinels_stand() {
        let model = Model::builtin().unwrap();
        let sentinels = Sentinels::score(&model);
        let texts: Vec<&str> = bundled_rows().iter().map(|row| row.text.as_str()).step_by(5).take(300).collect();
        for told in [&[Outcome::Ham][..], &[Outcome::Spam], &[Outcome::Toxic], &Outcome::ALL] {
            let mut correction = Correction::default();
            for (number, text) in texts.iter().enumerate() {
                let sketch = model.feature_vector(&Input { text, ..Input::default() });
                correction.learn(&sketch, told[number % told.len()], 1.0).unwrap();
            }
            for kind in CorrectedLabel::ALL {
                let all = held(&sentinels, &correction, kind);
                let (bad, harmless): (Vec<_>, Vec<_>) = all.into_iter().partition(|(bad, ..)| *bad);
                let base = bad.iter().filter(|(_, base, _)| *base).count();
                let lost = bad.iter().filter(|(_, base, served)| *base && !served).count();
                assert!(lost * 50 <= base, "{kind:?} {told:?}: {lost} of {base} bad sentinels are not held any more");
                let more = harmless.iter().filter(|(_, base, served)| !base && *served).count();
                assert!(more * 50 <= harmless.len(), "{kind:?} {told:?}: {more} more of {} harmless ones", harmless.len());
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
        for voice in model.language_models() {
            let code = crate::classify::language::tag(voice.language);
            assert!(counts.contains_key(code), "the model speaks {code}, and there are no sentinels of it");
        }
    }
}
