//! Text that is turned around by direction marks.

/// Has what follows be shown from right to left, up to the next override or another end.
pub const RIGHT_TO_LEFT_OVERRIDE: char = '\u{202E}';

/// Returns the part of a text that an override in front of it applies to: up to the next override, which goes on by itself, or
/// one of `ends`.
pub fn override_run<'t>(text: &'t str, ends: &[char]) -> &'t str {
    let end = text.find(|c| c == RIGHT_TO_LEFT_OVERRIDE || ends.contains(&c));
    &text[..end.unwrap_or(text.len())]
}
