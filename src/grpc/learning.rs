//! GetModelInfo and UpdateLearning: what a site has learned, and what an operator may do about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::classify::site::fold::{Learned, Serving};
use crate::classify::site::gate::{Compared, MORE_HELD, MORE_MISSED, Standing, Trial};
use crate::classify::site::lesson::Source;
use crate::classify::site::{Kind, Outcome};
use crate::comment::Site;
use crate::error::{Error, Violation};
use crate::keys::Caller;
use crate::learning::Learning;
use crate::pb;
use crate::store::OutcomeHead;

/// Finds out what of a site's correction may serve.
type Examine = Arc<dyn Fn(&Learned) -> Arc<Serving> + Send + Sync>;

/// What is told of the model, and by what a site's correction is judged.
pub struct About {
    /// The base model's version.
    pub version: String,
    /// The labels it was trained for.
    pub labels: Vec<String>,
    /// Whether the policy lets one serve.
    pub corrects: bool,
    /// Finds out what of a correction may serve.
    pub serving: Examine,
}

/// Tells what is in force for a site, or for those that have no policy of their own.
pub type Tell = Arc<dyn Fn(Option<&Site>) -> About + Send + Sync>;

/// Tells of the model, and of what a site has learned.
///
/// # Errors
/// A site that is none; the store being away.
pub async fn info(
    learning: &Learning,
    tell: &Tell,
    request: pb::GetModelInfoRequest,
) -> Result<pb::GetModelInfoResponse, Error> {
    if request.site.is_empty() {
        let About { version, labels, .. } = tell(None);
        return Ok(pb::GetModelInfoResponse { model_version: version, labels, learning: None, trials: Vec::new() });
    }
    let site = Site::parse("site", &request.site)?;
    let about = tell(Some(&site));
    let (head, learned) = learning.whole(&site).await?;
    Ok(pb::GetModelInfoResponse {
        learning: Some(told(&head, &learned, &about)),
        model_version: about.version,
        labels: about.labels,
        trials: trials(&learned),
    })
}

/// Stops learning, has it go on, go back or begin anew.
///
/// # Errors
/// What is wrong with the request; the store being away.
pub async fn update(
    learning: &Learning,
    tell: &Tell,
    caller: &Caller,
    request: pb::UpdateLearningRequest,
) -> Result<pb::UpdateLearningResponse, Error> {
    let site = Site::parse("site", &request.site)?;
    let (head, _) = learning.whole(&site).await?;
    let (from, to, what) = match request.change() {
        pb::LearningChange::Freeze => (head.from, Some(head.to.unwrap_or(head.newest)), "frozen".to_owned()),
        // What stands still goes on from where a reset has put it; what goes on already takes back the reset.
        pb::LearningChange::Thaw if head.to.is_some() => (head.from, None, "goes on".to_owned()),
        pb::LearningChange::Thaw => (0, None, "goes on, with all that the log holds".to_owned()),
        pb::LearningChange::Reset => (head.newest, None, "begins anew".to_owned()),
        pb::LearningChange::Rollback if request.to <= head.newest => {
            let from = if request.to > head.from { head.from } else { 0 };
            (from, Some(request.to), format!("back to what it was after outcome {}", request.to))
        }
        pb::LearningChange::Rollback => {
            let problem = format!("must be the number of an outcome: the newest is {}", head.newest);
            return Err(Error::invalid("to", problem));
        }
        pb::LearningChange::Unspecified => {
            return Err(Violation::new("change", "is required: freeze, thaw, rollback or reset").into());
        }
    };
    if (from, to) != (head.from, head.to) {
        learning.bound(&site, from, to, &caller.act("LEARNING_CHANGED", what)).await?;
    }
    let (head, learned) = learning.whole(&site).await?;
    Ok(pb::UpdateLearningResponse { learning: Some(told(&head, &learned, &tell(Some(&site)))) })
}

