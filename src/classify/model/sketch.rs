//! Reads comments for what a site learns.

use super::{Model, Scores, Scratch};
use crate::classify::Input;
use crate::classify::features;
use crate::classify::site::{Kind, Sketch};

impl Model {
    /// What learning needs of a comment.
    pub fn sketch(&self, input: &Input) -> Sketch {
        self.sketch_scored(input, &self.score(input))
    }

    /// The same of one that was scored.
    pub fn sketch_scored(&self, input: &Input, scores: &Scores) -> Sketch {
        let mut scratch = Scratch::default();
        let Scratch { work, tally, .. } = &mut scratch;
        features::read(input, work);
        tally.start(input.text.len());
        // Also where the base does not speak the language: the site's moderators do.
        features::extract(input, scores.language, work, tally);
        Sketch::new(tally, &tally.factors(self.norms()), Kind::ALL.map(|kind| scores.logit(kind.label())))
    }
}
