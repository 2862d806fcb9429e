//! How long the fields of a comment may be, and how texts are cut to it.

/// Longest body, in bytes, after white space at both ends is left out.
pub const MAX_BODY: usize = 65_536;

/// How much of a post's or parent's text is looked at, in bytes. Longer ones are cut, not refused:
/// a long article must not cost a blog its comments.
pub const MAX_CONTEXT: usize = 65_536;

/// Longest id, in bytes.
pub const MAX_ID: usize = 256;

/// Longest site, in bytes.
pub const MAX_SITE: usize = 128;

/// Longest name, and longest e-mail address, in bytes.
pub const MAX_NAME: usize = 1_024;

/// Longest title, and longest URL, in bytes.
pub const MAX_TITLE_OR_URL: usize = 4_096;

/// Returns the beginning of a text, at most `most` bytes of it.
pub fn truncated(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Cuts a text to at most `most` bytes.
pub fn truncate(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}
