//! The hot path: scores a comment for every label.

use std::ops::Range;

use isolang::Language;

use super::parts::{LabelHead, LanguageModel};
use super::scores::{ScoredWindow, Scores};
use super::{Model, Scratch, name};
use crate::classify::feature_counts::{Feature, FeatureCounts};
use crate::classify::features::{self, FeatureGroup, Workspace, scope};
use crate::classify::language;
use crate::classify::site::{CorrectedLabel, Correction};
use crate::classify::table::Weights;
use crate::classify::token;
use crate::classify::{Input, LABEL_LANES, Label, window, words};

impl Model {
    /// Scores a comment for every label that has a head in the comment's language.
    pub fn score(&self, input: &Input) -> Scores {
        self.score_for(input, None)
    }

    /// Scores a comment, and applies a site's correction if one is given. A correction applies in any language, even if the
    /// model does not support it.
    pub fn score_for(&self, input: &Input, correction: Option<&Correction>) -> Scores {
        Scratch::with_thread_local(|scratch| CommentScorer { model: self, correction, scratch }.score_comment(input, None))
    }

    /// Scores a comment as if its language were English. This measures the English heads on text in other languages.
    pub fn score_as_english(&self, input: &Input) -> Scores {
        Scratch::with_thread_local(|scratch| {
            CommentScorer { model: self, correction: None, scratch }.score_comment(input, Some(Language::Eng))
        })
    }
}

/// Scores one comment.
struct CommentScorer<'a> {
    model: &'a Model,
    correction: Option<&'a Correction>,
    scratch: &'a mut Scratch,
}

impl CommentScorer<'_> {
    /// Scores the windows of a comment and its author's name. The language is detected if `language` is `None`.
    fn score_comment(mut self, input: &Input, language: Option<Language>) -> Scores {
        let mut windows = window::select_windows(self.model, input.text).into_iter();
        let mut scores = self.score_part(input, &windows.next().unwrap_or_default(), language);
        for at in windows {
            scores.merge_worst(&self.score_part(input, &at, language));
        }
        self.score_name(input, &mut scores);
        scores
    }

    /// Scores the part of a comment in a byte range.
    fn score_part(&mut self, input: &Input, at: &Range<usize>, language: Option<Language>) -> Scores {
        let quoted = window::quoted_in_window(input.quoted, at);
        self.score_window(&window::window_input(input, at, &quoted), at.start, language)
    }

    /// Scores the author's name for abuse as if it were a comment, if it has a hostile word, and merges the scores.
    fn score_name(&mut self, input: &Input, scores: &mut Scores) {
        let name = name::name_as_input(input);
        let Some(words) = words::for_language(scores.language).filter(|_| !name.text.is_empty()) else { return };
        let Scratch { workspace: Workspace { text, tokens, .. }, .. } = &mut *self.scratch;
        text.normalize(name.text);
        tokens.tokenize(text);
        if !tokens.tokens.iter().any(|token| scope::is_hostile(words, token.hash)) {
            return;
        }
        self.correction = None;
        let name_scores = self.score_window(&name, 0, Some(scores.language)).into_name_scores();
        scores.merge_worst(&name_scores);
    }

    /// Scores a window. `begin` is its byte offset in the comment.
    fn score_window(&mut self, input: &Input, begin: usize, language: Option<Language>) -> Scores {
        let Scratch { workspace: work, tally, .. } = &mut *self.scratch;
        features::read(input, work);
        let language = language.unwrap_or_else(|| self.model.detect(input, work));
        let links = work.tokens.tokens.iter().filter(|token| token.kind == token::TokenKind::Link).count();
        let window = ScoredWindow { begin, end: begin + input.text.len(), language, is_author_name: false };
        let mut scores = Scores::new(window, links);
        let is_supported = self.model.supports(language);
        if is_supported || self.correction.is_some() {
            tally.reset(input.text.len());
            let style = features::extract(input, language, work, tally);
            if is_supported {
                scores.style = style;
                self.model.add_scores(tally, &mut scores);
            }
        }
        if let Some(correction) = self.correction {
            let base = CorrectedLabel::ALL.map(|kind| scores.logit(kind.label()));
            scores.corrected = Some(correction.logits(tally, &tally.norm_factors(self.model.norms()), base));
        }
        scores
    }
}

impl Model {
    /// Detects the language of the comment in the workspace.
    fn detect(&self, input: &Input, work: &Workspace) -> Language {
        // Fallback heads support every language, so they do not make one more likely.
        let was_trained_on = |language_model: &LanguageModel, language| {
            language_model.language == language
                || language_model.heads.iter().any(|head| head.extra_languages.contains(&language))
        };
        let is_supported =
            |language| self.language_models().iter().any(|language_model| was_trained_on(language_model, language));
        language::detect::detect(work.text.as_str(), &work.tokens, input.language, self.vocabulary(), is_supported)
    }

    /// Adds the logits of all heads that score the language.
    fn add_scores(&self, tally: &FeatureCounts, scores: &mut Scores) {
        for language_model in self.language_models() {
            let is_chosen = |head: &&LabelHead| {
                self.head(head.label, scores.language).is_some_and(|(chosen, _)| std::ptr::eq(chosen, language_model))
            };
            if !language_model.heads.iter().any(|head| is_chosen(&head)) {
                continue;
            }
            let sums = self.weight_sums(language_model, tally);
            let factors = tally.norm_factors(self.norms());
            for head in language_model.heads.iter().filter(is_chosen) {
                let lane = head.label.lane();
                let used = sums.iter().zip(factors).enumerate().filter(|(group, _)| head.uses_group(*group));
                let sum: f32 = used.map(|(_, (sum, factor))| sum[lane] * factor).sum();
                scores.logits[lane] = head.calibration.apply(head.bias + head.scale * sum);
            }
        }
    }

    /// Returns the sums of the weights of a language model, by group and lane, before the groups are normalised.
    fn weight_sums(&self, language_model: &LanguageModel, tally: &FeatureCounts) -> [[f32; LABEL_LANES]; FeatureGroup::COUNT] {
        let mut sums = [[0.0f32; LABEL_LANES]; FeatureGroup::COUNT];
        for feature in tally.features() {
            if let Some(weights) = self.feature_weights(language_model, feature) {
                add_weights(&mut sums[feature.group as usize], weights, feature);
            }
        }
        sums
    }
}

/// Adds the weights of a feature. Positive contributions are multiplied by the feature's counted share; negative ones are
/// added in full.
fn add_weights(sum: &mut [f32; LABEL_LANES], weights: &Weights, feature: &Feature) {
    let (value, counted) = (feature.value(), feature.counted_share());
    if counted.abuse < 1.0 || counted.spam < 1.0 {
        for (lane, (sum, &weight)) in sum.iter_mut().zip(weights).enumerate() {
            let contribution = value * f32::from(weight);
            let share = if lane == Label::Spam.lane() { counted.spam } else { counted.abuse };
            *sum += if contribution > 0.0 { contribution * share } else { contribution };
        }
        return;
    }
    for (sum, &weight) in sum.iter_mut().zip(weights) {
        *sum += value * f32::from(weight);
    }
}
