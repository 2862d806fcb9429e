//! The explanation of a score.

use std::ops::Range;

use crate::classify::Label;

/// The explanation of a comment's score for one label.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The label that is explained.
    pub label: Label,
    /// The calibrated logit, or negative infinity if the model has no head for the label.
    pub logit: f32,
    /// The contributions that moved the logit most, in either direction, strongest first.
    pub contributions: Vec<Contribution>,
    /// The sum of the bias and all unlisted contributions. Together with the listed ones it adds up to the logit.
    pub unlisted: f32,
}

/// The contribution of one piece of evidence to a logit.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// The description for people, such as `the word “casino”`.
    pub description: String,
    /// The byte range in the comment's text, on character boundaries. `None` if the evidence has no place in the text.
    pub span: Option<Range<usize>>,
    /// The part of the calibrated logit. A positive weight is evidence for the label.
    pub weight: f32,
    /// Whether the evidence comes from the author's name and not from the text.
    pub is_author_name: bool,
}
