//! Where the parts of a normal form came from.

use std::ops::Range;

/// Returns the part of the original that a part of the normal form came from. Both ends are character boundaries there; a
/// character that became several is covered whole.
///
/// `offset` tells for each byte of the normal form where its character begins in the original, and for `end`, which is one
/// past the last, where the original ends.
pub fn source_span(part: Range<usize>, end: usize, offset: impl Fn(usize) -> usize) -> Range<usize> {
    let start = offset(part.start.min(end));
    let mut after = part.end.min(end);
    while after < end && offset(after) <= offset(after.saturating_sub(1)) {
        after += 1;
    }
    start..offset(after).max(start)
}
