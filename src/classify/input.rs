//! What the classifier is given: a comment as plain text, its author and its post.

use std::ops::Range;

/// What the classifier looks at. Everything but `text` may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The comment as plain text. A long one is scored in windows, of which the worst counts for each label.
    pub text: &'a str,
    /// Who wrote it. `None` if the host did not say.
    pub author: Option<Author<'a>>,
    /// The title of the post that is commented on.
    pub post_title: &'a str,
    /// The post's text, or its beginning. Words that the post uses count little against the comment.
    pub post_text: &'a str,
    /// The parts of the text that are marked as quotations, such as HTML's `blockquote`.
    pub quoted: &'a [Range<usize>],
    /// The comment that is answered: what is quoted from it is not what the comment says. As far as the training data goes,
    /// having a parent only says which source a row is from, so that nothing else is made of it.
    pub parent_text: &'a str,
    /// BCP 47 tag of the language, as far as the host knows it.
    pub language: &'a str,
}

/// The author of a comment as the classifier sees it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Author<'a> {
    /// The name the author gave.
    pub name: &'a str,
    /// The web address the author gave: `None` if the host did not send one, empty if the author left it empty.
    pub url: Option<&'a str>,
    /// The e-mail address the author gave. Only its domain is looked at.
    pub email: &'a str,
}
