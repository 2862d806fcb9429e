//! Explains a score: which words, links and signals raised or lowered the logit of a label, and by how much.

mod describe;
mod explanation;
mod merge;

use isolang::Language;

pub use self::explanation::{Contribution, Explanation};
use super::scores::{ScoredWindow, Scores};
use super::trace::Tracer;
use super::{Model, Scratch, name};
use crate::classify::feature_counts::Feature;
use crate::classify::{Input, Label, features, window};

impl Model {
    /// Explains the scores of a comment, one explanation per label. Each lists at most `limit` contributions, strongest
    /// first.
    pub fn explain(&self, input: &Input, scores: &Scores, labels: &[Label], limit: usize) -> Vec<Explanation> {
        Scratch::with_thread_local(|scratch| {
            let mut explainer = Explainer { model: self, scratch, limit };
            labels.iter().map(|&label| explainer.explain_label(input, label, scores.windows[label.lane()])).collect()
        })
    }
}

/// Explains the scores of one comment.
struct Explainer<'a> {
    model: &'a Model,
    scratch: &'a mut Scratch,
    /// The maximum number of contributions per label.
    limit: usize,
}

impl Explainer<'_> {
    /// Explains the score of a label by the window that it comes from.
    fn explain_label(&mut self, input: &Input, label: Label, window: ScoredWindow) -> Explanation {
        let ScoredWindow { begin, end, language, is_author_name } = window;
        if is_author_name {
            let mut explanation = self.explain_window(&name::name_as_input(input), language, label);
            for part in &mut explanation.contributions {
                part.is_author_name = true;
                part.span = None;
            }
            return explanation;
        }
        let quoted = window::quoted_in_window(input.quoted, &(begin..end));
        let mut explanation = self.explain_window(&window::window_input(input, &(begin..end), &quoted), language, label);
        for span in explanation.contributions.iter_mut().filter_map(|part| part.span.as_mut()) {
            *span = span.start + begin..span.end + begin;
        }
        explanation
    }

    /// Explains the score of a label for a window, as if the window were the whole comment.
    fn explain_window(&mut self, input: &Input, language: Language, label: Label) -> Explanation {
        let Scratch { workspace: work, tally, trace } = &mut *self.scratch;
        trace.clear();
        features::read(input, work);
        tally.reset(input.text.len());
        if self.model.head(label, language).is_some() {
            features::extract(input, language, work, &mut Tracer { tally, trace });
        }
        self.explain_trace(input, language, label)
    }

    /// Explains the score of a label by the traced feature occurrences.
    fn explain_trace(&self, input: &Input, language: Language, label: Label) -> Explanation {
        let Scratch { workspace: work, tally, trace } = &*self.scratch;
        let Some((language_model, head)) = self.model.head(label, language) else {
            return Explanation { label, logit: f32::NEG_INFINITY, contributions: Vec::new(), unlisted: f32::NEG_INFINITY };
        };
        // One unit of a stored weight, in calibrated logits.
        let unit = f64::from(head.calibration.slope * head.scale);
        let factors = tally.norm_factors(self.model.norms());
        // The stored weight that one occurrence of a feature adds.
        let occurrence_weight = |feature: &Feature| {
            let is_used = head.uses_group(feature.group as usize);
            let weight = self
                .model
                .feature_weights(language_model, feature)
                .filter(|_| is_used)
                .map_or(0, |weights| weights[label.lane()]);
            if weight == 0 {
                return 0.0;
            }
            f64::from(weight) * f64::from(feature.value() * factors[feature.group as usize]) / f64::from(feature.occurrences)
        };
        let weights: Vec<f64> = tally.features().iter().map(occurrence_weight).collect();
        // Only the counted share of an occurrence raises the logit; a negative weight applies in full.
        let weighted = trace.iter().map(|&(index, share, evidence)| {
            let share = f64::from(if label == Label::Spam { share.spam } else { share.abuse });
            let weight = weights.get(index).copied().unwrap_or(0.0);
            (evidence, unit * if weight > 0.0 { weight * share } else { weight })
        });
        let mut all = merge::merge_evidence(weighted, &work.tokens.tokens);
        let bias = f64::from(head.calibration.apply(head.bias));
        let logit = bias + all.iter().map(|merged| merged.weight).sum::<f64>();
        let unlisted: f64 = all.iter().skip(self.limit).map(|merged| merged.weight).sum();
        all.truncate(self.limit);
        let contributions = all.iter().map(|merged| describe::describe_contribution(input, work, merged)).collect();
        Explanation { label, logit: logit as f32, contributions, unlisted: (bias + unlisted) as f32 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::classify::model::tests::tiny;
    use crate::classify::{Author, Input, Label, Model};

    fn named(name: &str) -> Option<Author<'_>> {
        Some(Author { name, ..Author::default() })
    }

    fn adds_up(model: &Model, input: &Input) {
        let scores = model.score(input);
        for &label in model.labels() {
            let Some(logit) = scores.logit(label) else { continue };
            for limit in [0, 3, usize::MAX] {
                let explanation = model.explain(input, &scores, &[label], limit).remove(0);
                assert!((explanation.logit - logit).abs() < 1e-4, "{} {logit}", explanation.logit);
                let listed: f32 = explanation.contributions.iter().map(|contribution| contribution.weight).sum();
                assert!((listed + explanation.unlisted - logit).abs() < 1e-4);
                for contribution in &explanation.contributions {
                    if let Some(span) = &contribution.span {
                        assert!(input.text.get(span.clone()).is_some_and(|text| !text.is_empty()), "{contribution:?}");
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn contributions_add_up_for_any_text(text in "\\PC{0,120}", title in "\\PC{0,40}", author_name in "\\PC{0,20}") {
            adds_up(&tiny(), &Input { text: &text, post_title: &title, author: named(&author_name), ..Input::default() });
        }

        #[test]
        fn contributions_add_up_for_likely_text(
            words in proptest::collection::vec(
                "(you|idiot|F R E E|v1@gra|not|gay|&amp;|½|e\u{301}|\u{200B}|ﷺ|looool|http://x.com/a|a@b.com|#tag|!!!|\"|555-123-4567|日本|😀)[ \n]?",
                0..40,
            ),
        ) {
            let author = Author { url: Some("http://x.com"), email: "a@b.com", ..Author::default() };
            adds_up(&tiny(), &Input { text: &words.concat(), author: Some(author), ..Input::default() });
        }
    }

    #[test]
    fn reasons_are_human() {
        let text = "CASINO at http://Casino777.example/win?x=1 v1@gra";
        let input = Input { text, author: named("Bob"), ..Input::default() };
        let explanation = tiny().explain(&input, &tiny().score(&input), &[Label::Spam], usize::MAX).remove(0);
        let find = |what: &str| explanation.contributions.iter().find(|contribution| contribution.description == what);
        let word = find("the word “CASINO”").expect("word");
        assert_eq!(word.span, Some(0..6));
        assert!(find("the link to casino777.example").is_some(), "{explanation:?}");
        assert!(find("the disguised word “v1@gra”").is_some());
        assert!(find("common words and punctuation").is_some_and(|contribution| contribution.span.is_none()));
        assert!(find("the word “at”").is_none());
        assert!(find("the author's name “Bob”").is_some_and(|contribution| contribution.span.is_none()));
    }

    #[test]
    fn a_label_without_head_has_no_reasons() {
        let input = Input { text: "x", ..Input::default() };
        let explanation = tiny().explain(&input, &tiny().score(&input), &[Label::Threat], 5).remove(0);
        assert!(explanation.contributions.is_empty());
    }
}
