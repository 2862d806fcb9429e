//! The hot path: a comment's score for every label.

use std::ops::Range;

use isolang::Language;

use super::parts::{Head, Voice};
use super::scores::{Scores, Window};
use super::{Model, Scratch, name};
use crate::classify::features::{self, Group, Workspace, scope};
use crate::classify::language;
use crate::classify::site::{Correction, Kind};
use crate::classify::table::Weights;
use crate::classify::tally::{Feature, Tally};
use crate::classify::token;
use crate::classify::{Input, LANES, Label, window, words};

impl Model {
    /// Scores a comment for every label that the model knows in the comment's language.
    pub fn score(&self, input: &Input) -> Scores {
        self.score_for(input, None)
    }

    /// The same, and what a site's correction makes of it. It speaks any language that the site's moderators do.
    pub fn score_for(&self, input: &Input, correction: Option<&Correction>) -> Scores {
        Scratch::with_local(|scratch| Scoring { model: self, correction, scratch }.comment(input, None))
    }

    /// Scores a comment that is taken for English, whatever it is written in: for measuring what a head knows by itself.
    pub fn score_as_english(&self, input: &Input) -> Scores {
        Scratch::with_local(|scratch| Scoring { model: self, correction: None, scratch }.comment(input, Some(Language::Eng)))
    }
}

/// What the scoring of one comment needs.
struct Scoring<'a> {
    model: &'a Model,
    correction: Option<&'a Correction>,
    scratch: &'a mut Scratch,
}

impl Scoring<'_> {
    /// Scores a comment, window by window, and its author's name. The language is found if none is given.
    fn comment(mut self, input: &Input, language: Option<Language>) -> Scores {
        let mut parts = window::parts(self.model, input.text).into_iter();
        let mut scores = self.part(input, &parts.next().unwrap_or_default(), language);
        for at in parts {
            scores.worse_of(&self.part(input, &at, language));
        }
        self.name(input, &mut scores);
        scores
    }

    /// Scores a part of a comment.
    fn part(&mut self, input: &Input, at: &Range<usize>, language: Option<Language>) -> Scores {
        let quoted = window::quoted(input.quoted, at);
        self.window(&window::part(input, at, &quoted), at.start, language)
    }

    /// Reads the author's name as the heads for abuse read a comment, if it has a hostile word: a name stands above every text.
    fn name(&mut self, input: &Input, scores: &mut Scores) {
        let name = name::as_comment(input);
        let Some(words) = words::of(scores.language).filter(|_| !name.text.is_empty()) else { return };
        let Scratch { work: Workspace { text, tokens, .. }, .. } = &mut *self.scratch;
        text.normalize(name.text);
        tokens.read(text);
        if !tokens.tokens.iter().any(|token| scope::is_hostile(words, token.hash)) {
            return;
        }
        self.correction = None;
        let of_name = self.window(&name, 0, Some(scores.language)).into_name();
        scores.worse_of(&of_name);
    }

    /// Scores a window that begins at a byte of the comment.
    fn window(&mut self, input: &Input, begin: usize, language: Option<Language>) -> Scores {
        let Scratch { work, tally, .. } = &mut *self.scratch;
        features::read(input, work);
        let language = language.unwrap_or_else(|| self.model.detect(input, work));
        let links = work.tokens.tokens.iter().filter(|token| token.kind == token::Kind::Link).count();
        let window = Window { begin, end: begin + input.text.len(), language, of_name: false };
        let mut scores = Scores::new(window, links);
        let speaks = self.model.speaks(language);
        if speaks || self.correction.is_some() {
            tally.start(input.text.len());
            let manner = features::extract(input, language, work, tally);
            if speaks {
                scores.manner = manner;
                self.model.add_scores(tally, &mut scores);
            }
        }
        if let Some(correction) = self.correction {
            let base = Kind::ALL.map(|kind| scores.logit(kind.label()));
            scores.corrected = Some(correction.logits(tally, &tally.factors(self.model.norms()), base));
        }
        scores
    }
}

impl Model {
    /// Finds the language of a comment that was read.
    fn detect(&self, input: &Input, work: &Workspace) -> Language {
        // What speaks everywhere makes no language likelier.
        let of_its_own = |voice: &Voice, language| {
            voice.language == language || voice.heads.iter().any(|head| head.also.contains(&language))
        };
        let spoken = |language| self.voices().iter().any(|voice| of_its_own(voice, language));
        language::detect::detect(work.text.as_str(), &work.tokens, input.language, self.vocabulary(), spoken)
    }

    /// Adds the scores of all heads that speak the language.
    fn add_scores(&self, tally: &Tally, scores: &mut Scores) {
        for voice in self.voices() {
            let speaks =
                |head: &&Head| self.head(head.label, scores.language).is_some_and(|(chosen, _)| std::ptr::eq(chosen, voice));
            if !voice.heads.iter().any(|head| speaks(&head)) {
                continue;
            }
            let sums = self.sums(voice, tally);
            let factors = tally.factors(self.norms());
            for head in voice.heads.iter().filter(speaks) {
                let lane = head.label.lane();
                let counted = sums.iter().zip(factors).enumerate().filter(|(group, _)| head.counts(*group));
                let sum: f32 = counted.map(|(_, (sum, factor))| sum[lane] * factor).sum();
                scores.logits[lane] = head.calibration.apply(head.bias + head.scale * sum);
            }
        }
    }

    /// Returns the sums of a voice's weights, by group and lane, before the groups are brought to their norms.
    fn sums(&self, voice: &Voice, tally: &Tally) -> [[f32; LANES]; Group::COUNT] {
        let mut sums = [[0.0f32; LANES]; Group::COUNT];
        for feature in tally.features() {
            if let Some(weights) = self.weights(voice, feature) {
                add(&mut sums[feature.group as usize], weights, feature);
            }
        }
        sums
    }
}

/// Adds the weights of a feature: less of what speaks for a label if only a part of its use counts, all of what speaks against it.
fn add(sum: &mut [f32; LANES], weights: &Weights, feature: &Feature) {
    let (value, counted) = (feature.value(), feature.counted());
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
