//! The scores of a comment.

use isolang::Language;

use crate::classify::calibrate::probability;
use crate::classify::features::style::StyleSignals;
use crate::classify::language;
use crate::classify::site::CorrectedLabel;
use crate::classify::{LABEL_LANES, Label};

/// The scores of one comment.
#[derive(Debug, Clone, Copy)]
pub struct Scores {
    /// The calibrated logits, by lane; NaN if the model has no head for the label.
    pub(super) logits: [f32; LABEL_LANES],
    /// The window that each logit comes from, by lane.
    pub(super) windows: [ScoredWindow; LABEL_LANES],
    /// The logits of a site's correction, by [`CorrectedLabel`]. `None` if no correction was applied.
    pub(super) corrected: Option<[f32; 2]>,
    /// The number of links in the scored windows.
    pub(super) links: usize,
    /// The detected language of the first window.
    pub(super) language: Language,
    /// The style signals of the first window. They do not affect the scores.
    pub(super) style: StyleSignals,
}

/// A part of a comment's text that is scored separately.
#[derive(Debug, Clone, Copy)]
pub struct ScoredWindow {
    /// The byte offset of its start in the comment's text.
    pub begin: usize,
    /// The byte offset of its end in the comment's text.
    pub end: usize,
    /// The detected language.
    pub language: Language,
    /// Whether the window is the author's name and not part of the text.
    pub is_author_name: bool,
}

impl Scores {
    /// Creates the scores of a window, without any logit.
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

    /// Converts the scores of a name read as a comment: discards the score for spam and the links, and marks the windows.
    pub(super) fn into_name_scores(mut self) -> Scores {
        self.logits[Label::Spam.lane()] = f32::NAN;
        self.windows.iter_mut().for_each(|window| window.is_author_name = true);
        self.links = 0;
        self
    }

    /// Merges the scores of another window of the same comment: each label keeps the higher logit.
    pub(super) fn merge_worst(&mut self, other: &Scores) {
        for (lane, logit) in other.logits.iter().enumerate() {
            // A number replaces NaN.
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

    /// Returns the BCP 47 tag of the detected language.
    pub fn language_tag(&self) -> &'static str {
        language::tag(self.language)
    }

    /// Returns the calibrated probability of a label, `0..=1`. Returns `None` if the model has no head for the label in this
    /// language.
    pub fn get(&self, label: Label) -> Option<f32> {
        self.logit(label).map(probability)
    }

    /// Returns the calibrated logit of a label. Returns `None` if the model has no head for the label in this language.
    pub fn logit(&self, label: Label) -> Option<f32> {
        Some(self.logits[label.lane()]).filter(|logit| !logit.is_nan())
    }

    /// Returns the logit of the site's correction for a label. Returns `None` if no correction was applied.
    pub fn corrected(&self, kind: CorrectedLabel) -> Option<f32> {
        self.corrected.map(|corrected| corrected[kind as usize])
    }

    /// Returns an iterator over the scored labels and their probabilities.
    pub fn iter(&self) -> impl Iterator<Item = (Label, f32)> {
        Label::ALL.into_iter().filter_map(|label| Some((label, self.get(label)?)))
    }

    /// Returns the English name of the detected language.
    pub fn language_name(&self) -> &'static str {
        language::english_name(self.language)
    }

    /// Returns the detected language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Returns the style signals. They are empty if the model does not support the language.
    pub fn style(&self) -> StyleSignals {
        self.style
    }

    /// Returns the number of links in the scored windows of the text.
    pub fn links(&self) -> usize {
        self.links
    }
}
