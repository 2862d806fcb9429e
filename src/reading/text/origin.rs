//! Mapping from a normal form to the original text.

use std::ops::Range;

/// Returns the range of the original that a range of the normal form came from. Both ends are character boundaries of the
/// original; a character that became several is covered whole.
///
/// `offset` returns for each byte of the normal form where its character begins in the original, and for `end`, one past the
/// last byte, where the original ends.
pub fn source_span(part: Range<usize>, end: usize, offset: impl Fn(usize) -> usize) -> Range<usize> {
    let start = offset(part.start.min(end));
    let mut after = part.end.min(end);
    while after < end && offset(after) <= offset(after.saturating_sub(1)) {
        after += 1;
    }
    start..offset(after).max(start)
}
