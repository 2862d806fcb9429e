//! How much is read of the texts beside a comment.

/// Longer titles, names and addresses are cut; of the post only the beginning is compared.
pub const MAX_SIDE_TEXT_BYTES: usize = 2_000;
/// Longer names and hosts of authors are not read to their end.
pub const MAX_AUTHOR_NAME_BYTES: usize = 120;

/// Returns the text up to the character boundary before this byte.
pub fn truncate_str(source: &str, most: usize) -> &str {
    &source[..source.floor_char_boundary(most)]
}
