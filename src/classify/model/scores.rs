//! What scoring says of a comment.

use isolang::Language;

use crate::classify::calibrate::probability;
use crate::classify::features::style::StyleSignals;
use crate::classify::language;
use crate::classify::site::CorrectedLabel;
use crate::classify::{LABEL_LANES, Label};

/// The scores of one comment.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    /// Calibrated logits; not a number where the model has no head.
    pub(super) logits: [f32; LABEL_LANES],
    /// The part of the text that each of them is of.
    pub(super) windows: [ScoredWindow; LABEL_LANES],
    /// By [`CorrectedLabel`]; `None`: no correction was asked.
    pub(super) corrected: Option<[f32; 2]>,
    /// How many links were seen.
    pub(super) links: usize,
    /// The language that it was taken for.
    pub(super) language: Language,
    /// What was seen that no score counts.
    pub(super) style: StyleSignals,
}

/// A part of a text that was scored by itself.
#[derive(Debug, Clone, Copy)]
pub struct ScoredWindow {
    /// Where it stands in the comment's text.
    pub begin: usize,
    pub end: usize,
    /// The language that it was taken for.
    pub language: Language,
    /// It is of the author's name and not of the text.
    pub is_author_name: bool,
}

impl Scores {
    /// Returns the scores of a window in which nothing was scored yet.
    pub(super) fn new(window: ScoredWindow, links: usize) -> Scores {
        Scores {
            logits: [f32::NAN; LABEL_LANES],
            windows: [window; LABEL_LANES],
            corrected: None,
            links,
            language: window.language,
            style: StyleSignals::default(),
        }
    }

    /// Makes them scores of the author's name: it says nothing of spam, and has no links.
    pub(super) fn into_name_scores(mut self) -> Scores {
        self.logits[Label::Spam.lane()] = f32::NAN;
        self.windows.iter_mut().for_each(|window| window.is_author_name = true);
        self.links = 0;
        self
    }

    /// Takes over, label by label, what another part of the same comment scores worse.
    pub(super) fn merge_worst(&mut self, other: &Scores) {
        for (lane, logit) in other.logits.iter().enumerate() {
            // Whatever is a number is worse than what is not.
            if *logit > self.logits[lane] || self.logits[lane].is_nan() && !logit.is_nan() {
                (self.logits[lane], self.windows[lane]) = (*logit, other.windows[lane]);
            }
        }
        if let (Some(ours), Some(others)) = (&mut self.corrected, other.corrected) {
            for (ours, other) in ours.iter_mut().zip(others) {
                *ours = ours.max(other);
            }
        }
        self.links += other.links;
    }

    /// Returns the BCP 47 tag of the language that the text was taken for.
    pub fn language_tag(&self) -> &'static str {
        language::tag(self.language)
    }

    /// The calibrated probability of a label, `0..=1`; `None` when the model does not know it in this language.
    pub fn get(&self, label: Label) -> Option<f32> {
        self.logit(label).map(probability)
    }

    /// The calibrated log-odds of a label; `None` when the model does not know it in this language.
    pub fn logit(&self, label: Label) -> Option<f32> {
        Some(self.logits[label.lane()]).filter(|logit| !logit.is_nan())
    }

    /// What the site's correction makes of it; `None` when none was asked.
    pub fn corrected(&self, kind: CorrectedLabel) -> Option<f32> {
        self.corrected.map(|corrected| corrected[kind as usize])
    }

    /// Every trained label with its probability.
    pub fn iter(&self) -> impl Iterator<Item = (Label, f32)> {
        Label::ALL.into_iter().filter_map(|label| Some((label, self.get(label)?)))
    }

    /// The English name of the comment's language, as far as it was recognised.
    pub fn language_name(&self) -> &'static str {
        language::english_name(self.language)
    }

    /// Returns the comment's language, as far as it was recognised.
    pub fn language(&self) -> Language {
        self.language
    }

    /// What was seen that no score counts; nothing in a language that the model does not speak.
    pub fn style(&self) -> StyleSignals {
        self.style
    }

    /// How many links were seen in the text.
    pub fn links(&self) -> usize {
        self.links
    }
}
