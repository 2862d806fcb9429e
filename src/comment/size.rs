//! Maximum lengths of the fields of a comment, and truncation.

/// Maximum length of a body, in bytes, not counting white space at its end.
pub const MAX_BODY: usize = 65_536;

/// Maximum length of the text of a post or of a parent comment, in bytes. A longer one is truncated rather than refused, so
/// that a long article does not prevent comments.
pub const MAX_CONTEXT: usize = 65_536;

/// Maximum length of an id, in bytes.
pub const MAX_ID: usize = 256;

/// Maximum length of a site name, in bytes.
pub const MAX_SITE: usize = 128;

/// Maximum length of a name and of an e-mail address, in bytes.
pub const MAX_NAME: usize = 1_024;

/// Maximum length of a title and of a URL, in bytes.
pub const MAX_TITLE_OR_URL: usize = 4_096;

/// Returns the beginning of a text: at most `max` bytes, ending at a character boundary.
pub fn truncated(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Truncates a text to at most `max` bytes, at a character boundary.
pub fn truncate(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}
