//! How the body of a comment is written.

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Nothing in it is markup.
    Plain,
    /// HTML.
    Html,
    /// CommonMark.
    Markdown,
}
