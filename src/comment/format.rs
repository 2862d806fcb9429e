//! The format of a comment's body.

/// The format of a comment's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text without markup.
    Plain,
    /// HTML.
    Html,
    /// CommonMark.
    Markdown,
}
