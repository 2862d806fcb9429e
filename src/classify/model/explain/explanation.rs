//! What explaining says.

use std::ops::Range;

use crate::classify::Label;

/// Why a comment got its score for one label.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The label that is explained.
    pub label: Label,
    /// The calibrated logit; minus infinity when the model has no such head.
    pub logit: f32,
    /// What moved the logit most, strongest first, for or against.
    pub contributions: Vec<Contribution>,
    /// The bias and everything not listed. Contributions and rest add up to the logit.
    pub unlisted: f32,
}

/// One piece of evidence.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// In human words: `the word “casino”`.
    pub description: String,
    /// Where it stands: bytes of the comment's text, on character boundaries. None for what is nowhere in particular.
    pub span: Option<Range<usize>>,
    /// Its share of the calibrated logit; positive speaks for the label.
    pub weight: f32,
    /// Whether it is said of the author's name and not of the text.
    pub is_author_name: bool,
}
