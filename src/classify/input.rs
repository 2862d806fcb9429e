//! The input of the classifier: a comment as plain text, its author and its post.

use std::ops::Range;

/// A comment with its context, as the classifier reads it. Every field except `text` may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The comment as plain text. A long text is scored in windows, and each label gets its highest score.
    pub text: &'a str,
    /// The author of the comment. `None` if the host did not send one.
    pub author: Option<Author<'a>>,
    /// The title of the post that is commented on.
    pub post_title: &'a str,
    /// The post's text, or its beginning. Words of the post count less as evidence for a label.
    pub post_text: &'a str,
    /// The parts of the text that are marked as quotations, such as HTML's `blockquote`.
    pub quoted: &'a [Range<usize>],
    /// The text of the parent comment. It is used only to recognise quotations, which count less. In the training data the
    /// presence of a parent identifies the source of a row, so no feature is derived from it.
    pub parent_text: &'a str,
    /// The BCP 47 tag of the language that the host declares.
    pub language: &'a str,
}

/// The author of a comment, as the classifier reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Author<'a> {
    /// The name the author gave.
    pub name: &'a str,
    /// The web address the author gave: `None` if the host did not send one, empty if the author left it empty.
    pub url: Option<&'a str>,
    /// The e-mail address the author gave. Only its domain is used.
    pub email: &'a str,
}
