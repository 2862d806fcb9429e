//! The hot path: a comment's score for every label.

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
    /// Scores a comment for every label that the model knows in the comment's language.
    pub fn score(&self, input: &Input) -> Scores {
        self.score_for(input, None)
    }

    /// The same, and what a site's correction makes of it. It speaks any language that the site's moderators do.
    pub fn score_for(&self, input: &Input, correction: Option<&Correction>) -> Scores {
        Scratch::with_thread_local(|scratch| CommentScorer { model: self, correction, scratch }.score_comment(input, None))
    }

    /// Scores a comment that is taken for English, whatever it is written in: for measuring what a head knows by itself.
    pub fn score_as_english(&self, input: &Input) -> Scores {
        Scratch::with_thread_local(|scratch| {
            CommentScorer { model: self, correction: None, scratch }.score_comment(input, Some(Language::Eng))
        })
    }
}

/// What the scoring of one comment needs.
struct CommentScorer<'a> {
    model: &'a Model,
    correction: Option<&'a Correction>,
    scratch: &'a mut Scratch,
}

impl CommentScorer<'_> {
    /// Scores a comment, window by window, and its author's name. The language is found if none is given.
    fn score_comment(mut self, input: &Input, language: Option<Language>) -> Scores {
        let mut parts = window::select_windows(self.model, input.text).into_iter();
        let mut scores = self.score_part(input, &parts.next().unwrap_or_default(), language);
        for at in parts {
            scores.merge_worst(&self.score_part(input, &at, language));
        }
        self.score_name(input, &mut scores);
        scores
    }

    /// Scores a part of a comment.
    fn score_part(&mut self, input: &Input, at: &Range<usize>, language: Option<Language>) -> Scores {
        let quoted = window::quoted_in_window(input.quoted, at);
        self.score_window(&window::window_input(input, at, &quoted), at.start, language)
    }

    /// Reads the author's name as the heads for abuse read a comment, if it has a hostile word: a name stands above every text.
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
        let of_name = self.score_window(&name, 0, Some(scores.language)).into_name_scores();
        scores.merge_worst(&of_name);
    }

    /// Scores a window that begins at a byte of the comment.
    fn score_window(&mut self, input: &Input, begin: usize, language: Option<Language>) -> Scores {
        let Scratch { workspace: work, tally, .. } = &mut *self.scratch;
        features::read(input, work);
        let language = language.unwrap_or_else(|| self.model.detect(input, work));
        let links = work.tokens.tokens.iter().filter(|token| token.kind == token::TokenKind::Link).count();
        let window = ScoredWindow { begin, end: begin + input.text.len(), language, is_author_name: false };
        let mut scores = Scores::new(window, links);
        let speaks = self.model.supports(language);
        if speaks || self.correction.is_some() {
            tally.reset(input.text.len());
            let manner = features::extract(input, language, work, tally);
            if speaks {
                scores.style = manner;
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
    /// Finds the language of a comment that was read.
    fn detect(&self, input: &Input, work: &Workspace) -> Language {
        // What speaks everywhere makes no language likelier.
        let of_its_own = |voice: &LanguageModel, language| {
            voice.language == language || voice.heads.iter().any(|head| head.extra_languages.contains(&language))
        };
        let spoken = |language| self.language_models().iter().any(|voice| of_its_own(voice, language));
        language::detect::detect(work.text.as_str(), &work.tokens, input.language, self.vocabulary(), spoken)
    }

    /// Adds the scores of all heads that speak the language.
    fn add_scores(&self, tally: &FeatureCounts, scores: &mut Scores) {
        for voice in self.language_models() {
            let speaks = |head: &&LabelHead| {
                self.head(head.label, scores.language).is_some_and(|(chosen, _)| std::ptr::eq(chosen, voice))
            };
            if !voice.heads.iter().any(|head| speaks(&head)) {
                continue;
            }
            let sums = self.weight_sums(voice, tally);
            let factors = tally.norm_factors(self.norms());
            for head in voice.heads.iter().filter(speaks) {
                let lane = head.label.lane();
                let counted = sums.iter().zip(factors).enumerate().filter(|(group, _)| head.uses_group(*group));
                let sum: f32 = counted.map(|(_, (sum, factor))| sum[lane] * factor).sum();
                scores.logits[lane] = head.calibration.apply(head.bias + head.scale * sum);
            }
        }
    }

    /// Returns the sums of a voice's weights, by group and lane, before the groups are brought to their norms.
    fn weight_sums(&self, voice: &LanguageModel, tally: &FeatureCounts) -> [[f32; LABEL_LANES]; FeatureGroup::COUNT] {
        let mut sums = [[0.0f32; LABEL_LANES]; FeatureGroup::COUNT];
        for feature in tally.features() {
            if let Some(weights) = self.feature_weights(voice, feature) {
                add_weights(&mut sums[feature.group as usize], weights, feature);
            }
        }
        sums
    }
}

/// Adds the weights of a feature: less of what speaks for a label if only a part of its use counts, all of what speaks against it.
fn add_weights(sum: &mut [f32; LABEL_LANES], weights: &Weights, feature: &Feature) {
    let (value, counted) = (feature.value(), feature.counted_share());
    if counted.abuse < 1.0 || counted.spam < 1.0 {
        for (lane, (sum, &weight)) in sum.iter_mut().zip(weights).enumerate() {
            let adds = value * f32::from(weight);
            let part = if lane == Label::Spam.lane() { counted.spam } else { counted.abuse };
            *sum += if adds > 0.0 { adds * part } else { adds };
        }
        return;
    }
    for (sum, &weight) in sum.iter_mut().zip(weights) {
        *sum += value * f32::from(weight);
    }
}