fn told(head: &OutcomeHead, learned: &Learned, about: &About) -> pb::SiteLearning {
    let (counts, serving) = (learned.counts(), (about.serving)(learned));
    let labels = Kind::ALL.map(|kind| label(kind, &serving, head, about));
    pb::SiteLearning {
        outcomes: counts.all(),
        by_outcome: Outcome::ALL.map(|outcome| (outcome.as_str().to_owned(), counts.outcomes[outcome as usize])).into(),
        by_source: Source::ALL.map(|source| (source.as_str().to_owned(), counts.sources[source as usize])).into(),
        contested: counts.contested,
        summary: summary(learned, &labels),
        labels: labels.into(),
        newest: head.newest,
        from: head.from,
        to: head.to,
        digest: learned.digest(),
        corrects: about.corrects,
    }
}

fn label(kind: Kind, serving: &Serving, head: &OutcomeHead, about: &About) -> pb::LabelLearning {
    let standing = &serving.all[kind as usize];
    let Standing { harmless, bad, margin, guesses, serves } = *standing;
    let alike = serving.alike[kind as usize];
    let trials = harmless.trials + bad.trials;
    let (base_errors, corrected_errors) =
        (harmless.base_errors + bad.base_errors, harmless.corrected_errors + bad.corrected_errors);
    let (base_cost, corrected_cost) = (harmless.base_cost + bad.base_cost, harmless.corrected_cost + bad.corrected_cost);
    let gain = base_cost - corrected_cost;
    let mut why = match () {
        () if guesses => {
            format!("in shadow: it is wrong on {corrected_errors} of {trials}; are the outcomes that it is told right?")
        }
        () if alike && !serves && about.corrects => {
            "serving on comments that resemble those that were decided; too little was gained yet to serve on others".to_owned()
        }
        () if trials < 3 => "in shadow: three outcomes are the least to tell by".to_owned(),
        () if serves && !about.corrects => "in shadow: it would serve, but the policy says `correct = false`".to_owned(),
        () if serves => format!("serving: its errors weigh {gain:.1} less than the base's, and {margin:.1} were needed"),
        () if harmless.is_much_worse(MORE_HELD) => format!(
            "in shadow: it would hold {} of the last {} harmless ones, the base {}",
            harmless.corrected_errors, harmless.trials, harmless.base_errors
        ),
        () if bad.is_much_worse(MORE_MISSED) => format!(
            "in shadow: it would miss {} of the last {} bad ones, the base {}",
            bad.corrected_errors, bad.trials, bad.base_errors
        ),
        () if gain <= 0.0 => format!("in shadow: its errors weigh {:.1} more than the base's", -gain),
        () => format!(
            "in shadow: its errors weigh {gain:.1} less than the base's, and {:.1} would be needed",
            margin.max(0.05 * base_cost)
        ),
    };
    if let Some(to) = head.to {
        why.push_str(&format!("; frozen at outcome {to}"));
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    pb::LabelLearning {
        label: kind.label().as_str().to_owned(),
        serves: (serves || alike) && about.corrects,
        trials: count(trials),
        base_errors: count(base_errors),
        corrected_errors: count(corrected_errors),
        base_cost,
        corrected_cost,
        margin,
        why,
        harmless: Some(compared(&harmless)),
        bad: Some(compared(&bad)),
        down: serving.limits.down[kind as usize].into(),
        up: serving.limits.up[kind as usize].into(),
    }
}

fn compared(compared: &Compared) -> pb::Comparison {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    pb::Comparison {
        trials: count(compared.trials),
        base_errors: count(compared.base_errors),
        corrected_errors: count(compared.corrected_errors),
    }
}

fn summary(learned: &Learned, labels: &[pb::LabelLearning]) -> String {
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

/// What was thought of each outcome, of both kinds at once.
fn trials(learned: &Learned) -> Vec<pb::Trial> {
    let mut all: BTreeMap<u32, pb::Trial> = BTreeMap::new();
    for kind in Kind::ALL {
        for Trial { order, bad, source, base, corrected, .. } in learned.trials(kind) {
            let outcome = match (bad, kind) {
                (false, _) => pb::Outcome::Ham,
                (true, Kind::Spam) => pb::Outcome::Spam,
                (true, Kind::Toxicity) => pb::Outcome::Toxic,
            };
            let told = all.entry(order).or_default();
            (told.outcome, told.source) = (outcome.into(), source.as_str().to_owned());
            told.base.extend(base.map(|base| (kind.label().as_str().to_owned(), f64::from(base))));
            told.corrected.insert(kind.label().as_str().to_owned(), f64::from(corrected));
        }
    }
    all.into_values().collect()
}
