//! Computes the feature vectors of comments, for what a site learns.

use super::{Model, Scores, Scratch};
use crate::classify::Input;
use crate::classify::features;
use crate::classify::site::{CorrectedLabel, FeatureVector};

impl Model {
    /// Returns the feature vector of a comment.
    pub fn feature_vector(&self, input: &Input) -> FeatureVector {
        self.feature_vector_scored(input, &self.score(input))
    }

    /// Returns the feature vector of a comment that is already scored.
    pub fn feature_vector_scored(&self, input: &Input, scores: &Scores) -> FeatureVector {
        let mut scratch = Scratch::default();
        let Scratch { workspace: work, tally, .. } = &mut scratch;
        features::read(input, work);
        tally.reset(input.text.len());
        // Extracted even if the base model does not support the language, since a site can learn any language.
        features::extract(input, scores.language, work, tally);
        FeatureVector::new(tally, &tally.norm_factors(self.norms()), CorrectedLabel::ALL.map(|kind| scores.logit(kind.label())))
    }
}
