//! Reports what a site has learned, in numbers and in words.

use std::collections::BTreeMap;

use super::source::ModelStatus;
use crate::classify::site::fold::{CorrectionStatus, SiteModel};
use crate::classify::site::gate::{ClassComparison, GateResult, MAX_EXTRA_HELD, MAX_EXTRA_MISSED, Trial};
use crate::classify::site::training_example::OutcomeSource;
use crate::classify::site::{CorrectedLabel, Outcome};
use crate::pb;
use crate::store::OutcomeLogState;

/// Returns the state of a site's learning, and which corrections are in use.
pub(super) fn site_learning(head: &OutcomeLogState, learned: &SiteModel, status: &ModelStatus) -> pb::SiteLearning {
    let (counts, serving) = (learned.counts(), (status.serving)(learned));
    let labels = CorrectedLabel::ALL.map(|kind| label_learning(kind, &serving, head, status));
    pb::SiteLearning {
        outcomes: counts.all(),
        by_outcome: Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), counts.outcomes[outcome as usize])).into(),
        by_source: OutcomeSource::ALL.map(|source| (source.as_str().to_owned(), counts.sources[source as usize])).into(),
        contested: counts.contested,
        summary: summary(learned, &labels),
        labels: labels.into(),
        newest: head.newest,
        from: head.from,
        to: head.to,
        digest: learned.digest(),
        corrects: status.corrects,
    }
}

/// Returns how a label's correction compares with the base model on the latest outcomes.
fn label_learning(
    kind: CorrectedLabel,
    serving: &CorrectionStatus,
    head: &OutcomeLogState,
    status: &ModelStatus,
) -> pb::LabelLearning {
    let result = &serving.supported[kind as usize];
    let similar = serving.similar[kind as usize];
    let both = combined(result);
    let pb::Comparison { trials, base_errors, corrected_errors } = comparison(&both);
    pb::LabelLearning {
        label: kind.label().as_str().to_owned(),
        serves: (result.serves || similar) && status.corrects,
        trials,
        base_errors,
        corrected_errors,
        base_cost: both.base_cost,
        corrected_cost: both.corrected_cost,
        margin: result.margin,
        why: why(result, similar, head, status),
        harmless: Some(comparison(&result.harmless)),
        bad: Some(comparison(&result.bad)),
        down: serving.limits.down[kind as usize].into(),
        up: serving.limits.up[kind as usize].into(),
    }
}

/// Returns an explanation of why a label's correction is in use, or why it is not.
fn why(result: &GateResult, similar: bool, head: &OutcomeLogState, status: &ModelStatus) -> String {
    let GateResult { harmless, bad, margin, is_guessing, serves } = *result;
    let both = combined(result);
    let gain = both.base_cost - both.corrected_cost;
    let mut why = match () {
        () if is_guessing => {
            format!(
                "in shadow: it is wrong on {} of {}; check that the reported outcomes are right",
                both.corrected_errors, both.trials
            )
        }
        () if similar && !serves && status.corrects => {
            "serving on comments that resemble those that were decided; too little was gained yet to serve on others".to_owned()
        }
        () if both.trials < 3 => "in shadow: at least three outcomes are needed".to_owned(),
        () if serves && !status.corrects => "in shadow: it would serve, but the policy says `correct = false`".to_owned(),
        () if serves => format!("serving: its errors cost {gain:.1} less than the base's, and {margin:.1} were needed"),
        () if harmless.is_much_worse(MAX_EXTRA_HELD) => format!(
            "in shadow: it would hold {} of the last {} harmless ones, the base {}",
            harmless.corrected_errors, harmless.trials, harmless.base_errors
        ),
        () if bad.is_much_worse(MAX_EXTRA_MISSED) => format!(
            "in shadow: it would miss {} of the last {} bad ones, the base {}",
            bad.corrected_errors, bad.trials, bad.base_errors
        ),
        () if gain <= 0.0 => format!("in shadow: its errors cost {:.1} more than the base's", -gain),
        () => format!(
            "in shadow: its errors cost {gain:.1} less than the base's, and {:.1} would be needed",
            margin.max(0.05 * both.base_cost)
        ),
    };
    if let Some(to) = head.to {
        why.push_str(&format!("; frozen at outcome {to}"));
    }
    why
}

/// Returns the comparison of a correction with the base model on harmless and bad outcomes together.
fn combined(GateResult { harmless, bad, .. }: &GateResult) -> ClassComparison {
    ClassComparison {
        trials: harmless.trials + bad.trials,
        base_errors: harmless.base_errors + bad.base_errors,
        corrected_errors: harmless.corrected_errors + bad.corrected_errors,
        base_cost: harmless.base_cost + bad.base_cost,
        corrected_cost: harmless.corrected_cost + bad.corrected_cost,
    }
}

fn comparison(counts: &ClassComparison) -> pb::Comparison {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    pb::Comparison {
        trials: count(counts.trials),
        base_errors: count(counts.base_errors),
        corrected_errors: count(counts.corrected_errors),
    }
}

/// Returns a one-line summary.
fn summary(learned: &SiteModel, labels: &[pb::LabelLearning]) -> String {
    let counts = learned.counts();
    if counts.all() == 0 {
        return "nothing learned yet".to_owned();
    }
    let [ham, spam, toxic] = counts.outcomes;
    let mut text = format!("learned {} decisions ({spam} spam, {toxic} toxic, {ham} ham)", counts.all());
    for label in labels.iter().filter(|label| label.trials > 0) {
        let pb::LabelLearning { label, trials, base_errors, corrected_errors, serves, .. } = label;
        let state = if *serves { "serving" } else { "in shadow" };
        text.push_str(&format!(
            "; {label}: errors on the last {trials}: base {base_errors}, corrected {corrected_errors}; {state}"
        ));
    }
    text
}

/// Returns the scores for each outcome, with those of both labels together.
pub(super) fn trials(learned: &SiteModel) -> Vec<pb::Trial> {
    let mut all: BTreeMap<u32, pb::Trial> = BTreeMap::new();
    for kind in CorrectedLabel::ALL {
        for Trial { order, bad, source, base, corrected, .. } in learned.trials(kind) {
            let outcome = match (bad, kind) {
                (false, _) => pb::Outcome::Ham,
                (true, CorrectedLabel::Spam) => pb::Outcome::Spam,
                (true, CorrectedLabel::Toxicity) => pb::Outcome::Toxic,
            };
            let merged = all.entry(order).or_default();
            (merged.outcome, merged.source) = (outcome.into(), source.as_str().to_owned());
            merged.base.extend(base.map(|base| (kind.label().as_str().to_owned(), f64::from(base))));
            merged.corrected.insert(kind.label().as_str().to_owned(), f64::from(corrected));
        }
    }
    all.into_values().collect()
}
