//! Limits for the texts that accompany a comment.

/// The maximum length of post titles, post texts, parent texts and addresses, in bytes. Longer ones are truncated.
pub const MAX_SIDE_TEXT_BYTES: usize = 2_000;
/// The maximum length of the author's name and host, in bytes. Longer ones are truncated.
pub const MAX_AUTHOR_NAME_BYTES: usize = 120;

/// Returns the longest prefix of at most `max_bytes` bytes that ends on a character boundary.
pub fn truncate_str(source: &str, max_bytes: usize) -> &str {
    &source[..source.floor_char_boundary(max_bytes)]
}
